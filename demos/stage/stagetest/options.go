package stagetest

import "edu/procession/demos/demo"

// Options are those of a fast run from seed 1, with settings in pairs: a name and
// its value.
func Options(set ...string) demo.Options {
	o := demo.Options{Pace: demo.Fast, Seed: 1, Params: map[string]string{}}
	for i := 0; i < len(set); i += 2 {
		o.Params[set[i]] = set[i+1]
	}
	return o
}

// Scheduled is Options of a run in step mode, with its moves. A text that is no
// schedule gives none.
func Scheduled(text string, set ...string) demo.Options {
	o := Options(set...)
	o.Step = true
	o.Schedule, _ = demo.ParseSchedule(text)
	return o
}
