package pool

import (
	"testing"

	"edu/procession/demos/demo"
	"edu/procession/demos/stage/stagetest"
)

func TestMain(m *testing.M) { stagetest.Main(m, Demo{}) }

func TestTry(t *testing.T) {
	got := stagetest.Play(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: 1})
	for _, e := range got.Events {
		t.Logf("%8.1fms %v %v %v %+v", float64(e.At)/1e6, e.Source, e.Who, e.Kind, e.Data)
	}
	t.Log(got.Err)
	got = stagetest.Play(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: 1, Params: map[string]string{"tasks": "10000", "work": "0"}})
	for _, g := range got.Board.Gauges {
		t.Logf("%+v", g)
	}
}
