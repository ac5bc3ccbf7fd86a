//go:build linux

package silent

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

func TestMain(m *testing.M) { stagetest.Main(m, Demo{}) }

// A watcher with this patience suspects nobody only because the machine is busy:
// at Fast it is one second.
var patient = map[string]string{"patience": "10s", "delay": "10s"}

func act(t *testing.T, run demo.Run, name string, target trace.ID) {
	t.Helper()
	if err := run.Act(name, target); err != nil {
		t.Fatal(err)
	}
}

func attended(t *testing.T) demo.Run {
	t.Helper()
	run := stagetest.Start(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: 1, Attended: true, Params: patient})
	stagetest.Until(t, run, "all answer", func(b *board.Board) bool {
		return b.Belief(watcher, "b") == "answers" && b.Belief(watcher, "c") == "answers" && b.Belief(watcher, "d") == "answers"
	})
	return run
}

func end(t *testing.T, run demo.Run) stagetest.Result {
	t.Helper()
	run.Finish()
	got := stagetest.End(t, run)
	if v := got.Board.Verdict; got.Err != nil || v == nil || !v.OK {
		t.Errorf("the run: %v, %+v", got.Err, v)
	}
	return got
}

// believes waits until the watcher's belief of a peer, or one that it had, begins so.
func believes(t *testing.T, run demo.Run, of trace.ID, text string) *board.Board {
	t.Helper()
	return stagetest.Until(t, run, string(of)+": "+text, func(b *board.Board) bool { return strings.HasPrefix(b.Belief(watcher, of), text) })
}

// suspected waits until the watcher suspects a peer, or has done so.
func suspected(t *testing.T, run demo.Run, of trace.ID) *board.Board {
	t.Helper()
	return stagetest.Until(t, run, string(of)+" is suspected", func(b *board.Board) bool { return strings.HasSuffix(b.Belief(watcher, of), ": suspected") })
}

// Unattended: three causes are suspected and forgiven, a kill is told, a kill
// behind a cut is not. Nobody says "dead".
func TestScript(t *testing.T) {
	got := stagetest.Play(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: 1, Params: map[string]string{"patience": "3s", "delay": "3s"}})
	b := got.Board
	if v := b.Verdict; got.Err != nil || v == nil || !v.OK {
		t.Fatalf("the run: %v, %+v", got.Err, v)
	}
	t.Logf("took %v: %s", b.At, b.Verdict.Text)
	for _, g := range (Demo{}).Info().Gauges {
		if v, ok := b.Gauge(g.Name); !ok || v.Value <= 0 {
			t.Errorf("%s: %+v", g.Name, v)
		}
	}
	if s, _ := b.Gauge("suspicions"); s.Value < 4 {
		t.Errorf("%v suspicions", s.Value)
	}
	closed, silentOf := 0, map[trace.ID]bool{}
	for _, e := range got.Events {
		switch d := e.Data.(type) {
		case trace.Belief:
			if strings.Contains(d.Is, "dead") {
				t.Errorf("%s says %q of %s", e.Who, d.Is, d.About)
			}
			if strings.HasPrefix(d.Is, "its kernel closed") {
				closed++
				if d.About != "b" {
					t.Errorf("the end of %s was told", d.About)
				}
			}
			if strings.HasSuffix(d.Is, ": suspected") {
				silentOf[d.About] = true
			}
		case trace.Say:
			if e.Source == trace.Kernel && strings.Contains(d.Text, "connection to c") && !strings.HasSuffix(d.Text, "ESTABLISHED") {
				t.Errorf("the kernel, of what nobody had closed: %s", d.Text)
			}
		}
	}
	if closed != 1 || len(silentOf) != 3 {
		t.Errorf("%d ends, silence of %v", closed, silentOf)
	}
}

// While a peer is stopped, the watcher's connection to it is ESTABLISHED, by the
// tables of its process and not by ours, and a new one is taken.
func TestStopped(t *testing.T) {
	run := attended(t)
	act(t, run, "stop", "b")
	stagetest.Until(t, run, "b is stopped", func(b *board.Board) bool { p := b.Proc("b"); return p != nil && p.State == trace.Stopped })
	b := suspected(t, run, "b")
	if got := stagetest.State(b.Proc("b").PID); got != 'T' {
		t.Errorf("/proc says %c", got)
	}
	if got := established(t, b.Proc(watcher).PID); got != 3 {
		t.Errorf("the watcher has %d connections, not 3", got)
	}
	act(t, run, connect, "b")
	stagetest.Until(t, run, "a new connection", func(b *board.Board) bool { g, ok := b.Gauge("connect"); return ok && g.Value > 0 })
	act(t, run, "cont", "b")
	stagetest.Until(t, run, "b answers after it was silent", func(b *board.Board) bool {
		return strings.Contains(b.Belief(watcher, "b"), "answers") && b.Proc("b").State != trace.Stopped && len(b.Proc("b").States) > 2
	})
	end(t, run)
}

// established counts the TCP connections of a process in that state.
func established(t *testing.T, pid int) (n int) {
	t.Helper()
	inodes := map[string]bool{}
	fds, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, fd := range fds {
		if to, _ := os.Readlink(fd); strings.HasPrefix(to, "socket:[") {
			inodes[strings.Trim(to, "socket:[]")] = true
		}
	}
	table, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/tcp", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(table)) {
		if w := strings.Fields(line); len(w) > 9 && inodes[w[9]] && w[3] == "01" {
			n++
		}
	}
	return n
}

// Behind a cut link a death is silence, as that of a machine without power. The
// end of the connection comes when the link is healed.
func TestPowerCut(t *testing.T) {
	run := attended(t)
	act(t, run, cut, "c")
	suspected(t, run, "c") // so the cut holds
	act(t, run, "kill", "c")
	b := stagetest.Until(t, run, "c has ended, and is suspected", func(b *board.Board) bool {
		p := b.Proc("c")
		return p != nil && p.Ended > 0 && strings.HasSuffix(b.Belief(watcher, "c"), ": suspected")
	})
	if !b.Linked(watcher, "b") {
		t.Error("another link is cut, too")
	}
	for _, l := range b.Lines {
		if l.Source == trace.Kernel && strings.Contains(l.Text, "connection to c") && !strings.HasSuffix(l.Text, "ESTABLISHED") {
			t.Errorf("the kernel says %s", l.Text)
		}
	}
	act(t, run, heal, "c")
	believes(t, run, "c", "its kernel closed the connection")
	end(t, run)
}

// A slow peer is suspected, and answers again without having done anything.
func TestSlow(t *testing.T) {
	run := attended(t)
	act(t, run, sooner, "") // half a second
	act(t, run, slow, "d")
	suspected(t, run, "d")
	act(t, run, heal, "d")
	believes(t, run, "d", "answers again")
	got := end(t, run)
	if g, _ := got.Board.Gauge("false-alarms"); g.Value < 1 {
		t.Error("no false alarm")
	}
}

// The kernel's table is read as it is written.
func TestStateIn(t *testing.T) {
	const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0300007F:9E11 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:9E11 0300007F:96FB 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 20 4 0 10 -1
   2: 0100007F:9E12 0300007F:96FB 08 00000000:00000000 00:00000000 00000000     0        0 3 1 0 20 4 0 10 -1
`
	if got := stateIn(table, "127.0.0.1:40465", "127.0.0.4:38651"); got != "not there any more" {
		t.Errorf("a connection to somebody else, from the same port: %q", got)
	}
	for local, want := range map[string]string{
		"127.0.0.1:40465": "ESTABLISHED", "127.0.0.1:40466": "CLOSE_WAIT", "127.0.0.3:40465": "not there any more",
		"127.0.0.1:1": "not there any more", "nonsense": "", "[::1]:40465": "",
	} {
		if got := stateIn(table, local, "127.0.0.3:38651"); got != want {
			t.Errorf("%s: %q, not %q", local, got, want)
		}
	}
}

// A program that is killed leaves none of its nodes, stopped ones included.
func TestNothingSurvives(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 2 {
		stagetest.KillHost(t, "silent-peer", 5, rnd)
	}
}
