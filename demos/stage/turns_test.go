package stage_test

import (
	"context"
	"fmt"
	"os"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// turns is a demo with steps: A, B, … each read a number in a shared file and
// write it back with one added; with lock=true behind a lock that is a token in a
// pipe.
type turns struct{}

func (turns) Info() demo.Info {
	return demo.Info{Name: "turns", Places: []demo.Place{demo.Processes},
		Params: []demo.Param{
			{Name: "rounds", Default: "2", Check: demo.Int(1, 5)},
			{Name: "lock", Default: "false", Check: demo.Bool()},
		},
		Actions: []demo.Action{demo.Kill, demo.Stop, demo.Cont},
		Puzzles: []demo.Puzzle{{Name: "lose", Doc: "lose an update"}},
	}
}

func (turns) Roles() map[string]demo.Role {
	return map[string]demo.Role{"turner": func(_ context.Context, w *demo.Worker) error {
		for turn(w); w.Again(); turn(w) {
		}
		return nil
	}}
}

func turn(w *demo.Worker) {
	var b [1]byte
	for range w.IntArg("rounds") {
		if w.Arg("lock") == "true" {
			w.Step("take the token")
			w.Want("token")
			w.File(1).Read(b[:])
			w.Hold("token")
		}
		w.Step("read")
		w.File(0).ReadAt(b[:], 0)
		w.Read("number", b[0])
		w.Step(fmt.Sprintf("add 1 to %d", b[0]))
		w.Step(fmt.Sprintf("write %d", b[0]+1))
		w.File(0).WriteAt([]byte{b[0] + 1}, 0)
		w.Write("number", b[0]+1)
		if w.Arg("lock") == "true" {
			w.Step("give the token back")
			w.Free("token")
			w.File(2).Write(b[:1])
		}
	}
}

func (turns) Play(ctx context.Context, s demo.Stage) error {
	f, err := os.CreateTemp("", "turns")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	f.Write([]byte{0})
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	defer w.Close()
	w.Write([]byte{1})
	reset := func() { f.WriteAt([]byte{0}, 0) }
	var all []demo.Proc
	for _, name := range []trace.ID{"A", "B"} {
		p, err := s.Spawn(ctx, demo.Spec{Role: "turner", Name: name, Files: []*os.File{f, r, w},
			Args: map[string]string{"rounds": s.Param("rounds"), "lock": s.Param("lock")}})
		if err != nil {
			return err
		}
		all = append(all, p)
	}
	for s.Stepping() {
		end, err := s.Watch(ctx)
		if err != nil {
			return err
		}
		var b [1]byte
		f.ReadAt(b[:], 0)
		switch end {
		case demo.Through:
			s.Verdict(true, "the number is %d", b[0])
		default:
			s.Verdict(true, "%s", end)
		}
		if !s.Again(reset) {
			return nil
		}
	}
	for _, p := range all {
		if _, err := p.Wait(ctx); err != nil {
			return err
		}
	}
	s.Verdict(true, "all have ended")
	return nil
}
