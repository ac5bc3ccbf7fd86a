package demos_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"edu/procession/demos"
	"edu/procession/demos/stage/stagetest"
)

// Each demo is killed, as a program, at random moments: some of its workers are
// stopped by then, some idle, some busy. With the stage's own test, more than
// fifty kills.
func TestNothingSurvivesAnyDemo(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	rnd := rand.New(rand.NewPCG(seed, 1))
	for _, d := range demos.All {
		t.Run(d.Info().Name, func(t *testing.T) {
			most := 0
			for range 8 {
				most = max(most, stagetest.KillHost(t, d.Info().Name, 3, rnd))
			}
			if most < 2 {
				t.Errorf("seed %d: at most %d processes were there to be killed", seed, most)
			}
		})
	}
}
