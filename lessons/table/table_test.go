package table

import (
	"strings"
	"testing"
	"time"

	"edu/procession/lessons/progress"
)

func gauges(names ...string) map[string]progress.Gauge {
	gs := map[string]progress.Gauge{}
	for i, n := range names {
		gs[n] = progress.Gauge{Value: float64(i + 1), Unit: "ms"}
	}
	return gs
}

// A cell takes its figures from a run that answers it, and keeps them until another
// one does.
func TestNote(t *testing.T) {
	var st progress.State
	has := func(id string) (progress.Measured, bool) {
		t.Helper()
		for _, row := range Rows() {
			for _, c := range row.Cells {
				if c.ID == id {
					return c.In(st)
				}
			}
		}
		t.Fatalf("there is no cell %s", id)
		return progress.Measured{}, false
	}
	pool := Run{Demo: "pool-of-workers", Place: "processes", Seed: 7, When: time.Unix(1, 0), Gauges: gauges("lost", "failed", "executions", "makespan")}
	if Note(&st, pool); len(st.Table) != 0 {
		t.Fatalf("with nobody killed, it answers %v", st.Table)
	}
	pool.Killed = true
	pool.Place = "threads"
	if Note(&st, pool); len(st.Table) != 0 {
		t.Fatalf("threads answer %v", st.Table)
	}
	pool.Place, pool.Step = "processes", true
	if Note(&st, pool); len(st.Table) != 0 {
		t.Fatalf("a stepped run answers %v", st.Table)
	}
	pool.Step = false
	Note(&st, pool)
	m, ok := has("killed-processes")
	if !ok || m.Seed != 7 || m.Demo != "pool-of-workers" || len(m.Gauges) != 3 || m.Gauges["executions"].Value != 3 {
		t.Fatalf("%+v, %v", m, ok)
	}
	if _, ok := has("killed-nodes"); ok {
		t.Error("nodes are answered, too")
	}
	later := pool
	later.Seed, later.Gauges = 8, gauges("lost", "failed")
	Note(&st, later)
	if m, _ := has("killed-processes"); m.Seed != 7 {
		t.Errorf("a run that did not measure all took the place: %+v", m)
	}
	later.Gauges = gauges("failed", "lost", "executions")
	Note(&st, later)
	if m, _ := has("killed-processes"); m.Seed != 8 || m.Gauges["lost"].Value != 2 {
		t.Errorf("the later run has not taken the place: %+v", m)
	}
	if n, all := Measured(st); n != 1 || all != 12 {
		t.Errorf("%d of %d", n, all)
	}
	delete(st.Table["killed-processes"].Gauges, "lost")
	if _, ok := has("killed-processes"); ok {
		t.Error("a cell of another version counts without a figure")
	}
}

// An open cell says which lesson fills it.
func TestMissing(t *testing.T) {
	seen := map[string]bool{}
	for _, row := range Rows() {
		for _, c := range row.Cells {
			if seen[c.ID] || !strings.HasPrefix(c.Missing(), "not measured yet: run "+c.Lesson) {
				t.Errorf("%s, twice: %v: %s", c.ID, seen[c.ID], c.Missing())
			}
			seen[c.ID] = true
		}
	}
}
