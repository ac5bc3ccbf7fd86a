//go:build linux

package broker

import (
	"bufio"
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// manager is Python's BaseManager queue, in a server process of its own: one
// process puts and another gets, and then one item goes there and back.
const manager = `
import multiprocessing as mp, queue, time
from multiprocessing.managers import BaseManager
a, b = queue.Queue(), queue.Queue()
def get_a(): return a
def get_b(): return b
class M(BaseManager): pass
M.register("a", callable=get_a); M.register("b", callable=get_b)
def other(address, key, n, trips):
    m = M(address=address, authkey=key); m.connect()
    a, b = m.a(), m.b()
    for _ in range(n): a.get()
    b.put(0)
    for _ in range(trips): b.put(a.get())
if __name__ == "__main__":
    n, trips = 5000, 1000
    m = M(address=("127.0.0.1", 0), authkey=b"key"); m.start()
    a, b = m.a(), m.b()
    p = mp.Process(target=other, args=(m.address, b"key", n, trips)); p.start()
    item = b"x" * 64
    a.put(item)
    while a.qsize(): pass
    t = time.perf_counter()
    for _ in range(n - 1): a.put(item)
    b.get()
    rate = (n - 1) / (time.perf_counter() - t)
    ts = []
    for _ in range(trips):
        t = time.perf_counter(); a.put(item); b.get(); ts.append(time.perf_counter() - t)
    print(rate, sorted(ts)[trips // 2] * 1e6)
    p.join(); m.shutdown()
`

// BenchmarkHandOff measures 64-byte messages over TCP loopback, one sender and one
// receiver: a second in one direction, and the median of a round trip. All three
// are measured in the same run, so that the ratio means something on any machine.
// It is kind to NATS: its server, sender and receiver are threads of one process,
// where Python's are three processes. What "js" does is more than the others do:
// files, and a confirmation for each put and each acknowledgement.
func BenchmarkHandOff(b *testing.B) {
	o := &server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: b.TempDir(), NoSigs: true, NoLog: true}
	s, err := server.NewServer(o)
	if err != nil {
		b.Fatal(err)
	}
	go s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		b.Fatal("no server")
	}
	defer s.Shutdown()
	connect := func() *nats.Conn {
		nc, err := nats.Connect(s.ClientURL())
		if err != nil {
			b.Fatal(err)
		}
		return nc
	}
	from, to := connect(), connect()
	defer from.Close()
	defer to.Close()
	item := []byte(strings.Repeat("x", 64))

	for b.Loop() {
		coreRate, coreTrip := core(b, from, to, item)
		jsRate, jsTrip := acked(b, from, to, item)
		b.ReportMetric(coreRate, "core-msg/s")
		b.ReportMetric(coreTrip, "core-µs")
		b.ReportMetric(jsRate, "js-msg/s")
		b.ReportMetric(jsTrip, "js-µs")
		out, err := exec.Command("python3", "-c", manager).Output()
		var rate, trip float64
		if _, bad := fmt.Fscan(bufio.NewReader(strings.NewReader(string(out))), &rate, &trip); err != nil || bad != nil {
			b.Logf("without Python: %v", err)
			continue
		}
		b.ReportMetric(rate, "python-msg/s")
		b.ReportMetric(trip, "python-µs")
		b.ReportMetric(coreRate/rate, "core/python")
		b.ReportMetric(jsRate/rate, "js/python")
		b.ReportMetric(trip/coreTrip, "python-trip/core")
		b.ReportMetric(trip/jsTrip, "python-trip/js")
	}
}

func median(trips int, trip func()) float64 {
	var took []time.Duration
	for range trips {
		t := time.Now()
		trip()
		took = append(took, time.Since(t))
	}
	slices.Sort(took)
	return float64(took[trips/2].Nanoseconds()) / 1e3
}

func core(b *testing.B, from, to *nats.Conn, item []byte) (rate, trip float64) {
	const n = 100_000
	sub, err := to.SubscribeSync("hand.off")
	if err != nil {
		b.Fatal(err)
	}
	sub.SetPendingLimits(-1, -1)
	to.Flush()
	t := time.Now()
	for range n {
		from.Publish("hand.off", item)
	}
	for range n {
		if _, err := sub.NextMsg(10 * time.Second); err != nil {
			b.Fatal(err)
		}
	}
	rate = n / time.Since(t).Seconds()
	sub.Unsubscribe()
	echo, _ := to.Subscribe("echo", func(m *nats.Msg) { m.Respond(m.Data) })
	to.Flush()
	defer echo.Unsubscribe()
	return rate, median(1000, func() {
		if _, err := from.Request("echo", item, 10*time.Second); err != nil {
			b.Fatal(err)
		}
	})
}

// acked is a work queue in files: each message is confirmed to its sender when it
// is stored, and acknowledged by its receiver. A round trip is a put that was
// confirmed, a get, and an acknowledgement that was confirmed.
func acked(b *testing.B, from, to *nats.Conn, item []byte) (rate, trip float64) {
	const n = 20_000
	ctx, cancel := context.WithTimeout(b.Context(), 2*time.Minute)
	defer cancel()
	put, _ := jetstream.New(from, jetstream.WithPublishAsyncMaxPending(1000))
	get, _ := jetstream.New(to)
	fail := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	_, err := put.CreateStream(ctx, jetstream.StreamConfig{Name: "W", Subjects: []string{"work"}, Retention: jetstream.WorkQueuePolicy, Storage: jetstream.FileStorage})
	fail(err)
	defer put.DeleteStream(ctx, "W")
	c, err := get.CreateConsumer(ctx, "W", jetstream.ConsumerConfig{Durable: "c", AckPolicy: jetstream.AckExplicitPolicy, MaxAckPending: 5000})
	fail(err)
	all := make(chan struct{})
	got := 0
	t := time.Now()
	cc, err := c.Consume(func(m jetstream.Msg) {
		m.Ack()
		if got++; got == n {
			close(all)
		}
	})
	fail(err)
	for range n {
		_, err := put.PublishAsync("work", item)
		fail(err)
	}
	<-put.PublishAsyncComplete()
	select {
	case <-all:
	case <-ctx.Done():
		b.Fatalf("%d of %d", got, n)
	}
	rate = n / time.Since(t).Seconds()
	cc.Stop()
	<-cc.Closed()
	return rate, median(500, func() {
		_, err := put.Publish(ctx, "work", item)
		fail(err)
		m, err := c.Next()
		fail(err)
		fail(m.DoubleAck(ctx))
	})
}
