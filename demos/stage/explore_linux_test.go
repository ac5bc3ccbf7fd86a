package stage_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"edu/procession/demos/demo"
	"edu/procession/demos/stage"
	"edu/procession/demos/stage/stagetest"
)

// Two workers of three steps each: all twenty schedules, each once, and each
// outcome comes again under the schedule that is told for it.
func TestExploreAll(t *testing.T) {
	o := demo.Options{Pace: demo.Fast, Seed: 1, Params: map[string]string{"rounds": "1"}}
	for seed := range uint64(3) { // more often than once: a stale word of an earlier round would show
		o.Seed = seed
		got, err := demo.Explore(context.Background(), stage.Start, turns{}, o, 100, nil)
		if err != nil || got.Ran != 20 || len(got.Outcomes) != 2 {
			t.Fatalf("seed %d: %v %+v", seed, err, got)
		}
	}
	calls := 0
	got, err := demo.Explore(context.Background(), stage.Start, turns{}, o, 100, func(demo.Exploration) { calls++ })
	if err != nil || got.Ran != 20 || !got.All || len(got.Outcomes) != 2 || calls != 20 {
		t.Fatalf("%v: %+v, told %d times", err, got, calls)
	}
	lost, kept := got.Outcomes[0], got.Outcomes[1]
	if lost.Text != "the number is 1" || lost.Count != 18 || kept.Text != "the number is 2" || kept.Count != 2 {
		t.Errorf("outcomes: %+v", got.Outcomes)
	}
	t.Logf("%.1f schedules/s", float64(got.Ran)/got.Took.Seconds())
	for _, x := range got.Outcomes {
		if again := stagetest.Play(t, turns{}, stepping(x.Schedule.String(), "rounds", "1")); again.Board.Verdict == nil || again.Board.Verdict.Text != x.Text {
			t.Errorf("%s came to %+v, not %s", x.Schedule, again.Board.Verdict, x.Text)
		}
	}
}

// Where there are more schedules than are to be played, those are spread, and a
// beginning can be given.
func TestExploreSome(t *testing.T) {
	o := stepping("A B A", "rounds", "1", "lock", "true")
	got, err := demo.Explore(context.Background(), stage.Start, turns{}, o, 3, nil)
	if err != nil || got.Ran == 0 || len(got.Outcomes) != 1 || got.Outcomes[0].Text != "the number is 2" {
		t.Fatalf("behind a lock: %v %+v", err, got)
	}
	if s := got.Outcomes[0].Schedule; !slices.Equal(s[:3], o.Schedule) {
		t.Errorf("%s does not begin with %s", s, o.Schedule)
	}
	if _, err := demo.Explore(context.Background(), stage.Start, turns{}, stepping("X"), 3, nil); err == nil || !strings.Contains(err.Error(), `no worker "X"`) {
		t.Errorf("a beginning that cannot be: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if got, err := demo.Explore(ctx, stage.Start, turns{}, demo.Options{}, 3, nil); err == nil || got.Ran != 0 {
		t.Errorf("after a cancel: %v %+v", err, got)
	}
}

// BenchmarkExplore plays schedules of two workers with six steps each.
func BenchmarkExplore(b *testing.B) {
	ran, took := 0, 0.0
	for b.Loop() {
		got, err := demo.Explore(context.Background(), stage.Start, turns{}, demo.Options{Pace: demo.Fast, Seed: uint64(ran)}, 50, nil)
		if err != nil {
			b.Fatal(err)
		}
		ran, took = ran+got.Ran, took+got.Took.Seconds()
	}
	b.ReportMetric(float64(ran)/took, "schedules/s")
}
