package stage_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

// probe is a demo with a worker for each way in which a worker can be difficult.
type probe struct{}

func (probe) Info() demo.Info {
	return demo.Info{Name: "probe", Places: []demo.Place{demo.Processes, demo.Threads},
		Params: []demo.Param{
			{Name: "roles", Default: "idle,busy,family,escapee", Doc: "who comes on stage"},
			{Name: "unreaped", Default: "false", Check: demo.Bool()},
			{Name: "for", Default: "1m", Check: demo.Duration(0, time.Hour)},
		},
		Actions: []demo.Action{demo.Kill, demo.Term, demo.Stop, demo.Cont, demo.Reap, {Name: "say", Key: "y", Doc: "say it"}},
	}
}

func (probe) Roles() map[string]demo.Role {
	return map[string]demo.Role{
		"idle": func(_ context.Context, w *demo.Worker) error {
			_, err := w.Recv()
			if err != nil {
				return nil
			}
			return demo.ExitCode(7)
		},
		"mother": func(_ context.Context, w *demo.Worker) error {
			w.ReportOf("stranger", trace.Start{PID: os.Getppid()})      // the warden
			w.ReportOf("neighbour", trace.Start{PID: w.IntArg("test")}) // no child of hers
			if _, err := w.StartChild(demo.ChildSpec{Role: "sleepy", Name: "kid"}); err != nil {
				return err
			}
			w.Sleep(time.Hour)
			return nil
		},
		"sleepy": func(_ context.Context, w *demo.Worker) error { w.Sleep(time.Hour); return nil },
		"busy": func(_ context.Context, w *demo.Worker) error {
			for {
				w.Spin(time.Hour)
			}
		},
		"brief":  func(context.Context, *demo.Worker) error { return nil },
		"fails":  func(context.Context, *demo.Worker) error { return fmt.Errorf("it \x1b[31mfailed") },
		"panics": func(context.Context, *demo.Worker) error { panic("at the disco") },
		"family": func(_ context.Context, w *demo.Worker) error {
			exec.Command("sleep", "1000").Start()
			exec.Command("sh", "-c", "sleep 1000 & sleep 1000 & wait").Start()
			w.Sleep(time.Hour)
			return nil
		},
		"escapee": func(_ context.Context, w *demo.Worker) error { // a double fork into a new session, without our token
			c := exec.Command("setsid", "sh", "-c", "sleep 1000 & sleep 1000 &")
			c.Env = []string{"PATH=" + os.Getenv("PATH"), "ESCAPEE=" + string(w.Name()) + os.Getenv(demo.EnvToken)}
			c.Run()
			w.Sleep(time.Hour)
			return nil
		},
		"hostile": func(_ context.Context, w *demo.Worker) error {
			fmt.Println("\x1b]0;owned\x07plain \x9b31m\x1bP+q\x1b\\ text \u202e rtl")
			os.Stdout.WriteString("bad \xff\xfe utf8\n")
			os.Stderr.Write(append(bytes.Repeat([]byte("x"), 10<<20), '\n'))
			events := os.NewFile(3, "events")
			defer runtime.KeepAlive(events) // collected, it would close the descriptor
			events.WriteString("not json\n")
			events.WriteString(`{"kind":"proc.exit","data":{"pid":1,"code":0}}` + "\n")
			events.WriteString(`{"kind":"say","clock":[1,2],"data":{"text":"flood","stream":"log"}}` + "\n") // it has no clock
			events.WriteString(strings.Repeat("y", 100<<10) + "\n")
			for i := range 60_000 {
				w.Logf("flood %d", i)
			}
			fmt.Println("done")
			return nil
		},
	}
}

func (probe) Play(ctx context.Context, s demo.Stage) error {
	for role := range strings.SplitSeq(s.Param("roles"), ",") {
		if _, err := s.Spawn(ctx, demo.Spec{Role: role, Unreaped: s.Param("unreaped") == "true", Args: map[string]string{"test": fmt.Sprint(os.Getpid())}}); err != nil {
			return err
		}
	}
	s.Say("all are here")
	t := time.NewTimer(demo.DurationParam(s, "for"))
	for {
		select {
		case <-t.C:
			return nil
		case <-s.Finished():
			s.Verdict(true, "finished")
			return nil
		case a := <-s.Actions():
			s.Say("heard %s", a.Name)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func TestMain(m *testing.M) { stagetest.Main(m, probe{}, turns{}) }
