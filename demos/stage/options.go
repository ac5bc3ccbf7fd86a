package stage

import (
	"fmt"
	"slices"
	"strings"

	"edu/procession/demos/demo"
)

// check fills in defaults and refuses what the demo does not know.
func check(info demo.Info, o *demo.Options) (map[string]string, error) {
	if o.Place == "" {
		o.Place = info.Places[0]
	}
	if !slices.Contains(info.Places, o.Place) {
		return nil, fmt.Errorf("%s does not run with --place %s; it runs with %s", info.Name, o.Place, join(info.Places))
	}
	if o.Place == demo.Threads {
		if err := canThread(); err != nil {
			return nil, err
		}
		if o.Step {
			return nil, fmt.Errorf("steps are for processes: threads run freely, since no one of them can be held")
		}
	}
	if o.Net == demo.Loopback {
		o.Net = ""
	}
	if o.Net == demo.Namespaces {
		if !info.Namespaces || o.Place != demo.Nodes && slices.Contains(info.Places, demo.Nodes) {
			return nil, fmt.Errorf("%s has no nodes in %s that could have network namespaces of their own: leave --net out", info.Name, o.Place)
		}
		if err := canSeparate(); err != nil {
			return nil, err
		}
	}
	if o.Pace == "" {
		o.Pace = demo.Real
	}
	params := map[string]string{}
	var known []string
	for _, p := range info.Params {
		params[p.Name] = p.Default
		known = append(known, p.Name)
	}
	for k, v := range o.Params {
		i := slices.IndexFunc(info.Params, func(p demo.Param) bool { return p.Name == k })
		if i < 0 {
			return nil, fmt.Errorf("%s has no setting %q; it has %s", info.Name, k, strings.Join(known, ", "))
		}
		if c := info.Params[i].Check; c != nil {
			if err := c(v); err != nil {
				return nil, fmt.Errorf("%s=%s: it takes %w", k, v, err)
			}
		}
		params[k] = v
	}
	if o.Step && !info.Stepped() {
		return nil, fmt.Errorf("%s has no steps; its workers run freely", info.Name)
	}
	for _, s := range o.Script {
		if !slices.ContainsFunc(info.Actions, func(a demo.Action) bool { return a.Name == s.Name }) {
			return nil, unknownAction(info, s.Name)
		}
	}
	return params, nil
}

func unknownAction(info demo.Info, name string) error {
	var known []string
	for _, a := range info.Actions {
		known = append(known, a.Name)
	}
	return fmt.Errorf("%s has no action %q; it has %s", info.Name, name, strings.Join(known, ", "))
}

func join[T ~string](s []T) string {
	var out []string
	for _, x := range s {
		out = append(out, string(x))
	}
	return strings.Join(out, ", ")
}
