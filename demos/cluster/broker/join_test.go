//go:build linux

package broker

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

// squares are what the guests of a troupe do.
var squares = map[string]func(map[string]string) func(context.Context, Task) (any, error){
	"troupe": func(map[string]string) func(context.Context, Task) (any, error) {
		return func(_ context.Context, t Task) (any, error) {
			var n int
			err := json.Unmarshal(t.Body, &n)
			return n * n, err
		}
	},
}

// intruder tries to join in every way that is none, and what a guest must not do.
func intruder(ctx context.Context, w *demo.Worker) error {
	at, token := w.Arg("at"), w.Arg("token")
	code, pin, _ := strings.Cut(token, ".")
	own, _ := Joining{URL: at, Token: token}.access()
	try := func(what string, j Joining) {
		j.URL = at
		if j.Tell == nil {
			j.Tell = func(string, ...any) {}
		}
		w.Logf("%s: %v", what, j.Work(ctx))
	}
	try("no token", Joining{})
	try("half a token", Joining{Token: token[:len(token)-4]})
	try("wrong token", Joining{Token: NewSecret().code() + "." + pin, Jobs: squares})
	try("another's key", Joining{Token: code + "." + brief(NewSecret().pin()), Jobs: squares})
	try("old version", Joining{Token: token, Jobs: squares, protocol: "procession-join-0"})
	try("no name", Joining{Token: token, Jobs: squares, Name: "a.b"})
	try("other demos", Joining{Token: token})

	in, over := make(chan bool, 1), make(chan bool)
	go func() {
		defer close(over)
		try("a", Joining{Token: token, Jobs: squares, Name: "a", Tell: func(f string, _ ...any) {
			if strings.HasPrefix(f, "joined") {
				in <- true
			}
		}})
	}()
	<-in
	try("the same name", Joining{Token: token, Jobs: squares, Name: "a"})

	// Who asks to join hears his own answer, and says nothing else.
	key, _ := nkeys.CreateUser()
	refused := make(chan error, 16)
	nc, err := dial(Access{URL: at, Pin: own.Pin, Guest: true}, joiner, nil, signed(key), nats.Token(code),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refused <- err }))
	if err != nil {
		return err
	}
	for _, subject := range []string{"_JOIN.>", "_JOIN.*.x", "_INBOX.>", "pool.v1.down.j-a", ">", asking(code)} {
		nc.SubscribeSync(subject)
		nc.Flush()
		w.Logf("subscribe %s: refused: %v", subject, <-refused)
	}
	for _, subject := range []string{"pool.v1.up.j-a.want", "pool.v1.ctl", "$JS.API.INFO"} {
		nc.Publish(subject, []byte("{}"))
		nc.Flush()
		w.Logf("publish %s: refused: %v", subject, <-refused)
	}
	nc.Close()

	// A guest that floods is cut off for good, and nobody else.
	j := Joining{URL: at, Token: token, Name: "f"}
	a, _ := j.access()
	r, err := j.ask(ctx, a)
	if err != nil {
		return err
	}
	a.Seed, a.Space = r.Seed, r.Space
	cut := make(chan error, 4)
	nc, err = dial(a, r.Name, nil, nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { cut <- err }))
	if err != nil {
		return err
	}
	for len(cut) == 0 {
		for range 1000 {
			nc.Publish(a.up(trace.ID(r.Name), beats), []byte(`{"task":-1}`))
		}
		nc.Flush()
	}
	nc.Close()
	_, err = dial(a, r.Name, nil)
	w.Logf("flood: %v", err)
	w.Logf("has tried everything")
	<-over
	return nil
}

func TestJoin(t *testing.T) {
	run := stagetest.Start(t, troupe{}, demo.Options{Params: map[string]string{"intruder": "true", "tasks": "400"}, Attended: true})
	b := stagetest.Until(t, run, "all was tried, and the others went on", func(b *board.Board) bool {
		return said(b, "intruder", "has tried everything") != "" && b.Verdict != nil && said(b, "intruder", "a:") != ""
	})
	run.Finish()
	got := stagetest.End(t, run)
	if v := got.Board.Verdict; got.Err != nil || v == nil || !v.OK || got.Board.Counts[board.TaskDone] != 400 {
		t.Errorf("%v, %+v, %v", got.Err, v, got.Board.Counts)
	}
	for begins, want := range map[string]string{
		"no token:":      "this is no token",
		"half a token:":  "is not whole",
		"wrong token:":   "does not know this token",
		"another's key:": "is not the one that you were told of",
		"old version:":   "need the same version of procession",
		"no name:":       "small letters, digits and hyphens",
		"other demos:":   "which nobody can join from here",
		"the same name:": "j-a is here already",
		"a:":             "<nil>",
		"flood:":         "refuses these credentials",
	} {
		if l := said(b, "intruder", begins); !strings.Contains(l, want) {
			t.Errorf("%s: %q, not %q", begins, l, want)
		}
	}
	refused := slices.DeleteFunc(slices.Clone(b.Lines), func(l board.Line) bool {
		return l.Who != "intruder" || !strings.Contains(strings.ToLower(l.Text), "refused: nats: permissions violation")
	})
	if len(refused) != 9 {
		t.Errorf("%d refused", len(refused))
		for _, l := range b.Lines {
			t.Log(l.Who, l.Text)
		}
	}
	if p := got.Board.Proc("j-a"); p == nil || p.TaskDone == 0 || p.Guest == "" || p.Left != "the work was over" {
		t.Errorf("%+v", p)
	}
	if p := got.Board.Proc("j-f"); p != nil && p.TaskDone != 0 {
		t.Errorf("j-f has done %d", p.TaskDone)
	}
	if l := said(got.Board, "broker", "j-f sent "); !strings.Contains(l, "it is cut off") {
		t.Errorf("of j-f: %q", l)
	}
}

// An invitation is of one run, and says what it is of.
func TestInvitation(t *testing.T) {
	for _, bad := range []string{"", "aaaa", strings.Repeat("A", 16), strings.Repeat("a", 16) + ".", strings.Repeat("a", 17)} {
		if _, err := (Joining{URL: "127.0.0.1:1", Token: bad}).access(); err == nil {
			t.Errorf("%q is a token", bad)
		}
	}
	s := NewSecret()
	a, err := Joining{URL: "127.0.0.1", Token: s.code() + "." + brief(s.pin())}.access()
	if err != nil || a.URL != "nats://127.0.0.1:4222" || a.Pin != s.pin() || a.Guest {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err := (Joining{URL: "tls://h:1", Token: s.code()}).access(); err != nil || a.URL != "tls://h:1" || !a.Guest {
		t.Errorf("%+v, %v", a, err)
	}
	for _, at := range []string{"127.0.0.1", "127.0.0.1:x", ":4222", "127.0.0.1:70000"} {
		if CheckListen(at) == nil {
			t.Errorf("%q can be listened at", at)
		}
	}
	if got := reachable("127.0.0.5:7"); got != "127.0.0.5:7" {
		t.Error(got)
	}
	if got := reachable("[::]:7"); !strings.HasSuffix(got, ":7") || strings.HasPrefix(got, "[::]") {
		t.Error(got)
	}
}
