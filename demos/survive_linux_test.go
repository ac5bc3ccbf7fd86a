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
		for i, place := range d.Info().Places {
			name, times := d.Info().Name, 3
			if i > 0 {
				name, times = name+" place="+string(place), 2
			}
			t.Run(name, func(t *testing.T) {
				most := 0
				for i := 0; i < times || most < 2 && i < 5*times; i++ { // some kills come when only the warden is there
					most = max(most, stagetest.KillHost(t, name, 3, rnd))
				}
				if most < 2 {
					t.Errorf("seed %d: at most %d processes were there to be killed", seed, most)
				}
			})
		}
	}
}
