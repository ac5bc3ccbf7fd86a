package queue

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/internal/pipes"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

func TestMain(m *testing.M) { stagetest.Main(m, Demo{}, grabby{}) }

// fast is a run at fast pace with these settings.
func fast(seed uint64, params map[string]string) demo.Options {
	return demo.Options{Pace: demo.Fast, Seed: seed, Params: params}
}

// with is a run with a learner at the keys, of the queue alone.
func with(seed uint64, params map[string]string) demo.Options {
	o := fast(seed, map[string]string{"acts": "queue"})
	maps.Copy(o.Params, params)
	o.Attended = true
	return o
}

func good(t *testing.T, got stagetest.Result) {
	t.Helper()
	if got.Err != nil {
		t.Fatal(got.Err)
	}
	if v := got.Board.Verdict; v == nil || !v.OK {
		t.Fatalf("the verdict: %+v", v)
	}
	seen := map[string]trace.ID{}
	for _, e := range got.Events {
		switch d := e.Data.(type) {
		case trace.Item:
			if d.Is != trace.KindGet {
				continue
			}
			if by, twice := seen[d.Item]; twice {
				t.Errorf("item %s was got by %s and by %s", d.Item, by, e.Who)
			}
			seen[d.Item] = e.Who
		case trace.Depth:
			if d.Depth > d.Cap || d.Depth < 0 {
				t.Errorf("%s held %d of %d", d.Queue, d.Depth, d.Cap)
			}
			if runtime.GOOS == "linux" && e.Source != trace.Kernel {
				t.Errorf("the depth of %s is %v's word", d.Queue, e.Source)
			}
		}
	}
}

func gauge(t *testing.T, b *board.Board, name string) float64 {
	t.Helper()
	g, ok := b.Gauge(name)
	if !ok {
		t.Errorf("no gauge %s", name)
	}
	return g.Value
}

func act(t *testing.T, run demo.Run, name string, target trace.ID) {
	t.Helper()
	if err := run.Act(name, target); err != nil {
		t.Fatal(err)
	}
}

// gets waits until so many items were got.
func gets(t *testing.T, run demo.Run, n int) *board.Board {
	t.Helper()
	return stagetest.Until(t, run, fmt.Sprint(n, " items got"), func(b *board.Board) bool {
		q := b.Queue(theQueue)
		return q != nil && q.Gets >= n
	})
}

func dead(b *board.Board, id trace.ID) bool { p := b.Proc(id); return p != nil && p.Ended > 0 }

func says(b *board.Board, id trace.ID, what string) bool {
	p := b.Proc(id)
	return p != nil && p.Says == what
}

func end(t *testing.T, run demo.Run) stagetest.Result {
	t.Helper()
	run.Finish()
	got := stagetest.End(t, run)
	good(t, got)
	return got
}

// The whole play, unattended: every item once, the depth bounded, every gauge.
func TestPlay(t *testing.T) {
	got := stagetest.Play(t, Demo{}, fast(1, nil))
	good(t, got)
	for _, g := range (Demo{}).Info().Gauges {
		v := gauge(t, got.Board, g.Name)
		if v <= 0 && !strings.HasPrefix(g.Name, "blocked") && g.Name != "lost" && g.Name != "empty-lied" {
			t.Errorf("%s is %v", g.Name, v)
		}
	}
	if gauge(t, got.Board, "lost") != 0 {
		t.Error("something was lost, and nobody was killed")
	}
	q := got.Board.Queue(theQueue)
	if q.Puts == 0 || q.Puts != q.Gets || got.Board.Counts[board.TaskDone] != q.Gets || len(q.Items) > 0 {
		t.Errorf("put %d, got %d, done %d, shown in the end %v", q.Puts, q.Gets, got.Board.Counts[board.TaskDone], q.Items)
	}
	p, err := newPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	if size, told := pipes.Capacity(p.r); told && gauge(t, got.Board, "pipe-capacity") != float64(size) {
		t.Errorf("a pipe held %v bytes, F_GETPIPE_SZ says %d", gauge(t, got.Board, "pipe-capacity"), size)
	}
	for _, pr := range got.Board.Procs {
		if pr.Exit.Code != 0 || pr.Exit.Signal != "" {
			t.Errorf("%s ended with %s", pr.ID, pr.Exit)
		}
	}
}

// Consumers and producers are killed at random moments: the others go on, nothing
// is torn or doubled, and every item is accounted for.
func TestKilledAtRandom(t *testing.T) {
	for seed := range uint64(30) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 7))
			run := stagetest.Start(t, Demo{}, with(seed, map[string]string{
				"producers": "3", "consumers": "5", "size": fmt.Sprint(1 + r.IntN(6)),
				"put-every": fmt.Sprint(10+r.IntN(40), "ms"), "get-every": fmt.Sprint(10+r.IntN(60), "ms"),
			}))
			stagetest.Until(t, run, "all are on stage", func(b *board.Board) bool { return b.Proc("producer-3") != nil && b.Proc("consumer-5") != nil })
			b := gets(t, run, 3)
			victims := []trace.ID{"consumer-1", "consumer-2", "consumer-3", "consumer-4"}
			r.Shuffle(len(victims), func(i, j int) { victims[i], victims[j] = victims[j], victims[i] })
			victims = victims[:1+r.IntN(len(victims))]
			if r.IntN(2) == 0 {
				victims = append(victims, "producer-1")
			}
			for _, v := range victims {
				at := b.Pos + r.IntN(60)
				stagetest.Until(t, run, "a random moment", func(b *board.Board) bool { return b.Pos >= at })
				act(t, run, "kill", v)
				b = stagetest.Until(t, run, "dead", func(b *board.Board) bool { return dead(b, v) })
			}
			gets(t, run, b.Queue(theQueue).Gets+20) // nobody is wedged
			got := end(t, run)
			// Who is killed may have been through with an item and not yet have told the log.
			lost, q := int(gauge(t, got.Board, "lost")), got.Board.Queue(theQueue)
			if done := got.Board.Counts[board.TaskDone]; lost > len(victims)+q.Cap || done+lost+len(victims) < q.Gets {
				t.Errorf("got %d, done %d, lost %d, killed %v", q.Gets, done, lost, victims)
			}
		})
	}
}

// Many at once, without a pause: frames stay whole.
func TestHammered(t *testing.T) {
	run := stagetest.Start(t, Demo{}, with(5, map[string]string{
		"producers": "4", "consumers": "6", "size": "64", "put-every": "0s", "get-every": "0s"}))
	gets(t, run, 3000)
	end(t, run)
}

// grabby is the demo with consumers that die with a slot in their hands, all but
// the last: each takes an item, and neither gives the slot back nor says a word.
type grabby struct{ Demo }

func (grabby) Info() demo.Info {
	i := Demo{}.Info()
	i.Name = "grabby"
	return i
}

func (grabby) Roles() map[string]demo.Role {
	roles := Demo{}.Roles()
	roles["consumer"] = func(ctx context.Context, w *demo.Worker) error {
		if w.Name() == "consumer-3" {
			return consumer(ctx, w)
		}
		var f frame
		w.File(0).Read(f[:])
		return demo.ExitCode(9)
	}
	return roles
}

func TestSlotsDieWithTheirHolder(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the kernel does not tell who is at rest")
	}
	run := stagetest.Start(t, grabby{}, with(2, map[string]string{"size": "2", "put-every": "50ms", "get-every": "50ms"}))
	b := gets(t, run, 12) // both slots of the queue died, and it goes on
	var back bool
	for _, l := range b.Lines {
		back = back || strings.Contains(l.Text, "put back")
	}
	if !back {
		t.Error("nobody put the slots back")
	}
	if got := end(t, run); gauge(t, got.Board, "lost") != 2 {
		t.Errorf("lost: %v", gauge(t, got.Board, "lost"))
	}
}

func TestUnfedDieWithTheProducer(t *testing.T) {
	run := stagetest.Start(t, Demo{}, with(3, map[string]string{"size": "3", "put-every": "10ms", "get-every": "10ms", "feed-delay": "5s"}))
	stagetest.Until(t, run, "producer-1 has put", func(b *board.Board) bool {
		for _, l := range run.Log().Events(0)[:b.Pos] {
			if d, ok := l.Data.(trace.Item); ok && d.Is == trace.KindPut && l.Who == "producer-1" {
				return true
			}
		}
		return false
	})
	act(t, run, "kill", "producer-1")
	b := stagetest.Until(t, run, "dead", func(b *board.Board) bool { return dead(b, "producer-1") })
	gets(t, run, b.Queue(theQueue).Gets+5)
	got := end(t, run)
	if lost := gauge(t, got.Board, "lost"); lost < 1 || int(lost) != got.Board.Counts[board.TaskLost] {
		t.Errorf("lost: %v, shown: %d", lost, got.Board.Counts[board.TaskLost])
	}
}

func TestFullQueueBlocks(t *testing.T) {
	run := stagetest.Start(t, Demo{}, with(4, map[string]string{"size": "5", "put-every": "10ms"}))
	gets(t, run, 1)
	act(t, run, "pause", "")
	b := stagetest.Until(t, run, "both producers blocked", func(b *board.Board) bool {
		for _, id := range []trace.ID{"producer-1", "producer-2"} {
			if p := b.Proc(id); !says(b, id, "put queue") || p.State != trace.Asleep || p.On != "pipe read" && runtime.GOOS == "linux" {
				return false
			}
		}
		return says(b, "consumer-1", "paused") && says(b, "consumer-2", "paused") && says(b, "consumer-3", "paused") && b.Queue(theQueue).Depth == 5
	})
	if runtime.GOOS == "linux" {
		for _, id := range []trace.ID{"producer-1", "producer-2"} {
			if pid := b.Proc(id).PID; stagetest.State(pid) != 'S' || pipes.SleepsIn(pid) != "pipe read" {
				t.Errorf("%s: /proc says %c, %q", id, stagetest.State(pid), pipes.SleepsIn(pid))
			}
		}
	}
	act(t, run, "pause", "")
	pos := gets(t, run, b.Queue(theQueue).Gets+10).Pos
	act(t, run, "pause", "consumer-2")
	stagetest.Until(t, run, "consumer-2 pauses", func(b *board.Board) bool { return b.Pos > pos && says(b, "consumer-2", "paused") })
	if got := end(t, run); gauge(t, got.Board, "depth-max") != 5 || gauge(t, got.Board, "blocked-put") == 0 {
		t.Error("a full queue blocked nobody")
	}
}

func TestEventReleasesAll(t *testing.T) {
	o := fast(6, nil)
	o.Attended = true
	run := stagetest.Start(t, Demo{}, o)
	for round := range 2 {
		var ids []trace.ID
		for i := range waiters {
			ids = append(ids, trace.ID(fmt.Sprintf("waiter-%d", round*waiters+i+1)))
		}
		all := func(what string, ok func(*board.Proc) bool) *board.Board {
			t.Helper()
			return stagetest.Until(t, run, what, func(b *board.Board) bool {
				for _, id := range ids {
					if p := b.Proc(id); p == nil || !ok(p) {
						return false
					}
				}
				return true
			})
		}
		b := all("all wait", func(p *board.Proc) bool {
			return p.Says == "event" && p.State == trace.Asleep && (p.On == "pipe read" || runtime.GOOS != "linux")
		})
		for _, l := range b.Lines {
			if l.Who == ids[0] && strings.HasPrefix(l.Text, "awake") {
				t.Error("one woke before the event")
			}
		}
		act(t, run, "event", "")
		all("all awake", func(p *board.Proc) bool { return p.Ended > 0 && p.Exit.Code == 0 && p.Exit.Signal == "" })
		stagetest.Until(t, run, "the release is measured", func(b *board.Board) bool {
			g, ok := b.Gauge("event-release")
			return ok && g.Value > 0 && g.Note == "3 waiters"
		})
	}
	end(t, run)
}

func TestConsumersComeAndGo(t *testing.T) {
	run := stagetest.Start(t, Demo{}, with(7, map[string]string{"consumers": "1"}))
	gets(t, run, 1)
	act(t, run, "add", "")
	stagetest.Until(t, run, "consumer-2 has done something", func(b *board.Board) bool {
		p := b.Proc("consumer-2")
		return p != nil && p.TaskDone > 0
	})
	for range 2 {
		act(t, run, "remove", "")
	}
	b := stagetest.Until(t, run, "both have left", func(b *board.Board) bool {
		return dead(b, "consumer-1") && dead(b, "consumer-2")
	})
	if x := b.Proc("consumer-1").Exit; x.Code != 0 {
		t.Errorf("consumer-1: %+v", x)
	}
	stagetest.Until(t, run, "the queue is full", func(b *board.Board) bool {
		return dead(b, "consumer-1") && dead(b, "consumer-2") && b.Queue(theQueue).Depth == 8
	})
	if got := end(t, run); !strings.Contains(got.Board.Verdict.Text, "8 left in the queue") {
		t.Errorf("nobody took what was left, and the verdict is %q", got.Board.Verdict.Text)
	}
}

// Whoever is killed in the other acts, the play comes to its end.
func TestOtherActsSurvive(t *testing.T) {
	for _, id := range []trace.ID{"writer-1", "reader-1", "waiter-2", "asker", "sink", "source"} {
		t.Run(string(id), func(t *testing.T) {
			t.Parallel()
			run := stagetest.Start(t, Demo{}, fast(8, nil))
			stagetest.Until(t, run, string(id), func(b *board.Board) bool { return b.Proc(id) != nil })
			run.Act("kill", id) // it may be through already
			good(t, stagetest.End(t, run))
		})
	}
}

// Whoever is stopped or paused when the play ends is let go on.
func TestEndsWithStoppedWorkers(t *testing.T) {
	run := stagetest.Start(t, Demo{}, with(9, nil))
	stagetest.Until(t, run, "all are on stage", func(b *board.Board) bool { return b.Proc("consumer-3") != nil })
	gets(t, run, 3)
	act(t, run, "pause", "consumer-1")
	act(t, run, "stop", "consumer-2")
	act(t, run, "stop", "producer-1")
	stagetest.Until(t, run, "they are", func(b *board.Board) bool {
		x, y := b.Proc("consumer-2"), b.Proc("producer-1")
		return x != nil && x.State == trace.Stopped && y != nil && y.State == trace.Stopped
	})
	got := end(t, run)
	if gauge(t, got.Board, "lost") != 0 {
		t.Error("something was lost, and nobody was killed")
	}
}
