package brokers

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/wire"
	"edu/procession/demos/trace"
)

// opening is how long the servers may take to be able to make the stream.
const opening = 60 * time.Second

// connect connects to any of the servers and stays connected to one that lives.
func connect(w *demo.Worker) (*nats.Conn, jetstream.JetStream, error) {
	opts := []nats.Option{
		nats.Name(string(w.Name())), nats.UserInfo("node", w.Arg("secret")), nats.Timeout(2 * time.Second),
		nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.ReconnectWait(100 * time.Millisecond), nats.ReconnectBufSize(-1),
		nats.PingInterval(500 * time.Millisecond), nats.MaxPingsOutstanding(2), nats.IgnoreDiscoveredServers(),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { w.Logf("%v", err) }),
		nats.DisconnectErrHandler(func(c *nats.Conn, _ error) {
			if !c.IsClosed() {
				w.Report(trace.Belief{About: "servers", Is: "no connection"})
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { w.Report(trace.Belief{About: "servers"}) }),
	}
	nc, err := nats.Connect(w.Arg("servers"), opts...)
	if err != nil {
		return nil, nil, fmt.Errorf("no server can be used: %w", err)
	}
	js, err := jetstream.New(nc)
	return nc, js, err
}

// pause waits for d, or less when ctx is done.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// insist repeats f until it works or ctx is done.
func insist(ctx context.Context, f func(context.Context) error) error {
	for {
		at, stop := context.WithTimeout(ctx, 500*time.Millisecond) // who does not lead yet does not answer
		err := f(at)
		stop()
		if err == nil || ctx.Err() != nil {
			return err
		}
		pause(ctx, 50*time.Millisecond)
	}
}

// untilTold is a context that is done when the play ends what it says to w.
func untilTold(ctx context.Context, w *demo.Worker) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		for {
			if _, err := w.Recv(); err != nil {
				cancel()
				return
			}
		}
	}()
	return ctx, cancel
}

// producer is the role of who puts tasks, from the argument "from" on, one after
// the other, until it is told to end. It ends once the latest is acknowledged.
func producer(ctx context.Context, w *demo.Worker) error {
	told, cancel := untilTold(ctx, w)
	defer cancel()
	w.Block("a server")
	nc, js, err := connect(w)
	if err != nil {
		return err
	}
	defer nc.Close()
	w.Block("a stream")
	open, stop := context.WithTimeout(told, opening)
	defer stop()
	err = insist(open, func(ctx context.Context) error {
		s, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{Name: stream, Subjects: []string{subject + "*"},
			Retention: jetstream.WorkQueuePolicy, Storage: jetstream.FileStorage, Replicas: w.IntArg("copies"), Duplicates: 10 * time.Minute})
		if err == nil {
			_, err = s.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{Durable: lending, AckPolicy: jetstream.AckExplicitPolicy,
				AckWait: w.DurationArg("lease"), MaxDeliver: -1, MaxAckPending: 64})
		}
		return err
	})
	if told.Err() != nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the servers make no stream: %w", err)
	}
	for n := w.IntArg("from"); told.Err() == nil; n++ {
		put(ctx, w, js, n)
		w.Block("the next task")
		pause(told, w.DurationArg("every"))
	}
	return nil
}

// put sends a task, with its number as its id, until the stream says that it has
// it.
func put(ctx context.Context, w *demo.Worker, js jetstream.JetStream, n int) {
	tell := func(f fact) {
		f.Who, f.Task, f.At = w.Name(), n, int64(w.Now())
		wire.Tell(w.File(0), f)
	}
	id := "task-" + strconv.Itoa(n)
	w.Report(trace.Task{Is: trace.KindTaskNew, Task: n})
	w.Block("the acknowledgement of task " + strconv.Itoa(n))
	tell(fact{What: sent})
	began, patience := time.Now(), w.DurationArg("patience")
	for try := 1; ctx.Err() == nil; try++ {
		attempt := time.Now()
		at, stop := context.WithTimeout(ctx, patience)
		ack, err := js.Publish(at, subject+strconv.Itoa(n), []byte(id), jetstream.WithMsgID(id), jetstream.WithRetryAttempts(0))
		stop()
		if err == nil {
			w.Report(trace.Item{Is: trace.KindPut, Queue: stream, Item: strconv.Itoa(n), Depth: -1})
			if try > 1 {
				w.Report(trace.Belief{About: stream})
			}
			tell(fact{What: acked, Dup: ack.Duplicate})
			return
		}
		pause(ctx, patience-time.Since(attempt))
		w.Report(trace.Belief{About: stream, Is: fmt.Sprintf("no acknowledgement for %.1f s", time.Since(began).Seconds())})
		tell(fact{What: again})
	}
}

// worker is the role of who does tasks, until it is told to end.
func worker(ctx context.Context, w *demo.Worker) error {
	told, cancel := untilTold(ctx, w)
	defer cancel()
	w.Block("a server")
	nc, js, err := connect(w)
	if err != nil {
		return err
	}
	defer nc.Close()
	var c jetstream.Consumer
	for told.Err() == nil {
		w.Block("a task")
		if c == nil {
			if insist(told, func(ctx context.Context) error { c, err = js.Consumer(ctx, stream, lending); return err }) != nil {
				return nil
			}
		}
		at, stop := context.WithTimeout(told, time.Second)
		m, err := c.Next(jetstream.FetchContext(at))
		stop()
		if err != nil {
			if !errors.Is(err, nats.ErrTimeout) && !errors.Is(err, context.DeadlineExceeded) {
				pause(told, 100*time.Millisecond) // nobody leads, or there is no connection
			}
			continue
		}
		do(ctx, w, m)
	}
	return nil
}

// do does a task and acknowledges it.
func do(ctx context.Context, w *demo.Worker, m jetstream.Msg) {
	n, err := strconv.Atoi(strings.TrimPrefix(m.Subject(), subject))
	meta, bad := m.Metadata()
	if err != nil || bad != nil {
		m.Term()
		return
	}
	tell := func(what string) {
		wire.Tell(w.File(0), fact{Who: w.Name(), What: what, Task: n, At: int64(w.Now())})
	}
	item := trace.Item{Queue: stream, Item: strconv.Itoa(n), Depth: -1}
	attempt := int(meta.NumDelivered)
	if attempt > 1 {
		w.Report(trace.Task{Is: trace.KindTaskRetry, Task: n, Worker: w.Name(), Attempt: attempt})
		item.Is = trace.KindPut // it had gone back when its lease ended
		w.Report(item)
	}
	item.Is = trace.KindGet
	w.Report(item)
	w.Report(trace.Task{Is: trace.KindTaskRun, Task: n, Worker: w.Name(), Attempt: attempt})
	tell(took)
	w.Block("")
	w.Sleep(w.DurationArg("work"))
	tell(did)
	w.Block("the word that task " + strconv.Itoa(n) + " is taken off")
	at, stop := context.WithTimeout(ctx, w.DurationArg("lease"))
	defer stop()
	if insist(at, m.DoubleAck) != nil {
		w.Logf("no word that task %d is taken off: it may come again", n)
		return
	}
	item.Is = trace.KindAck
	w.Report(item)
}
