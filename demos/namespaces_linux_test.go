package demos_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"edu/procession/demos"
	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage"
	"edu/procession/demos/stage/stagetest"
)

// allowed skips a test where this system has no network namespaces for us.
func allowed(t *testing.T) {
	t.Helper()
	for _, c := range stage.Guards() {
		if c.Name == "namespaces" && !c.OK {
			t.Skip(c.Text)
		}
	}
}

// space is a network namespace as /proc names it.
func space(pid any) string {
	to, _ := os.Readlink(fmt.Sprintf("/proc/%v/ns/net", pid))
	return to
}

// With --net namespaces each node is in a network namespace of its own, which is
// what its place on stage says, and neither in that of the program, which has no
// interface more than before, nor in the warden's.
func TestNamespaces(t *testing.T) {
	allowed(t)
	before, _ := os.ReadFile("/proc/self/net/dev")
	for _, d := range demos.All {
		if !d.Info().Namespaces {
			if _, err := stage.Start(d, demo.Options{Net: demo.Namespaces}); err == nil {
				t.Errorf("%s starts with namespaces, and its nodes have none", d.Info().Name)
			}
			continue
		}
		t.Run(d.Info().Name, func(t *testing.T) {
			o := stagetest.Options()
			o.Attended, o.Net = true, demo.Namespaces
			if slices.Contains(d.Info().Places, demo.Nodes) {
				o.Place = demo.Nodes
			}
			run := stagetest.Start(t, d, o)
			b := stagetest.Until(t, run, "a link between nodes", func(b *board.Board) bool {
				return len(b.Msgs) > 0 || len(b.Beliefs) > 0 || b.Verdict != nil
			})
			whose := map[string]string{space("self"): "the program", space(b.Proc("warden").PID): "the warden"}
			nodes := 0
			for _, p := range b.Procs {
				if p.Node == "" || !p.Alive() {
					continue
				}
				nodes++
				is := space(p.PID)
				if is != fmt.Sprintf("net:[%d]", p.NetNS) {
					t.Errorf("%s is in %q, and its place says %d", p.ID, is, p.NetNS)
				}
				if who, taken := whose[is]; taken && who != p.Node {
					t.Errorf("%s is in %s, as is %s", p.ID, is, who)
				}
				whose[is] = p.Node
				for _, l := range p.Listens {
					if !strings.HasPrefix(l.Addr, "10.0.0.") {
						t.Errorf("%s listens at %s", p.ID, l.Addr)
					}
				}
			}
			if nodes == 0 {
				t.Errorf("no node is there: %+v", b.Procs)
			}
			if now, _ := os.ReadFile("/proc/self/net/dev"); strings.Count(string(now), "\n") != strings.Count(string(before), "\n") {
				t.Errorf("the program's own network namespace has other interfaces now:\n%s", now)
			}
			run.Finish()
			if got := stagetest.End(t, run); got.Err != nil {
				t.Error(got.Err)
			}
			if b := run.Log().Header().Net; b != "namespaces" {
				t.Errorf("the header says %q", b)
			}
		})
	}
}

// Killed at any moment, such a run leaves no process, and with the last process
// and the last descriptor the kernel takes its namespaces away: none has a name.
func TestNamespacesGo(t *testing.T) {
	allowed(t)
	rnd := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	most := 0
	for range 5 {
		most = max(most, stagetest.KillHost(t, "what-is-distributed net=namespaces", 4, rnd))
	}
	if most < 2 {
		t.Errorf("at most %d processes were there to be killed", most)
	}
	if mounts, _ := os.ReadFile("/proc/self/mountinfo"); strings.Contains(string(mounts), "net:[") {
		t.Errorf("a network namespace has a name:\n%s", mounts)
	}
}
