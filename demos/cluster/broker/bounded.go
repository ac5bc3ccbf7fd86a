package broker

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
	"edu/procession/demos/trace"
)

// Bounded is a queue with so many places between nodes that all use JetStream
// themselves: there is no master. It is for nodes of the stage, never for joined
// workers. A place is free again when an item was acknowledged, not when it was
// taken. Put and Get are for one goroutine each.
//
//	args, err := b.PeerArgs("producer-1") // in Play, for Spec.Args
//	q, err := broker.Join(ctx, w, 8)      // in the node
//	full, err := q.Put(ctx, 7, body)
//	it, err := q.Get(ctx)
//	err = it.Done(ctx)
type Bounded struct {
	nc *nats.Conn

	a    Access
	name string
	js   jetstream.JetStream
	c    jetstream.Consumer
}

// peerPrefix is what the names of connections begin with that may use JetStream.
// No worker's does: it is no word of a subject.
const peerPrefix = "peer."

// PeerArgs is Args for a node that is to use JetStream.
func (b *Broker) PeerArgs(node trace.ID) (map[string]string, error) {
	seed, err := b.secret.seed(peerPrefix + string(node))
	if err != nil {
		return nil, err
	}
	return b.args(node, Access{Seed: seed})
}

// QueueName is what the log calls the queue.
const QueueName trace.ID = "queue"

// Join connects a node that was started with PeerArgs to the queue, which is made
// where there is none.
func Join(ctx context.Context, w *demo.Worker, size int) (*Bounded, error) {
	return join(ctx, w, string(QueueName), "item", size)
}

// JoinUnlogged is Join for another queue, which is unbounded and whose messages
// are not in the log: for measuring.
func JoinUnlogged(ctx context.Context, w *demo.Worker) (*Bounded, error) {
	return join(ctx, w, "raw", "raw", -1)
}

func join(ctx context.Context, w *demo.Worker, stream, name string, size int) (*Bounded, error) {
	a, err := AccessOf(w)
	if err != nil {
		return nil, err
	}
	nc, err := dial(a, peerPrefix+string(w.Name()), w.Report)
	if err != nil {
		return nil, err
	}
	q := &Bounded{nc: nc, a: a, name: name}
	if q.js, err = jetstream.New(nc); err != nil {
		return nil, err
	}
	stream = streamOf(a.Space, stream)
	ctx, cancel := context.WithTimeout(ctx, opening)
	defer cancel()
	err = insist(ctx, func(ctx context.Context) error {
		_, err := q.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
			Name: stream, Subjects: []string{q.subject("*")}, Retention: jetstream.WorkQueuePolicy,
			MaxMsgs: int64(size), Discard: jetstream.DiscardNew, Storage: jetstream.FileStorage, Duplicates: 10 * time.Minute,
		})
		if err != nil {
			return err
		}
		q.c, err = q.js.CreateOrUpdateConsumer(ctx, stream, jetstream.ConsumerConfig{
			Durable: "consumers", AckPolicy: jetstream.AckExplicitPolicy, AckWait: a.Lease, MaxDeliver: -1,
		})
		return err
	})
	if err != nil {
		nc.Close()
		return nil, noJetStream(a.URL, err)
	}
	return q, nil
}

// Close ends the connection.
func (q *Bounded) Close() { q.nc.Close() }

func (q *Bounded) subject(what string) string { return q.a.Space + "." + q.name + "." + what }

// Put puts an item and returns when the broker has it in its files, or false when
// it has no room. While the broker is away it goes on trying; an item that had got
// there is not put twice.
func (q *Bounded) Put(ctx context.Context, n int, body []byte) (there bool, err error) {
	err = insist(ctx, func(ctx context.Context) error {
		_, err := q.js.Publish(ctx, q.subject(strconv.Itoa(n)), body, jetstream.WithMsgID("item-"+strconv.Itoa(n)))
		if api := (&jetstream.APIError{}); errors.As(err, &api) && api.ErrorCode == errStore && strings.Contains(api.Description, "maximum messages") {
			there = false
			return nil
		}
		there = err == nil
		return err
	})
	return there, err
}

// errStore is JetStream's code for what a stream could not store.
const errStore jetstream.ErrorCode = 10077

// stall is how long the broker may take before it takes more of PutMany.
const stall = 30 * time.Second

// PutMany puts many items as fast as the broker takes them, and returns when it
// has all in its files.
func (q *Bounded) PutMany(ctx context.Context, n int, body func(i int) []byte) error {
	for i := range n {
		if _, err := q.js.PublishAsync(q.subject(strconv.Itoa(i)), body(i), jetstream.WithStallWait(stall)); err != nil {
			return err
		}
	}
	select {
	case <-q.js.PublishAsyncComplete():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Each gets items and reads ahead, until f is false. Each is acknowledged when f
// has returned, and nobody waits for the broker to hear it.
func (q *Bounded) Each(ctx context.Context, f func(*Item) bool) error {
	ms, err := q.c.Messages(jetstream.PullMaxMessages(512))
	if err != nil {
		return err
	}
	defer ms.Stop()
	defer context.AfterFunc(ctx, ms.Stop)()
	for {
		m, err := ms.Next()
		if err != nil {
			return errors.Join(ctx.Err(), err)
		}
		it, err := q.item(m)
		if err != nil {
			return err
		}
		more := f(it)
		if err := m.Ack(); err != nil || !more {
			return err
		}
	}
}

func (q *Bounded) item(m jetstream.Msg) (*Item, error) {
	it := &Item{Body: m.Data(), msg: m, nc: q.nc}
	if _, err := fmt.Sscanf(m.Subject(), q.subject("%d"), &it.N); err != nil {
		return nil, fmt.Errorf("%q is no item's subject", m.Subject())
	}
	if meta, err := m.Metadata(); err == nil {
		it.Attempt = int(meta.NumDelivered)
	}
	return it, nil
}

// Item is one that was taken out and is not acknowledged.
type Item struct {
	N       int
	Attempt int // 1 for one that nobody had before
	Body    []byte
	msg     jetstream.Msg
	nc      *nats.Conn
}

// Get waits for an item, which is this node's until the lease is over.
func (q *Bounded) Get(ctx context.Context) (*Item, error) {
	for ctx.Err() == nil {
		at, cancel := context.WithTimeout(ctx, time.Second)
		m, err := q.c.Next(jetstream.FetchContext(at))
		cancel()
		if err != nil {
			if !errors.Is(err, nats.ErrTimeout) && !errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
				pause(ctx, 50*time.Millisecond) // the broker is away
			}
			continue
		}
		it, err := q.item(m)
		if err != nil {
			m.Term()
			continue
		}
		return it, nil
	}
	return nil, ctx.Err()
}

// ErrUnheard is that the broker does not answer an acknowledgement, though it is
// there: as one does that was killed before its files said who has the item. It
// gives the item out again.
var ErrUnheard = errors.New("the broker does not answer for it")

// Done acknowledges an item, and returns when the broker has said that it has
// heard that. While the broker is away it waits for it. After the lease the item
// may be somebody else's: then both do it.
func (it *Item) Done(ctx context.Context) error {
	for tries := 0; tries < 3; {
		at, cancel := context.WithTimeout(ctx, time.Second)
		err := it.msg.DoubleAck(at)
		cancel()
		if err == nil || ctx.Err() != nil || errors.Is(err, nats.ErrConnectionClosed) {
			return err
		}
		if it.nc.IsConnected() {
			tries++
		}
		pause(ctx, 50*time.Millisecond)
	}
	return ErrUnheard
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// Listen returns what waits for the event: for the next message that Ring sends
// after Listen has returned.
func (q *Bounded) Listen() (wait func(context.Context) ([]byte, error), err error) {
	sub, err := q.nc.SubscribeSync(q.a.Space + ".event")
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) ([]byte, error) {
		m, err := sub.NextMsgWithContext(ctx)
		if err != nil {
			return nil, err
		}
		return m.Data, nil
	}, q.nc.FlushTimeout(5 * time.Second)
}

// Ring sends the event to all who listen. The broker keeps nothing of it.
func (q *Bounded) Ring(body []byte) error {
	if err := q.nc.Publish(q.a.Space+".event", body); err != nil {
		return err
	}
	return q.nc.FlushTimeout(5 * time.Second)
}
