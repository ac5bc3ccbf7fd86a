//go:build linux

package call

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/internal/sock"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

func TestMain(m *testing.M) {
	benchCallee()
	stagetest.Main(m, Demo{})
}

// few calls, and a caller that never gives one up: at Fast a timeout of a minute
// is six seconds.
var few = map[string]string{"calls": "300", "timeout": "1m"}

func attended(t *testing.T, params map[string]string) demo.Run {
	t.Helper()
	run := stagetest.Start(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: 1, Attended: true, Params: params})
	for _, l := range ways() {
		says(t, run, "caller", "by "+l.by()+": square(")
	}
	return run
}

func act(t *testing.T, run demo.Run, name string, target trace.ID) {
	t.Helper()
	if err := run.Act(name, target); err != nil {
		t.Fatal(err)
	}
}

// says waits until a line of the log about somebody contains a text.
func says(t *testing.T, run demo.Run, who trace.ID, text string) {
	t.Helper()
	stagetest.Until(t, run, fmt.Sprintf("%s: … %s", who, text), func(b *board.Board) bool { return said(b, who, text) != "" })
}

func said(b *board.Board, who trace.ID, text string) string {
	for _, l := range b.Lines {
		if l.Who == who && strings.Contains(l.Text, text) {
			return l.Text
		}
	}
	return ""
}

// is waits for a process in a state.
func is(t *testing.T, run demo.Run, id trace.ID, s trace.Letter) *board.Proc {
	t.Helper()
	return stagetest.Until(t, run, fmt.Sprintf("%s is %s", id, s), func(b *board.Board) bool {
		p := b.Proc(id)
		return p != nil && p.State == s
	}).Proc(id)
}

func end(t *testing.T, run demo.Run) *board.Board {
	t.Helper()
	run.Finish()
	got := stagetest.End(t, run)
	if v := got.Board.Verdict; got.Err != nil || v == nil || !v.OK {
		t.Errorf("the run: %v, %+v", got.Err, v)
	}
	return got.Board
}

// Unattended, all is measured, one call is left in silence and one is killed at
// each step; what the caller says of these does not tell them apart.
func TestKilledAtEachStep(t *testing.T) {
	for seed := range uint64(2) {
		got := stagetest.Play(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: seed, Params: map[string]string{"calls": "300", "timeout": "10s"}}) // a second: nothing but the stop is to take that long
		b, v := got.Board, got.Board.Verdict
		if got.Err != nil || v == nil || !v.OK {
			t.Fatalf("the run: %v, %+v", got.Err, v)
		}
		t.Logf("took %v: %s", b.At, v.Text)
		for _, g := range (Demo{}).Info().Gauges {
			if m, ok := b.Gauge(g.Name); !ok || m.Value <= 0 || m.Unit != g.Unit {
				t.Errorf("%s: %+v", g.Name, m)
			}
		}
		value := func(name string) float64 { g, _ := b.Gauge(name); return g.Value }
		for _, by := range ways() {
			if m, p99 := value(string(by)), value(string(by)+"-p99"); m <= value("function") || p99 < m {
				t.Errorf("%s: median %v ns, p99 %v ns, a function %v ns", by, m, p99, value("function"))
			}
		}
		if n := value("outcome-unknown"); n != 4 { // silent once, killed at three steps
			t.Errorf("outcome unknown: %v", n)
		}
		var truths, views []string
		for _, l := range b.Lines {
			if _, text, ok := strings.Cut(l.Text, "ledger, call"); ok && l.Source == trace.Stage {
				truths = append(truths, text[strings.Index(text, ": ")+2:])
			}
			if _, text, ok := strings.Cut(l.Text, ": "); ok && strings.HasSuffix(text, "Executed or not? Unknown.") && l.Who == "caller" {
				views = append(views, text)
			}
		}
		slices.Sort(truths)
		if want := []string{got1.truth(), executed.truth(), unread.truth(), works.truth()}; !equal(truths, want) {
			t.Errorf("seed %d: the ledgers: %q", seed, truths)
		}
		if len(views) != 4 || views[1] != views[2] || views[2] != views[3] || !strings.HasPrefix(views[0], "silent") {
			t.Errorf("seed %d: the caller: %q", seed, views)
		}
		if x := b.Proc("caller").Exit; x.Code != 0 || x.Signal != "" {
			t.Errorf("the caller: %+v", x)
		}
		for _, m := range b.Msgs {
			if m.Received == 0 && !m.Dropped {
				t.Errorf("%s is under way for ever", m.ID)
			}
		}
	}
}

const got1 = got // got is what the tests call a result

func equal(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}

// Killed from outside with a call under way: the caller is told at once, logs what
// it saw, and cannot know; the ledger does. Then another callee takes over.
func TestKilledFromOutside(t *testing.T) {
	for _, by := range ways() {
		run := attended(t, few)
		id := by.callee()
		b := board.Of(run.Log().Events(0)).At(math.MaxInt)
		pid := b.Proc(id).PID
		syscall.Kill(pid, syscall.SIGSTOP) // so that a call stays under way
		is(t, run, id, trace.Stopped)
		stagetest.Until(t, run, "a call under way", func(b *board.Board) bool {
			p := b.Proc(id)
			return p != nil && p.State == trace.Stopped && underWay(b, by)
		})
		syscall.Kill(pid, syscall.SIGKILL)
		says(t, run, "caller", "by "+by.by()+": ")
		says(t, run, "caller", "instead of a reply. Executed or not? Unknown.")
		says(t, run, id, "ledger, call")
		if x := is(t, run, id, trace.Dead).Exit; x.Signal != "KILL" {
			t.Errorf("%s: %+v", id, x)
		}
		is(t, run, id+"-2", trace.Asleep)
		from := len(run.Log().Events(0))
		stagetest.Until(t, run, "a reply from the new callee", func(b *board.Board) bool {
			return b.Pos > from && len(b.Msgs) > 0 && slices.ContainsFunc(b.Msgs, func(m board.Msg) bool { return m.From == id+"-2" && m.Received > 0 })
		})
		b = end(t, run)
		if g, _ := b.Gauge("outcome-unknown"); g.Value != 1 {
			t.Errorf("outcome unknown: %v", g.Value)
		}
		t.Log(said(b, "caller", "instead of a reply"), "·", said(b, id, "ledger, call"))
	}
}

// underWay says that the last call by a way has not been answered.
func underWay(b *board.Board, by way) bool {
	call, reply := "", ""
	for _, m := range b.Msgs {
		if id, ok := strings.CutPrefix(m.ID, string(by)+" call "); ok {
			call = id
		} else if id, ok := strings.CutPrefix(m.ID, string(by)+" reply "); ok {
			reply = id
		}
	}
	return call != reply
}

// A stopped callee is silence; its reply comes late, and is checked all the same.
func TestStopped(t *testing.T) {
	run := attended(t, map[string]string{"calls": "100", "timeout": "4s"})
	act(t, run, "stop", "callee-unix")
	p := is(t, run, "callee-unix", trace.Stopped)
	if s := stagetest.State(p.PID); s != 'T' {
		t.Errorf("/proc says %c", s)
	}
	says(t, run, "caller", "by Unix socket: silent for")
	says(t, run, "callee-unix", "so far:")
	act(t, run, "cont", "callee-unix")
	says(t, run, "caller", "by Unix socket: the reply came after all")
	end(t, run)
}

// With the caller dies all that it knew; the callees read end of file and end.
func TestCallerKilled(t *testing.T) {
	run := attended(t, few)
	act(t, run, "kill", "caller")
	got := stagetest.End(t, run)
	if v := got.Board.Verdict; got.Err != nil || v == nil || !v.OK {
		t.Errorf("the run: %v, %+v", got.Err, v)
	}
	for _, by := range ways() {
		// In the middle of a call a callee finds nobody to reply to: that is an error of its own.
		if x := got.Board.Proc(by.callee()).Exit; x.Signal != "" || x.Code > 1 {
			t.Errorf("%s: %+v", by.callee(), x)
		}
	}
}

// What a process waits for is the kernel's word: its role blocks in plain reads.
func TestKernelTellsTheWaits(t *testing.T) {
	run := attended(t, few)
	for id, on := range map[trace.ID]string{"callee-pipe": "pipe read", "callee-unix": "socket read", "callee-tcp": "socket", "caller": "poll"} {
		stagetest.Until(t, run, string(id)+" waits for "+on, func(b *board.Board) bool {
			p := b.Proc(id)
			return p != nil && p.State == trace.Asleep && strings.HasPrefix(p.On, on)
		})
	}
	end(t, run)
}

// The TCP connection is there in /proc/net/tcp, and leads nowhere but to loopback.
func TestOnlyLoopback(t *testing.T) {
	run := attended(t, few)
	pid := board.Of(run.Log().Events(0)).At(math.MaxInt).Proc("callee-tcp").PID
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	fds, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, fd := range fds {
		to, _ := os.Readlink(fd)
		inode, ok := strings.CutPrefix(to, "socket:[")
		if !ok {
			continue
		}
		for line := range strings.Lines(string(table)) {
			if w := strings.Fields(line); len(w) > 9 && w[9] == strings.TrimSuffix(inode, "]") {
				n++
				if !strings.HasPrefix(w[1], "0100007F:") || !strings.HasPrefix(w[2], "0100007F:") || w[3] != "01" {
					t.Errorf("a connection %v", w[1:4])
				}
			}
		}
	}
	if n != 1 {
		t.Errorf("%d connections of callee-tcp", n)
	}
	end(t, run)
}

// A call to the node takes as long as the delay there and back, at the least, and
// at another distance it is measured anew.
func TestFarther(t *testing.T) {
	run := attended(t, map[string]string{"calls": "100", "delay": "30ms"})
	at := func(delay time.Duration) {
		t.Helper()
		stagetest.Until(t, run, fmt.Sprintf("measured at a delay of %v", delay), func(b *board.Board) bool {
			m, ok := b.Gauge(string(far))
			p99, _ := b.Gauge(string(far) + "-p99")
			return ok && m.Value >= float64(2*delay) && p99.Value >= m.Value
		})
	}
	at(3 * time.Millisecond)
	act(t, run, "farther", "")
	act(t, run, "farther", "")
	at(12 * time.Millisecond)
	for _, e := range run.Log().Events(0) {
		if f, ok := e.Data.(trace.LinkFault); ok && (f.B != node || f.A != "caller") {
			t.Errorf("%+v", f)
		}
	}
	b := end(t, run)
	if g, _ := b.Gauge(string(tcp)); g.Value >= float64(3*time.Millisecond) {
		t.Errorf("the delay shows in TCP past the proxy: %v", g.Value)
	}
}

// What a key does, a script does; then the play leaves the faults to it.
func TestScriptedActions(t *testing.T) {
	at := func(ms int, name string, target trace.ID) demo.Scripted {
		return demo.Scripted{Act: demo.Act{Name: name, Target: target}, At: time.Duration(ms) * time.Millisecond}
	}
	got := stagetest.Play(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: 1, Params: map[string]string{"calls": "100"}, Script: []demo.Scripted{
		at(1500, "stop", "callee-tcp"), at(2500, "kill", "callee-tcp"), at(2800, "call", ""),
	}})
	if v := got.Board.Verdict; got.Err != nil || v == nil || !v.OK {
		t.Fatalf("the run: %v, %+v", got.Err, v)
	}
	if said(got.Board, "caller", "by TCP: ") == "" || said(got.Board, "callee-tcp", "ledger, call") == "" {
		t.Error("the kill of a stopped callee was not told")
	}
}

// A wrong reply is found out, and is no mere failure.
func TestWrongReply(t *testing.T) {
	a, b, err := sock.Pair()
	if err != nil {
		t.Fatal(err)
	}
	here, there := sock.Socket(a), sock.Socket(b)
	defer here.Close()
	go func() {
		defer there.Close()
		var in [requestLen]byte
		var out [replyLen]byte
		for there.ReadFull(in[:]) == nil {
			r := requestOf(&in)
			y := square(r.x)
			if r.x == 57 {
				y++
			}
			reply{id: r.id, y: y}.put(&out)
			there.Write(out[:])
		}
	}()
	if _, err := timeProcess(here, 0, 50); err != nil {
		t.Errorf("right replies: %v", err)
	}
	if _, err := timeProcess(here, 50, 50); err == nil || !strings.Contains(err.Error(), "square(57)") {
		t.Errorf("a wrong reply: %v", err)
	}
}

func TestWire(t *testing.T) {
	for _, r := range []request{{}, {1, -5, false, 0, 0}, {math.MaxUint64, math.MinInt64, true, executed, 1 << 60}} {
		var b [requestLen]byte
		r.put(&b)
		if got := requestOf(&b); got != r {
			t.Errorf("%+v reads back as %+v", r, got)
		}
	}
	for s := unread; s <= replied; s++ {
		if stepOf(s.String()) != s || s.truth() == "" {
			t.Errorf("step %d", s)
		}
	}
}
