package stage_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

// Workers that are idle, busy, stopped, with grandchildren, and with a double
// fork into a session of their own and another environment: after a SIGKILL of
// the program none is left.
func TestNothingSurvives(t *testing.T) {
	rnd := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	most := 0
	for range 12 {
		most = max(most, stagetest.KillHost(t, "probe roles=idle,busy,family,escapee,sleepy", 10, rnd))
	}
	if most < 6 {
		t.Errorf("at most %d processes were there to be killed", most)
	}
	escaped(t)
	most = 0
	for range 4 {
		most = max(most, stagetest.KillHost(t, "probe place=threads roles=idle,busy,family,escapee,sleepy", 10, rnd))
	}
	if most < 6 {
		t.Errorf("at most %d processes were there to be killed with their threads", most)
	}
	escaped(t)
}

// escaped looks for those that shed the token.
func escaped(t *testing.T) {
	t.Helper()
	envs, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, e := range envs {
		if b, err := os.ReadFile(e); err == nil && bytes.Contains(b, []byte("ESCAPEE=escapee")) {
			t.Errorf("%s escaped", e)
		}
	}
}

// A run that ends by itself leaves nothing either, not even what fled.
func TestRunLeavesNothing(t *testing.T) {
	run := stagetest.Start(t, probe{}, roles("family,escapee,busy"))
	stagetest.Until(t, run, "all are here", func(b *board.Board) bool { return b.Caption == "all are here" })
	if err := run.Act("stop", demo.Everyone); err != nil {
		t.Fatal(err)
	}
	run.Stop()
	stagetest.End(t, run)
	escaped(t)
}

// The warden killed: the run ends, and says so.
func TestWardenKilled(t *testing.T) {
	run := stagetest.Start(t, probe{}, roles("idle,busy,family"))
	b := stagetest.Until(t, run, "all are here", func(b *board.Board) bool { return b.Caption == "all are here" })
	run.Act("stop", "idle-1")
	syscall.Kill(b.Proc("warden").PID, syscall.SIGKILL)
	<-run.Done()
	stagetest.Gone(t, run.Log().Header().Token)
	var said bool
	for _, e := range run.Log().Events(0) {
		s, ok := e.Data.(trace.Say)
		said = said || ok && strings.Contains(s.Text, "parent of all workers was killed")
	}
	if !said {
		t.Error("nobody said why the run is over")
	}
}

// Program and warden killed at once: what was stopped stays, until the next
// start sweeps it up. A pid with another start time is left alone.
func TestSweep(t *testing.T) {
	if err := os.MkdirAll(stage.Leases(), 0o700); err != nil {
		t.Skip(err)
	}
	left := exec.Command("sleep", "1000")
	if err := left.Start(); err != nil {
		t.Fatal(err)
	}
	stranger := exec.Command("sleep", "1000")
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	defer stranger.Wait()
	defer stranger.Process.Kill()
	stage.WriteLease("feedfacecafebeef", map[int]int64{
		left.Process.Pid: stage.StartTime(left.Process.Pid), stranger.Process.Pid: stage.StartTime(stranger.Process.Pid) - 1,
	})
	if n := stage.Sweep(); n != 1 {
		t.Errorf("swept %d processes, not 1", n)
	}
	left.Wait()
	if got := left.ProcessState.Sys().(syscall.WaitStatus).Signal(); got != syscall.SIGKILL {
		t.Errorf("what was left ended with %v", got)
	}
	if s := stagetest.State(stranger.Process.Pid); s == 'Z' || s == 0 {
		t.Errorf("a stranger with a reused pid was touched: %c", s)
	}
}
