package zombies

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// failing is the exit code of one that was asked to fail.
const failing = 3

// started begins what a parent says when a birth is complete: by then the stage
// knows of the child.
const started = "started "

// Roles implements demo.Demo. They differ in what they are asked to do, and the
// grandparent in that it waits for all its children as they end.
func (Demo) Roles() map[string]demo.Role {
	return map[string]demo.Role{"grandparent": member, "parent": member, "child": member, "daemon": member}
}

// member is one of the family: it does what the lines from its parent say, and
// when that is gone, it sleeps.
func member(_ context.Context, w *demo.Worker) error {
	m := &family{w: w, kids: map[string]*demo.Child{}}
	if w.Arg("subreaper") == "true" {
		adopt()
	}
	for {
		w.Block("a line")
		line, err := w.Recv()
		if err != nil {
			w.Block("a timer")
			for {
				w.Sleep(time.Hour)
			}
		}
		if err := m.do(line); err != nil {
			return err
		}
	}
}

// family is what a member has below it.
type family struct {
	w    *demo.Worker
	kids map[string]*demo.Child
	born []string // in order
}

// do does what a line says. Its error ends the process.
func (m *family) do(line string) error {
	word, rest, _ := strings.Cut(line, " ")
	name, rest, _ := strings.Cut(rest, " ")
	kid := m.kids[name]
	switch {
	case word == "fail":
		return demo.ExitCode(failing)
	case word == "leave":
		return m.leave()
	case word == "start":
		c, err := m.w.StartChild(demo.ChildSpec{Role: rest, Name: trace.ID(name)})
		if err != nil {
			return err
		}
		if m.w.Name() == grandparent && len(m.kids) == 0 {
			go waitForAll(m.w)
		}
		m.kids[name], m.born = c, append(m.born, name)
		m.w.Logf("%s%s", started, name)
	case kid == nil:
		return fmt.Errorf("there is no child %q to %s", name, word)
	case word == "to":
		kid.Send(rest)
	case word == "reap":
		m.w.Block("the end of " + name)
		kid.Wait()
	}
	return nil
}

// leave is what Python does when the main of a program has returned: the daemons
// among the children are terminated, and all are waited for.
func (m *family) leave() error {
	for _, name := range m.born {
		if strings.HasPrefix(name, "daemon") {
			m.kids[name].Signal(syscall.SIGTERM)
			m.kids[name].Wait()
		}
	}
	for _, name := range m.born {
		m.w.Block("the end of " + name)
		m.kids[name].Wait() // at once, of one that has been waited for
	}
	os.Exit(0)
	return nil
}
