package tally

import (
	"edu/procession/demos/trace"
	"edu/procession/lessons/progress"
	"edu/procession/lessons/table"
)

// Figures is a run as the course's table takes it, as far as it has got.
func Figures(log *trace.Recorder) table.Run {
	h := log.Header()
	r := table.Run{Demo: h.Demo, Place: h.Place, Seed: h.Seed, When: h.Started, Gauges: map[string]progress.Gauge{}}
	keeper := map[trace.ID]bool{}
	over := false
	for _, e := range log.Events(0) {
		switch d := e.Data.(type) {
		case trace.Start:
			keeper[e.Who] = d.Role == "warden" || d.Role == "host"
		case trace.Exit:
			r.Killed = r.Killed || d.Signal == "KILL" && !over && !keeper[e.Who]
		case trace.Gauge:
			if !d.Paced {
				r.Gauges[d.Name] = progress.Gauge{Value: d.Value, Unit: d.Unit}
			}
		case trace.Solved:
			r.Gauges[d.Puzzle] = progress.Gauge{Value: float64(d.N)}
		case trace.StepWait:
			r.Step = true
		case trace.Verdict:
			over = true
		}
	}
	return r
}
