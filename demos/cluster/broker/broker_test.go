//go:build linux

package broker

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"edu/procession/demos/board"
	"edu/procession/demos/cluster"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

func TestMain(m *testing.M) { stagetest.Main(m, troupe{}) }

// troupe is a broker, a master, a good worker and a hostile one, who is called w2.
type troupe struct{}

func (troupe) Info() demo.Info {
	return demo.Info{Name: "troupe", Places: []demo.Place{demo.Nodes}, Actions: []demo.Action{demo.Kill, {Name: "restart", Target: demo.ToStage}},
		Params: []demo.Param{{Name: "hostile", Default: "false"}, {Name: "intruder", Default: "false"}, {Name: "tasks", Default: "40"}, {Name: "nats"}}}
}

func (troupe) Roles() map[string]demo.Role {
	return map[string]demo.Role{"broker": Role, "master": master, "worker": good, "hostile": hostile, "intruder": intruder}
}

func (troupe) Play(ctx context.Context, s demo.Stage) error {
	nodes := cluster.New(s, Name, "master", "w1", "w2")
	defer nodes.Close()
	c := Config{Lease: 3 * time.Second, URL: s.Param("nats")}
	if s.Param("intruder") == "true" {
		c.Listen = "127.0.0.1:0"
	}
	b, err := Start(ctx, s, nodes, c)
	if err != nil {
		return err
	}
	ready := make(chan struct{})
	done := sync.OnceFunc(func() { close(ready) })
	spawn := func(role string, name trace.ID, args map[string]string, err error) (demo.Proc, error) {
		if err != nil {
			return nil, err
		}
		return s.Spawn(ctx, demo.Spec{Role: role, Name: name, Node: string(name), Args: args, Heard: func(d trace.Data) {
			if t, ok := d.(trace.Task); ok && t.Is == trace.KindTaskDone {
				done()
			}
		}})
	}
	args, err := b.MasterArgs("master")
	if args != nil {
		args["tasks"] = s.Param("tasks")
	}
	m, err := spawn("master", "master", args, err)
	if err != nil {
		return err
	}
	args, err = b.Args("w1")
	if _, err := spawn("worker", "w1", args, err); err != nil {
		return err
	}
	if s.Param("hostile") == "true" {
		select {
		case <-ready: // before that nobody would hear it
		case <-ctx.Done():
			return ctx.Err()
		}
		args, err := b.Args("w2")
		if args != nil {
			args["direct"] = b.addr // without the door, which lets no long message through
			args["pin"] = b.Fingerprint()
		}
		if _, err := spawn("hostile", "w2", args, err); err != nil {
			return err
		}
	}
	if s.Param("intruder") == "true" {
		at, token := b.Invitation()
		if _, err := spawn("intruder", "intruder", map[string]string{"at": at, "token": token}, nil); err != nil {
			return err
		}
	}
	for {
		select {
		case <-s.Actions():
			if err := b.Restart(ctx); err != nil {
				return err
			}
		case <-m.Exited():
			x, err := m.Wait(ctx)
			s.Verdict(x.Code == 0, "the master ended with %s", x)
			<-s.Finished()
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func master(ctx context.Context, w *demo.Worker) error {
	q, err := Open(ctx, w)
	if err != nil {
		return err
	}
	defer q.Close()
	q.Check = func(n int, v json.RawMessage) error {
		if string(v) != fmt.Sprint(n*n) {
			return errors.New("no square")
		}
		return nil
	}
	if err := q.Invite("troupe", nil); err != nil {
		return err
	}
	all := w.IntArg("tasks")
	go func() {
		for n := range all {
			q.Put(ctx, n, n)
		}
	}()
	if err := q.Collect(ctx, all, func(Result) {}); err != nil {
		return err
	}
	return q.End()
}

func good(ctx context.Context, w *demo.Worker) error {
	a, err := AccessOf(w)
	if err != nil {
		return err
	}
	return Work(ctx, w.Name(), a, w.Report, func(_ context.Context, t Task) (any, error) {
		var n int
		err := json.Unmarshal(t.Body, &n)
		w.Sleep(20 * time.Millisecond)
		return n * n, err
	})
}

// hostile does what a worker must not, and says what came of it.
func hostile(ctx context.Context, w *demo.Worker) error {
	a, _ := AccessOf(w)
	a.URL, a.Pin = "nats://"+w.Arg("direct"), w.Arg("pin")
	stranger := a
	other, _ := NewSecret().seed("w2")
	stranger.Seed = other
	for name, at := range map[string]Access{"w1": a, "teacher": a, "relay": a, "a.b": a, "peer.w2": a, "w2": stranger} {
		if nc, err := dial(at, name, nil); err == nil {
			nc.Close()
			w.Logf("let in as %s", name)
		}
	}
	// The client's library would refuse this itself: the server's limit is what counts.
	raw, err := net70K(a.URL, a)
	w.Logf("70 KB: %s %v", raw, err)
	refused := make(chan error, 64)
	cut := make(chan error, 64)
	nc, err := dial(a, "w2", nil,
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refused <- err }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { cut <- err }),
		nats.ClosedHandler(func(*nats.Conn) { cut <- nats.ErrConnectionClosed }))
	if err != nil {
		return err
	}
	if cs, err := nc.TLSConnectionState(); err != nil || cs.Version < tls.VersionTLS13 {
		w.Logf("not refused in the clear: %v", err)
	}
	want := func(what string, c chan error) {
		select {
		case err := <-c:
			w.Logf("%s: refused: %v", what, err)
		case <-time.After(20 * time.Second):
			w.Logf("%s: not refused", what)
		}
	}
	for _, subject := range []string{a.up("w1", "want"), a.down("w1"), a.ctl(), a.Space + ".task.0", "$JS.API.INFO", "$SYS.REQ.SERVER.PING", "_INBOX.x"} {
		nc.Publish(subject, []byte("{}"))
		nc.Flush()
		want("publish "+subject, refused)
	}
	for _, subject := range []string{">", a.down("*"), a.down("w1"), a.Space + ".up.>", "_INBOX.>", "$JS.>"} {
		nc.SubscribeSync(subject)
		nc.Flush()
		want("subscribe "+subject, refused)
	}
	// A result for a task of another, with a reply that would acknowledge it.
	for n := range 3 {
		b, _ := json.Marshal(up{Task: n, Attempt: 1, Token: "x", Result: json.RawMessage("1")})
		nc.PublishRequest(a.up("w2", dones), "$JS.ACK.pool-v1-tasks.master.1.1.1.1.1", b)
		nc.Flush()
		want("reply", refused)
		nc.Publish(a.up("w2", dones), b)
	}
	nc.Publish(a.up("w2", dones), []byte("no JSON"))
	nc.Publish(a.up("w2", "a verb"), []byte("{}"))
	nc.Flush()
	line := []byte(strings.Repeat("x", 100))
	for len(cut) == 0 {
		for range 1000 {
			nc.Publish(a.up("w2", beats), line)
		}
		nc.Flush()
	}
	want("flood", cut)
	if nc, err := dial(a, "w2", nil); err == nil {
		nc.Close()
		w.Logf("let in again")
	}
	w.Logf("has tried everything")
	return nil
}

func TestHostileWorker(t *testing.T) {
	run := stagetest.Start(t, troupe{}, demo.Options{Params: map[string]string{"hostile": "true", "tasks": "300"}, Attended: true})
	stagetest.Until(t, run, "all was tried", func(b *board.Board) bool { return said(b, "w2", "has tried everything") != "" })
	stagetest.Until(t, run, "the others went on", func(b *board.Board) bool { return b.Verdict != nil })
	run.Finish()
	got := stagetest.End(t, run)
	if v := got.Board.Verdict; got.Err != nil || v == nil || !v.OK || got.Board.Counts[board.TaskDone] != 300 {
		t.Errorf("%v, %+v, %v", got.Err, v, got.Board.Counts)
	}
	for _, bad := range []string{"let in as", "let in again"} {
		if l := said(got.Board, "w2", bad); l != "" {
			t.Error(l)
		}
	}
	for _, l := range got.Board.Lines {
		if l.Who == "w2" && strings.Contains(l.Text, "not refused") {
			t.Error(l.Text)
		}
	}
	if l := said(got.Board, "w2", "70 KB: "); !strings.Contains(l, "Maximum Payload") {
		t.Error(l)
	}
	if said(got.Board, "master", "refused from w2: a result for task") == "" {
		t.Error("the master did not notice a forged result")
	}
	if got.Board.Proc("w2").TaskDone > 0 {
		t.Error("w2's results count")
	}
}

func said(b *board.Board, who trace.ID, begins string) string {
	for _, l := range b.Lines {
		if l.Who == who && strings.HasPrefix(l.Text, begins) {
			return l.Text
		}
	}
	return ""
}

// A broker that was killed and started again on its files has lost nothing, and
// is not told of in any way but by silence.
func TestBrokerKilled(t *testing.T) {
	run := stagetest.Start(t, troupe{}, demo.Options{Attended: true})
	defer func() {
		if t.Failed() {
			t.Log(run.Err())
			for _, l := range board.Of(run.Log().Events(0)).At(1 << 30).Lines {
				t.Log(l.At, l.Who, l.Text)
			}
		}
	}()
	for n, who := range []trace.ID{"broker", "broker-2"} {
		stagetest.Until(t, run, "work", func(b *board.Board) bool { return b.Counts[board.TaskDone] > 5*(n+1) })
		if err := run.Act("kill", who); err != nil {
			t.Fatal(err)
		}
		stagetest.Until(t, run, "the end of "+string(who), func(b *board.Board) bool { p := b.Proc(who); return p != nil && p.Ended > 0 })
		if err := run.Act("restart", ""); err != nil {
			t.Fatal(err)
		}
	}
	stagetest.Until(t, run, "the end", func(b *board.Board) bool { return b.Verdict != nil })
	run.Finish()
	got := stagetest.End(t, run)
	if v := got.Board.Verdict; got.Err != nil || !v.OK || got.Board.Counts[board.TaskDone] != 40 {
		t.Errorf("%v, %+v, %v", got.Err, v, got.Board.Counts)
	}
}

// A token is of one worker, task and attempt.
func TestToken(t *testing.T) {
	s := NewSecret()
	token := s.token("w1", 3, 1)
	for _, tt := range []struct {
		s             Secret
		token         string
		worker        trace.ID
		task, attempt int
		want          bool
	}{
		{s, token, "w1", 3, 1, true}, {s, token, "w2", 3, 1, false}, {s, token, "w1", 4, 1, false}, {s, token, "w1", 3, 2, false},
		{NewSecret(), token, "w1", 3, 1, false}, {s, "", "w1", 3, 1, false}, {s, s.token("w1", 31, 1), "w1", 3, 11, false},
	} {
		if got := tt.s.holds(tt.token, tt.worker, tt.task, tt.attempt); got != tt.want {
			t.Errorf("%+v: %v", tt, got)
		}
	}
}

// The protocol is split into whole messages, however it arrives.
func TestFrames(t *testing.T) {
	f := Frames()
	in := "PING\r\nPUB pool.v1.up.w1.want 2\r\n{}\r\nPUB pool.v1.up.w1.done 10\r\n{\"task\":7}\r\nMSG pool.v1.down.w1 1 10\r\n{\"task\":8}\r\n" +
		"HPUB pool.v1.task.9 12 14\r\nNATS/1.0\r\n\r\n{}\r\nMSG pool.v1.task.9 4 $JS.ACK.a.b 2\r\n{}\r\nPUB $JS.ACK.a.b 4\r\n+ACK\r\nPUB pool.v1.up.w1.beat 4\r\n\r\n\r\n\r\n" +
		"PUB pool.v1.task.1000007 2\r\n{}\r\nPUB pool.v1.item.3 0\r\n\r\nMSG pool.v1.item.3 4 $JS.ACK.a.b 0\r\n\r\nPUB pool.v1.event 0\r\n\r\n" +
		"PUB pool.v1.raw.3 0\r\n\r\nPUB $JS.ACK.pool-v1-raw.b 4\r\n+ACK\r\n"
	var texts []string
	for rest := []byte(in); len(rest) > 0; {
		n := 0
		for i := 1; n == 0 && i <= len(rest); i++ { // byte by byte
			var frame []byte
			var err error
			if n, frame, err = f.Split(rest[:i], false); err != nil {
				t.Fatal(err)
			}
			if n > 0 {
				if text, ok := f.Describe(frame); ok {
					texts = append(texts, text)
				}
			}
		}
		if n == 0 {
			t.Fatalf("no frame in %q", rest)
		}
		rest = rest[n:]
	}
	if got := strings.Join(texts, ", "); got != "want, result 7, task 8, put 9, task 9, ack, put 7, put 3, item 3, event" {
		t.Error(got)
	}
	for _, bad := range []string{"PUB a -5\r\n", "PUB a x\r\n", "MSG a 1 99999999999\r\n"} {
		if _, _, err := f.Split([]byte(bad), false); err == nil {
			t.Errorf("%q is split", bad)
		}
	}
}

// What is wrong with an existing server is said in a sentence.
func TestExistingServer(t *testing.T) {
	serve := func(o *server.Options) string {
		o.Host, o.Port, o.NoSigs, o.NoLog, o.StoreDir = "127.0.0.1", server.RANDOM_PORT, true, true, t.TempDir()
		s, err := server.NewServer(o)
		if err != nil {
			t.Fatal(err)
		}
		go s.Start()
		if !s.ReadyForConnections(20 * time.Second) {
			t.Fatal("no server")
		}
		t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
		return s.ClientURL()
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "nats://" + l.Addr().String()
	l.Close()
	good := serve(&server.Options{JetStream: true})
	for _, tt := range []struct{ url, creds, want string }{
		{nobody, "", "no NATS server answers at nats://127.0.0.1:"},
		{serve(&server.Options{Username: "u", Password: "p", JetStream: true}), "", "refuses these credentials"},
		{strings.Replace(nobody, "//", "//u:hidden@", 1), "", "u:xxxxx@"},
		{serve(&server.Options{}), "", "has no JetStream"},
		{good, "/nowhere/at/all", "the file of credentials cannot be read"},
		{"http://x", "", "looks like nats://host:4222"},
		{good, "", ""},
	} {
		_, err := Start(t.Context(), nil, nil, Config{URL: tt.url, Creds: tt.creds})
		if got := fmt.Sprint(err); tt.want == "" && err != nil || !strings.Contains(got, tt.want) && tt.want != "" || strings.Contains(got, "hidden") {
			t.Errorf("%s: %v", tt.url, err)
		}
	}

	// The same play as with a server on stage, and nothing stays on that server.
	run := stagetest.Start(t, troupe{}, demo.Options{Params: map[string]string{"nats": good}, Attended: true})
	stagetest.Until(t, run, "the end", func(b *board.Board) bool { return b.Verdict != nil })
	run.Finish()
	got := stagetest.End(t, run)
	if v := got.Board.Verdict; got.Err != nil || !v.OK || got.Board.Counts[board.TaskDone] != 40 || got.Board.Proc("broker") != nil {
		t.Errorf("%v, %+v, %v", got.Err, v, got.Board.Counts)
	}
	nc, err := nats.Connect(good)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, _ := jetstream.New(nc)
	for name := range js.StreamNames(t.Context()).Name() {
		t.Errorf("the stream %s is left", name)
	}
}
