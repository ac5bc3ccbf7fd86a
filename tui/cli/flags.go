package cli

import (
	"crypto/rand"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"edu/procession/demos/demo"
	"edu/procession/demos/safe"
	"edu/procession/demos/trace"
)

func nearestFlag(cmd *cobra.Command, name string) string {
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, "--"+f.Name) })
	return nearest(name, known)
}

// options are the flags of a command that runs a demo.
type options struct {
	place, pace string
	net         string
	sets, dos   []string
	seed        uint64
	seeded      bool
	nats, creds string
	listen      string
}

func (o *options) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.place, "place", "", "where the workers run: threads, processes or nodes (as far as the demo can)")
	f.StringArrayVar(&o.sets, "set", nil, "a setting of the demo, as `key=value`; may be given again")
	f.StringArrayVar(&o.dos, "do", nil, "an action at a time, as `'ACTION TARGET@TIME'`; may be given again")
	f.Uint64Var(&o.seed, "seed", 0, "the seed of every random choice (else a new one, shown)")
	f.StringVar(&o.pace, "pace", "real", "real, fast or slow")
	cmd.RegisterFlagCompletionFunc("pace", cobra.FixedCompletions([]string{"real", "fast", "slow"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.RegisterFlagCompletionFunc("place", cobra.FixedCompletions([]string{"threads", "processes", "nodes"}, cobra.ShellCompDirectiveNoFileComp))
	f.StringVar(&o.net, "net", "loopback", "what nodes have between them: loopback or namespaces (one for each node, on Linux)")
	cmd.RegisterFlagCompletionFunc("net", cobra.FixedCompletions([]string{"loopback", "namespaces"}, cobra.ShellCompDirectiveNoFileComp))
	f.StringVar(&o.nats, "nats", "", "an existing NATS server, as `URL`, for a demo that has a broker")
	f.StringVar(&o.creds, "nats-creds", "", "a `FILE` with credentials for that server")
	f.StringVar(&o.listen, "listen", "", "where the broker on stage takes workers from elsewhere, as `HOST:PORT`: see procession join")
	cmd.PreRun = func(cmd *cobra.Command, _ []string) { o.seeded = cmd.Flags().Changed("seed") }
}

// parse turns the flags into what a demo is started with.
func (o *options) parse(info demo.Info) (demo.Options, error) {
	out := demo.Options{Place: demo.Place(o.place), Pace: demo.Pace(o.pace), Net: demo.Net(o.net), Seed: o.seed, Params: map[string]string{}}
	if !o.seeded {
		out.Seed = newSeed(0)
	}
	if err := word("place", o.place, "", "threads", "processes", "nodes"); err != nil {
		return out, err
	}
	if err := word("pace", o.pace, "real", "fast", "slow"); err != nil {
		return out, err
	}
	if err := word("net", o.net, "loopback", "namespaces"); err != nil {
		return out, err
	}
	sets := o.sets
	for name, v := range map[string]string{"nats": o.nats, "nats-creds": o.creds, "listen": o.listen} {
		if v == "" {
			continue
		}
		if !slices.ContainsFunc(info.Params, func(p demo.Param) bool { return p.Name == name }) {
			return out, unusable("%s has no broker, so --%s says nothing to it", info.Name, name)
		}
		sets = append(sets, name+"="+v)
	}
	for _, s := range sets {
		k, v, ok := strings.Cut(s, "=")
		if !ok {
			return out, unusable("--set takes key=value, not %q", safe.Line(s, 60))
		}
		var known []string
		found := false
		for _, p := range info.Params {
			known = append(known, p.Name)
			found = found || p.Name == k
		}
		if !found && len(known) == 0 {
			return out, unusable("%s has no settings", info.Name)
		}
		if !found {
			return out, unusable("%s has no setting %q; did you mean %s? It has %s", info.Name, safe.Line(k, 60), nearest(k, known), strings.Join(known, ", "))
		}
		out.Params[k] = v
	}
	for _, d := range o.dos {
		s, err := scripted(info, d)
		if err != nil {
			return out, err
		}
		out.Script = append(out.Script, s)
	}
	return out, nil
}

// newSeed is short enough to be told in class.
func newSeed(int) uint64 {
	var b [8]byte
	rand.Read(b[:])
	return binary.LittleEndian.Uint64(b[:]) % 1_000_000
}

func word(flag, v string, known ...string) error {
	for _, k := range known {
		if v == k {
			return nil
		}
	}
	return unusable("--%s takes %s, not %q; did you mean %s?", flag, strings.Join(clip(known), ", "), safe.Line(v, 60), nearest(v, clip(known)))
}

// clip leaves out the empty word, which stands for a flag that was not given.
func clip(words []string) []string {
	if words[0] == "" {
		return words[1:]
	}
	return words
}

// scripted reads 'ACTION TARGET@TIME'; the target may be left out.
func scripted(info demo.Info, s string) (demo.Scripted, error) {
	what, at, ok := strings.Cut(s, "@")
	d, err := time.ParseDuration(strings.TrimSpace(at))
	if !ok || err != nil || d < 0 {
		return demo.Scripted{}, unusable("--do takes 'ACTION TARGET@TIME', as in 'kill worker-2@300ms', not %q", safe.Line(s, 60))
	}
	words := strings.Fields(what)
	if len(words) == 0 || len(words) > 2 {
		return demo.Scripted{}, unusable("--do takes one action and one target before the @, not %q", safe.Line(what, 60))
	}
	var known []string
	for _, a := range info.Actions {
		known = append(known, a.Name)
	}
	out := demo.Scripted{Act: demo.Act{Name: words[0]}, At: d}
	if len(words) == 2 {
		out.Target = trace.ID(words[1])
	}
	for _, k := range known {
		if k == words[0] {
			return out, nil
		}
	}
	if len(known) == 0 {
		return out, unusable("%s has no actions", info.Name)
	}
	return out, unusable("%s has no action %q; did you mean %s? It has %s", info.Name, safe.Line(words[0], 60), nearest(words[0], known), strings.Join(known, ", "))
}
