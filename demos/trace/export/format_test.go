package export_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The two checkers know the formats as they are published and nothing of the
// exporters: the Trace Event Format of Chrome, and what ShiViz's parser refuses.

// checkChrome returns what is wrong with Chrome trace JSON, and how many events
// of each phase it has.
func checkChrome(text []byte) (phases map[string]int, err error) {
	var file struct {
		TraceEvents     []map[string]any `json:"traceEvents"`
		DisplayTimeUnit string           `json:"displayTimeUnit"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, err
	}
	if file.DisplayTimeUnit != "ms" && file.DisplayTimeUnit != "ns" {
		return nil, fmt.Errorf("displayTimeUnit %q", file.DisplayTimeUnit)
	}
	type slice struct{ from, to float64 }
	type flow struct {
		key string
		ts  float64
	}
	phases = map[string]int{}
	slices_ := map[string][]slice{} // by track
	last := map[string]float64{}
	named := map[string]bool{}
	ends := map[string][2][]flow{} // by cat, name and id
	binds := map[string][]float64{}
	for i, e := range file.TraceEvents {
		bad := func(format string, args ...any) (map[string]int, error) {
			b, _ := json.Marshal(e)
			return nil, fmt.Errorf("event %d %s: %s", i, b, fmt.Sprintf(format, args...))
		}
		for _, f := range []string{"ts", "pid", "tid"} {
			if n, ok := e[f].(float64); !ok || n < 0 {
				return bad("no number %s", f)
			}
		}
		for _, f := range []string{"ph", "name", "cat"} {
			if _, ok := e[f].(string); !ok {
				return bad("no text %s", f)
			}
		}
		ph, ts := e["ph"].(string), e["ts"].(float64)
		track := fmt.Sprint(e["pid"], "/", e["tid"])
		args, _ := e["args"].(map[string]any)
		phases[ph]++
		if ph != "M" && !named[fmt.Sprint(e["pid"])] {
			return bad("its process has no name")
		}
		if ph != "M" {
			if ts < last[track] {
				return bad("time runs back on track %s", track)
			}
			last[track] = ts
		}
		switch ph {
		case "M":
			if name, ok := args["name"].(string); e["name"] == "process_name" && ok && name != "" {
				named[fmt.Sprint(e["pid"])] = true
			}
		case "X":
			dur, ok := e["dur"].(float64)
			if !ok || dur < 0 {
				return bad("no dur")
			}
			slices_[track] = append(slices_[track], slice{ts, ts + dur})
		case "C":
			if len(args) == 0 {
				return bad("no numbers")
			}
			for k, v := range args {
				if _, ok := v.(float64); !ok {
					return bad("%s is no number", k)
				}
			}
		case "i":
			if s, _ := e["s"].(string); s != "g" && s != "p" && s != "t" {
				return bad("scope %q", s)
			}
		case "s", "f":
			if _, ok := e["id"].(float64); !ok {
				return bad("no numeric id")
			}
			if ph == "f" && e["bp"] != "e" {
				return bad("it does not bind to the slice around it")
			}
			key := fmt.Sprint(e["cat"], "|", e["name"], "|", e["id"])
			two := ends[key]
			n := map[string]int{"s": 0, "f": 1}[ph]
			two[n] = append(two[n], flow{key, ts})
			ends[key] = two
			binds[track] = append(binds[track], ts)
		default:
			return bad("a phase that nobody knows")
		}
	}
	for track, all := range slices_ {
		slices.SortStableFunc(all, func(x, y slice) int {
			if x.from != y.from {
				return int(x.from - y.from)
			}
			return int(y.to - x.to)
		})
		var open []slice
		for _, s := range all {
			for len(open) > 0 && open[len(open)-1].to <= s.from {
				open = open[:len(open)-1]
			}
			if len(open) > 0 && s.to > open[len(open)-1].to {
				return nil, fmt.Errorf("on track %s %v does not nest in %v", track, s, open[len(open)-1])
			}
			open = append(open, s)
		}
	}
	for key, two := range ends {
		if len(two[0]) != 1 || len(two[1]) != 1 {
			return nil, fmt.Errorf("flow %s has %d beginnings and %d ends", key, len(two[0]), len(two[1]))
		}
		if two[0][0].ts > two[1][0].ts {
			return nil, fmt.Errorf("flow %s runs back in time", key)
		}
	}
	for track, at := range binds {
		for _, ts := range at {
			around := 0
			for _, s := range slices_[track] {
				if s.from <= ts && ts < s.to {
					around++
				}
			}
			if around != 1 {
				return nil, fmt.Errorf("at %v on track %s a flow is in %d slices", ts, track, around)
			}
		}
	}
	return phases, nil
}

// checkShiViz returns what is wrong with a log for ShiViz, and how many events
// it has: what its parser, its VectorTimestamp and its ModelGraph throw for.
func checkShiViz(text string) (n int, err error) {
	head := strings.SplitN(text, "\n", 3)
	if len(head) < 3 || head[1] != "" {
		return 0, fmt.Errorf("it begins %.80q", text)
	}
	for _, group := range []string{"(?<event>", "(?<host>", "(?<clock>"} {
		if strings.Count(head[0], group) != 1 {
			return 0, fmt.Errorf("the parser %s has no %s", head[0], group)
		}
	}
	re, err := regexp.Compile("(?m)^" + strings.ReplaceAll(head[0], "{.*}", `\{.*\}`) + "$")
	if err != nil {
		return 0, err
	}
	type event struct {
		host  string
		clock map[string]int
	}
	var events []event
	of := map[string][]event{}
	for _, m := range re.FindAllStringSubmatch(head[2], -1) {
		e := event{host: m[re.SubexpIndex("host")]}
		if err := json.Unmarshal([]byte(m[re.SubexpIndex("clock")]), &e.clock); err != nil {
			return 0, fmt.Errorf("%q: %w", m[0], err)
		}
		if _, ok := e.clock[e.host]; !ok || e.host == "" {
			return 0, fmt.Errorf("%q: its own host is not in its clock", m[0])
		}
		events = append(events, e)
		of[e.host] = append(of[e.host], e)
	}
	if lines := strings.Count(head[2], "\n"); len(events) == 0 || lines != 2*len(events) {
		return 0, fmt.Errorf("%d events are found in %d lines", len(events), lines)
	}
	for host, all := range of {
		for i, e := range all { // as written: ShiViz would sort them
			if e.clock[host] != i+1 {
				return 0, fmt.Errorf("event %d of %s has the clock %v", i+1, host, e.clock)
			}
		}
	}
	for _, e := range events {
		for host, n := range e.clock {
			if n < 1 || n > len(of[host]) {
				return 0, fmt.Errorf("%s knows of event %d of %s, which has %d", e.host, n, host, len(of[host]))
			}
		}
	}
	return len(events), nil
}
