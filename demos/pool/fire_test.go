package pool

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

// Thirty runs in which workers are killed while they compute, wait or write, with
// whatever workers, tasks, chunks and windows the seed says: every task ends as
// exactly one of done, failed or lost; with retry none is lost, and all results
// are those of a loop, in order.
func TestUnderFire(t *testing.T) {
	for seed := range uint64(30) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			underFire(t, seed)
		})
	}
}

func underFire(t *testing.T, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 5))
	pick := func(of ...string) string { return of[rnd.IntN(len(of))] }
	retry := seed%2 == 0
	n := 50 + rnd.IntN(400)
	bad := rnd.IntN(n)
	kills := 1 + rnd.IntN(maxAttempts-1) // a task is handed out once more than that
	o := fast(seed,
		"workers", strconv.Itoa(1+rnd.IntN(5)), "tasks", strconv.Itoa(n), "work", pick("0", "50µs", "1ms", "2ms"),
		"kind", pick("cpu", "wait"), "chunk", pick("1", "1", "3", "40"), "window", pick("auto", "1", "7"),
		"poison", strconv.Itoa(bad), "retry", strconv.FormatBool(retry))
	when := map[int]bool{} // a kill after so many ends of tasks
	for len(when) < kills {
		when[rnd.IntN(n*2/3)] = true
	}

	killed := 0
	got := stagetest.Play(t, scene{play: func(ctx context.Context, p *play) error {
		ended, shots := 0, make(chan struct{}, kills)
		fact := p.pool.hooks.task
		p.pool.mu.Lock()
		p.pool.hooks.task = func(who trace.ID, f trace.Task) { // with the pool locked
			fact(who, f)
			if f.Is == trace.KindTaskDone || f.Is == trace.KindTaskFail {
				if ended++; when[ended] {
					shots <- struct{}{}
				}
			}
		}
		p.pool.mu.Unlock()
		r := p.pool.mapTasks(n, maxWorkers, bad)
		for {
			select {
			case <-shots:
				p.pool.mu.Lock()
				if ms := p.pool.members; len(ms) > 0 {
					ms[rnd.IntN(len(ms))].kill() // SIGKILL, whatever it does now
					killed++
				}
				p.pool.mu.Unlock()
			case <-ctx.Done():
				return ctx.Err()
			case <-r.over:
				return judge(t, p, r, bad, retry)
			}
		}
	}}, o)
	if got.Err != nil {
		t.Fatal(got.Err)
	}
	b := books(t, got.Events, true)[0]
	if ends := b.counts[trace.KindTaskDone] + b.counts[trace.KindTaskFail] + b.counts[trace.KindTaskLost]; ends != n {
		t.Errorf("%d ends of %d tasks", ends, n)
	}
	dead := 0
	for _, p := range got.Board.Procs {
		if p.Exit.Signal == "KILL" {
			dead++
		} else if p.Ended == 0 || p.Exit.Code != 0 {
			t.Errorf("%s: %+v", p.ID, p.Exit)
		}
	}
	if dead > killed {
		t.Errorf("%d were killed, but %d died of it", killed, dead)
	}
	t.Logf("%v: %d killed, %d dead; %v", o.Params, killed, dead, b.counts)
}

// judge compares the results with those of a loop.
func judge(t *testing.T, p *play, r *run, bad int, retry bool) error {
	for i, o := range r.tasks {
		switch {
		case o.state == lost && retry:
			t.Errorf("task %d was lost after %d attempts", i, o.attempt)
		case o.state == failed && (i != bad || o.text != fmt.Sprintf("bad input %d", i)):
			t.Errorf("task %d failed: %q", i, o.text)
		case o.state == done && (i == bad || o.value != p.value(uint32(i))):
			t.Errorf("task %d has the result %x", i, o.value)
		case o.state == waiting:
			t.Errorf("task %d was forgotten", i)
		}
	}
	return nil
}

// A learner's kills, stops and keys in any order, with nobody to tidy up after
// them: the run comes to its end, and no task is counted twice.
func TestAnyKeys(t *testing.T) {
	for seed := range uint64(4) {
		rnd := rand.New(rand.NewPCG(seed, 6))
		o := fast(seed, "workers", "3", "tasks", "200", "work", "1ms", "chunk", "2")
		for range 25 {
			at := time.Duration(rnd.IntN(500)) * time.Millisecond
			name := []string{"more", "fewer", "poison", "again", "kill", "kill", "stop", "cont"}[rnd.IntN(8)]
			a := demo.Act{Name: name}
			if name == "kill" || name == "stop" || name == "cont" {
				a.Target = trace.ID(fmt.Sprintf("worker-%d", 1+rnd.IntN(6)))
			}
			o.Script = append(o.Script, demo.Scripted{Act: a, At: at})
			if name == "stop" {
				o.Script = append(o.Script, demo.Scripted{Act: demo.Act{Name: "cont", Target: a.Target}, At: at + 50*time.Millisecond})
			}
		}
		good(t, stagetest.Play(t, Demo{}, o))
	}
}
