//go:build linux

package peers

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
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

func TestMain(m *testing.M) { stagetest.Main(m, Demo{}) }

// patient peers suspect nobody only because the machine is busy: at Fast a
// patience of 10 s is one second.
var patient = map[string]string{"patience": "10s"}

func attended(t *testing.T) demo.Run {
	t.Helper()
	run := stagetest.Start(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: 1, Attended: true, Params: patient})
	stagetest.Until(t, run, "heartbeats between all", func(b *board.Board) bool {
		pairs := map[string]bool{}
		for _, m := range b.Msgs {
			if m.Received > 0 {
				pairs[string(m.From+m.To)] = true
			}
		}
		return len(pairs) == 6
	})
	return run
}

func act(t *testing.T, run demo.Run, name string, target trace.ID) {
	t.Helper()
	if err := run.Act(name, target); err != nil {
		t.Fatal(err)
	}
}

// says waits until a peer has logged a line that begins so.
func says(t *testing.T, run demo.Run, who trace.ID, text string) {
	t.Helper()
	stagetest.Until(t, run, string(who)+" says: "+text, func(b *board.Board) bool { return said(b, who, text) })
}

// now is the stage as it stands.
func now(run demo.Run) *board.Board { return board.Of(run.Log().Events(0)).At(math.MaxInt) }

func said(b *board.Board, who trace.ID, text string) bool {
	for _, l := range b.Lines {
		if l.Who == who && l.Source == trace.Worker && strings.HasPrefix(l.Text, text) {
			return true
		}
	}
	return false
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

func gauge(t *testing.T, b *board.Board, name string) float64 {
	t.Helper()
	g, ok := b.Gauge(name)
	if !ok {
		t.Errorf("no gauge %s", name)
	}
	return g.Value
}

// Unattended, a cut is suspected by both its ends, healed and forgiven, and a
// kill is told; every caption comes after its fact.
func TestScript(t *testing.T) {
	for seed := range uint64(3) {
		got := stagetest.Play(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: seed, Params: map[string]string{"patience": "3s"}})
		v := got.Board.Verdict
		if got.Err != nil || v == nil || !v.OK {
			t.Fatalf("the run: %v, %+v", got.Err, v)
		}
		t.Logf("took %v: %s", got.Board.At, v.Text)
		var order []string
		killed := trace.ID("")
		for _, e := range got.Events {
			switch d := e.Data.(type) {
			case trace.Link:
				order = append(order, d.Is.String())
			case trace.Exit:
				if d.Signal == "KILL" {
					order = append(order, "killed")
					killed = e.Who
				}
			case trace.Gauge:
				if d.Name == "detection" {
					order = append(order, d.Name)
				}
			}
		}
		if got := strings.Join(order, " "); got != "link.cut detection link.heal killed" {
			t.Errorf("seed %d: %s", seed, got)
		}
		for _, p := range names {
			if x := got.Board.Proc(p).Exit; p != killed && (x.Code != 0 || x.Signal != "") {
				t.Errorf("%s: %+v", p, x)
			}
			if p != killed && !said(got.Board, p, "told by "+string(killed)) {
				t.Errorf("%s does not say that %s ended", p, killed)
			}
		}
		if s, f := gauge(t, got.Board, "suspicions"), gauge(t, got.Board, "false-alarms"); s != 2 || f != 2 {
			t.Errorf("%v suspicions, %v false alarms", s, f)
		}
		for _, g := range (Demo{}).Info().Gauges {
			gauge(t, got.Board, g.Name)
		}
	}
}

// connection is a line of /proc/net/tcp.
type connection struct {
	local, remote string // "127.0.0.2:4711"
	state         string // "01" is ESTABLISHED
}

func hexAddr(s string) string {
	ip, port, _ := strings.Cut(s, ":")
	a, _ := strconv.ParseUint(ip, 16, 32)
	p, _ := strconv.ParseUint(port, 16, 16)
	return fmt.Sprintf("%d.%d.%d.%d:%d", a&255, a>>8&255, a>>16&255, a>>24, p)
}

// sockets lists the TCP connections of a process, and how many other sockets
// with an address it has, as /proc tells them.
func sockets(t *testing.T, pid int) (tcp []connection, doors, others int) {
	t.Helper()
	inodes := map[string]bool{}
	fds, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, fd := range fds {
		if to, _ := os.Readlink(fd); strings.HasPrefix(to, "socket:[") {
			inodes[strings.Trim(to, "socket:[]")] = true
		}
	}
	for _, table := range []string{"tcp", "tcp6", "udp", "udp6"} {
		f, err := os.Open("/proc/net/" + table)
		if err != nil {
			continue
		}
		defer f.Close()
		for sc := bufio.NewScanner(f); sc.Scan(); {
			w := strings.Fields(sc.Text())
			switch {
			case len(w) < 10 || !inodes[w[9]]:
			case table == "tcp" && w[3] == "0A": // it listens
				doors++
			case table == "tcp":
				tcp = append(tcp, connection{hexAddr(w[1]), hexAddr(w[2]), w[3]})
			default:
				others++
			}
		}
	}
	return tcp, doors, others
}

// The connections are there in /proc/net/tcp, two for each pair, between the
// peers' own loopback addresses and no others; the other end of each is the
// stage's, whose process this is.
func TestConnectionsAreReal(t *testing.T) {
	run := attended(t)
	b := now(run)
	have := map[string]int{}
	for i, p := range names {
		tcp, doors, others := sockets(t, b.Proc(p).PID)
		if len(tcp) != 2 || doors != 1 || others != 0 {
			t.Errorf("%s: %v, listens at %d, and %d others", p, tcp, doors, others)
		}
		if l := b.Proc(p).Listens; len(l) != 1 || !strings.HasPrefix(l[0].Addr, fmt.Sprintf("127.0.0.%d:", 2+i)) {
			t.Errorf("%s says that it listens at %v", p, l)
		}
		for _, c := range tcp {
			own := fmt.Sprintf("127.0.0.%d:", 2+i)
			if !strings.HasPrefix(c.local, own) || !strings.HasPrefix(c.remote, "127.0.0.") || c.state != "01" {
				t.Errorf("%s: %+v", p, c)
			}
			have[min(c.local, c.remote)+" "+max(c.local, c.remote)]++
		}
	}
	tcp, _, _ := sockets(t, os.Getpid())
	for _, c := range tcp {
		have[min(c.local, c.remote)+" "+max(c.local, c.remote)] += 10
	}
	for c, ends := range have {
		if len(have) != 6 || ends != 11 {
			t.Errorf("of %d connections, %s has %d ends in peers, and %d in the stage", len(have), c, ends%10, ends/10)
		}
	}
	end(t, run)
}

// A cut is suspected by both its ends and only by them; a heal ends that.
func TestCutAndHeal(t *testing.T) {
	run := attended(t)
	act(t, run, "cut", "a") // the link from a to its next: b
	says(t, run, "a", "suspects b")
	says(t, run, "b", "suspects a")
	b := stagetest.Until(t, run, "two false alarms", func(b *board.Board) bool {
		g, _ := b.Gauge("false-alarms")
		return g.Value == 2
	})
	stagetest.Until(t, run, "a and b believe each other silent", func(b *board.Board) bool {
		return strings.HasPrefix(b.Belief("a", "b"), "silent for ") && strings.HasPrefix(b.Belief("b", "a"), "silent for ")
	})
	if b.Linked("a", "b") || !b.Linked("b", "c") {
		t.Error("the wrong link is cut")
	}
	act(t, run, "heal", "b") // the only cut one that it has
	says(t, run, "a", "hears b again")
	says(t, run, "b", "hears a again")
	healed := now(run).At
	stagetest.Until(t, run, "what was sent since is there", func(b *board.Board) bool {
		ways := map[trace.ID]bool{}
		for _, m := range b.Msgs {
			if m.Sent > healed && m.Received > 0 && m.From != "c" && m.To != "c" {
				ways[m.To] = true
			}
		}
		return len(ways) == 2
	})
	got := end(t, run)
	if a, b := got.Board.Belief("a", "b"), got.Board.Belief("b", "a"); a != "" || b != "" {
		t.Errorf("a and b believe of each other, whom they hear again: %q, %q", a, b)
	}
	if s := gauge(t, got.Board, "suspicions"); s != 2 || said(got.Board, "c", "suspects") {
		t.Errorf("%v suspicions", s)
	}
	if gauge(t, got.Board, "detection") <= 0 || !got.Board.Linked("a", "b") {
		t.Error("no detection, or still cut")
	}
	// While it was cut, nothing passed, and the senders did not notice; then all
	// of it did, late.
	cut, kept := false, map[string]bool{}
	for _, e := range got.Events {
		switch d := e.Data.(type) {
		case trace.Link:
			cut = d.Is == trace.KindCut
		case trace.Msg:
			across := d.From != "c" && d.To != "c"
			switch {
			case d.Is == trace.KindDrop:
				t.Errorf("lost: %+v", d)
			case d.Is == trace.KindSend && cut && across:
				kept[d.Msg] = true
			case d.Is == trace.KindRecv && kept[d.Msg] && cut:
				t.Errorf("passed: %+v", d)
			case d.Is == trace.KindRecv:
				delete(kept, d.Msg)
			}
		}
	}
	if cut || len(kept) > 2 { // the last ones may be on their way at the end
		t.Errorf("cut %v, of what was held back %d never came", cut, len(kept))
	}
}

// Cut one way, the link is silent for one of its ends, and for the other whole.
func TestOneWay(t *testing.T) {
	run := attended(t)
	act(t, run, "one-way", "b") // to its next: c
	says(t, run, "c", "suspects b")
	from := len(run.Log().Events(0))
	stagetest.Until(t, run, "b hears c all the same", func(b *board.Board) bool {
		last := len(b.Msgs) - 1
		return b.Pos > from && b.Msgs[last].To == "b" && b.Msgs[last].From == "c" && b.Msgs[last].Received > 0
	})
	if b := now(run); b.Linked("b", "c") || !b.Linked("c", "b") || said(b, "b", "suspects") {
		t.Errorf("cut from b: %v, from c: %v", !b.Linked("b", "c"), !b.Linked("c", "b"))
	}
	act(t, run, "heal", "c")
	says(t, run, "c", "hears b again")
	end(t, run)
}

// A delay shows in the round trip of its link, and in no other.
func TestDelay(t *testing.T) {
	run := attended(t)
	act(t, run, "slow", "a")
	act(t, run, "slow", "a-b") // 30 ms at Fast, and twice that
	const delay = 60 * time.Millisecond
	b := stagetest.Until(t, run, "round trips of all links", func(b *board.Board) bool {
		slow := false
		for _, l := range b.Links {
			slow = slow || l.Fault.Delay == delay && l.RTT >= 2*delay
		}
		return slow && len(b.Links) == 3
	})
	act(t, run, "heal", "b")
	end(t, run)
	for _, e := range run.Log().Events(0)[:b.Pos] {
		if r, ok := e.Data.(trace.RTT); ok && (r.Took <= 0 || r.A != e.Who || e.Source != trace.Worker) {
			t.Errorf("%+v of %s", r, e.Who)
		}
	}
}

// A stopped peer has not ended, so whoever suspects it is wrong.
func TestStoppedIsAFalseAlarm(t *testing.T) {
	run := attended(t)
	act(t, run, "stop", "b")
	says(t, run, "a", "suspects b")
	says(t, run, "c", "suspects b")
	b := stagetest.Until(t, run, "two false alarms", func(b *board.Board) bool {
		g, _ := b.Gauge("false-alarms")
		return g.Value == 2
	})
	if got := stagetest.State(b.Proc("b").PID); got != 'T' {
		t.Errorf("/proc says %c", got)
	}
	act(t, run, "cont", "b")
	says(t, run, "a", "hears b again")
	says(t, run, "c", "hears b again")
	got := end(t, run)
	if sock.Raw && said(got.Board, "b", "suspects") {
		t.Error("b suspects others, whose heartbeats had arrived while it was stopped")
	}
	if gauge(t, got.Board, "detection") <= 0 {
		t.Error("no detection")
	}
}

// A kill, whoever it came from, is told by end of file and is no suspicion.
func TestKilledFromOutside(t *testing.T) {
	run := attended(t)
	b := now(run)
	syscall.Kill(b.Proc("c").PID, syscall.SIGKILL)
	says(t, run, "a", "told by c")
	says(t, run, "b", "told by c")
	stagetest.Until(t, run, "c has ended", func(b *board.Board) bool {
		p := b.Proc("c")
		return p != nil && p.Exit.Signal == "KILL"
	})
	got := end(t, run)
	if _, ok := got.Board.Gauge("suspicions"); ok {
		t.Error("somebody suspected")
	}
}

// Behind cut links a death is silence, as that of a machine without power; the
// end of file comes when a link is healed.
func TestPowerCut(t *testing.T) {
	run := attended(t)
	act(t, run, "cut", "b-c")
	act(t, run, "cut", "c-a")
	stagetest.Until(t, run, "both are cut", func(b *board.Board) bool { return !b.Linked("b", "c") && !b.Linked("a", "c") })
	says(t, run, "a", "suspects c")
	says(t, run, "b", "suspects c")
	act(t, run, "kill", "c")
	b := stagetest.Until(t, run, "c is dead", func(b *board.Board) bool {
		p := b.Proc("c")
		return p != nil && p.State == trace.Dead
	})
	died := b.At
	b = stagetest.Until(t, run, "heartbeats go on", func(b *board.Board) bool {
		return len(b.Msgs) > 20 && b.Msgs[len(b.Msgs)-20].Sent > died
	})
	if said(b, "a", "told by c") || said(b, "b", "told by c") {
		t.Error("an end of file came through the cut")
	}
	act(t, run, "heal", "b-c")
	says(t, run, "b", "told by c")
	if got := end(t, run); said(got.Board, "a", "told by c") {
		t.Error("an end of file came through the cut")
	}
}

// What a key does, a script does; then the play leaves the faults to it.
func TestScriptedActions(t *testing.T) {
	at := func(ms int, name string, target trace.ID) demo.Scripted {
		return demo.Scripted{Act: demo.Act{Name: name, Target: target}, At: time.Duration(ms) * time.Millisecond}
	}
	got := stagetest.Play(t, Demo{}, demo.Options{Pace: demo.Fast, Seed: 1, Params: patient, Script: []demo.Scripted{
		at(1200, "cut", "b"), at(1250, "cut", "warden"), at(1300, "heal", "a"), at(3000, "heal", "b"), at(3500, "kill", "a"),
	}})
	if v := got.Board.Verdict; got.Err != nil || v == nil || !v.OK {
		t.Fatalf("the run: %v, %+v", got.Err, v)
	}
	if !said(got.Board, "b", "told by a") || !said(got.Board, "c", "told by a") {
		t.Error("the kill was not told")
	}
	links := 0
	for _, e := range got.Events {
		if _, ok := e.Data.(trace.Link); ok {
			links++
		}
		if a, ok := e.Data.(trace.Act); ok && a.Error != "" {
			t.Errorf("%s: %s", a.Action, a.Error)
		}
	}
	if links != 2 {
		t.Errorf("%d cuts and heals", links)
	}
}
