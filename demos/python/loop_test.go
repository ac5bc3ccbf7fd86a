//go:build linux

package python

import (
	"slices"
	"strings"
	"testing"

	"edu/procession/demos/board"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

// A thread is on stage as one of main's, with the kernel's states, and a coroutine
// that computes is told to hold its event loop. 0.1 s of CPU time is twice what is
// told, and more on the clock.
func TestThreadAndLoop(t *testing.T) {
	have(t)
	got := stagetest.Play(t, Demo{}, options(file(t, `import asyncio, threading, time

async def inside():
    began = time.thread_time()
    while time.thread_time() - began < 0.1:
        pass

t = threading.Thread(target=time.sleep, args=(0.5,), name="waiter")
t.start()
asyncio.run(inside())
t.join()
`)))
	b := got.Board
	if v := b.Verdict; got.Err != nil || v == nil || !v.OK {
		t.Fatalf("the run: %v, %+v", got.Err, v)
	}
	p, main := b.Proc("waiter"), b.Proc("main")
	if p == nil || p.PID != main.PID || p.TID == 0 || p.TID == p.PID {
		t.Errorf("waiter %+v, main %+v", p, main)
	} else if !slices.ContainsFunc(p.States, func(s board.StateMark) bool { return s.State == trace.Asleep }) {
		t.Errorf("waiter was never asleep: %+v", p.States)
	}
	if !slices.ContainsFunc(b.Lines, func(l board.Line) bool {
		return l.Who == "main" && strings.HasPrefix(l.Text, "held its event loop for ")
	}) {
		t.Error("nobody was told to hold an event loop")
	}
}
