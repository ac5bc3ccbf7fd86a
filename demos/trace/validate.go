package trace

import "fmt"

// Validate says which rule of the log a list of events breaks first, if any.
func Validate(events []Event) error {
	type life struct {
		started, exited, reaped bool
		state                   Letter
		pid                     int
	}
	lives := map[ID]*life{}
	var last Event
	for _, e := range events {
		bad := func(format string, args ...any) error {
			return fmt.Errorf("event %d (%s of %s): %s", e.Seq, e.Kind, e.Who, fmt.Sprintf(format, args...))
		}
		switch {
		case e.Seq <= last.Seq:
			return bad("seq is not above %d", last.Seq)
		case e.At < last.At:
			return bad("earlier than event %d", last.Seq)
		case e.Data == nil || e.Data.Kind() != e.Kind:
			return bad("its data is of another kind")
		case e.Source < Kernel || e.Source > Learner:
			return bad("nobody vouches for it")
		}
		last = e
		l := lives[e.Who]
		if (e.Kind > KindStart && e.Kind <= KindReaped || e.Kind == KindParent) && l == nil {
			return bad("of a process that never started")
		}
		switch d := e.Data.(type) {
		case Start:
			if l != nil {
				return bad("started twice")
			}
			lives[e.Who] = &life{started: true, state: New, pid: d.PID}
		case State:
			switch {
			case e.Source != Kernel:
				return bad("a state comes from the kernel")
			case l.exited || l.reaped:
				return bad("a state after the end")
			case d.From != l.state:
				return bad("from %c, but it was %c", d.From, l.state)
			}
			l.state = d.To
		case Exit:
			if l.exited {
				return bad("ended twice")
			}
			l.exited = true
		case Reaped:
			if !l.exited || l.reaped {
				return bad("reaped before its end, or twice")
			}
			l.reaped = true
		}
	}
	return nil
}
