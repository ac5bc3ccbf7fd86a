package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"testing"

	"edu/procession/demos/demo"
	"edu/procession/demos/stage/stagetest"
)

// Both sides are measured alike: real processes, 64-byte messages, throughput from
// before the first put until the last was got, and one at a time from just before
// put until got, on the machine's monotonic clock. Both queues are unbounded and
// have a feeder. Python pickles what it is given (64 bytes), ours seals each
// message before put and checks it after get.
//
//	go test -run - -bench . ./demos/queue

// racer is the demo without its play: only the measurement.
type racer struct {
	Demo
	many, one int
}

func (r racer) Play(ctx context.Context, s demo.Stage) error {
	if ok, err := race(ctx, s, r.many, r.one); err != nil || !ok {
		return fmt.Errorf("not measured: %w", err)
	}
	return nil
}

// result is messages a second and a hand-off in µs: median and 99th percentile.
type result struct{ Rate, Median, P99 float64 }

// ours runs the demo's own source and sink.
func ours(b *testing.B, many, one int) result {
	b.Helper()
	got := stagetest.Play(b, racer{many: many, one: one}, demo.Options{Pace: demo.Fast})
	if got.Err != nil {
		b.Fatal(got.Err)
	}
	value := func(name string) float64 {
		g, _ := got.Board.Gauge(name)
		return g.Value
	}
	return result{value("messages-per-second"), value("handoff"), value("handoff-p99")}
}

const python = `
import multiprocessing as mp, time, json, sys
def sink(q, ack, many, one):
    for _ in range(many):
        q.get()
    done = time.monotonic_ns()
    ack.send_bytes(b".")
    took = []
    for _ in range(one):
        m = q.get()
        took.append(time.monotonic_ns() - int.from_bytes(m[:8], "little"))
        ack.send_bytes(b".")
    took.sort()
    ack.send((done, took[one // 2] / 1e3, took[one * 99 // 100] / 1e3))
if __name__ == "__main__":
    many, one = int(sys.argv[1]), int(sys.argv[2])
    q = mp.Queue()
    here, there = mp.Pipe()
    p = mp.Process(target=sink, args=(q, there, many, one))
    p.start()
    m = bytes(64)
    begin = time.monotonic_ns()
    for _ in range(many):
        q.put(m)
    here.recv_bytes()
    for _ in range(one):
        q.put(time.monotonic_ns().to_bytes(8, "little") + m[8:])
        here.recv_bytes()
    done, median, p99 = here.recv()
    p.join()
    print(json.dumps({"Rate": many / (done - begin) * 1e9, "Median": median, "P99": p99}))
`

// theirs runs Python's multiprocessing.Queue.
func theirs(b *testing.B, many, one int) (r result) {
	b.Helper()
	path, err := exec.LookPath("python3")
	if err != nil {
		b.Skip("python3 is not here: nothing to compare with")
	}
	out, err := exec.Command(path, "-c", python, strconv.Itoa(many), strconv.Itoa(one)).Output()
	if err == nil {
		err = json.Unmarshal(out, &r)
	}
	if err != nil {
		b.Fatalf("python3: %v", err)
	}
	return r
}

func (r result) report(b *testing.B) {
	b.ReportMetric(r.Rate, "msg/s")
	b.ReportMetric(r.Median, "µs/handoff")
	b.ReportMetric(r.P99, "µs/handoff-p99")
}

// BenchmarkQueue64 is messages of 64 bytes between two processes.
func BenchmarkQueue64(b *testing.B) {
	for b.Loop() {
		ours(b, 1<<20, 2000).report(b)
	}
}

// BenchmarkPythonQueue64 is the same with multiprocessing.Queue.
func BenchmarkPythonQueue64(b *testing.B) {
	for b.Loop() {
		theirs(b, 50_000, 2000).report(b)
	}
}

// BenchmarkAgainstPython runs both in turn and reports the medians of five, and
// how many times as fast ours passes messages on and hands one over.
func BenchmarkAgainstPython(b *testing.B) {
	const rounds = 5
	for b.Loop() {
		var us, them [3][]float64
		for range rounds {
			for i, r := range []result{ours(b, 1<<20, 2000), theirs(b, 50_000, 2000)} {
				to := &us
				if i == 1 {
					to = &them
				}
				to[0], to[1], to[2] = append(to[0], r.Rate), append(to[1], r.Median), append(to[2], r.P99)
			}
		}
		median := func(x []float64) float64 { slices.Sort(x); return x[rounds/2] }
		b.ReportMetric(median(us[0]), "msg/s")
		b.ReportMetric(median(them[0]), "python-msg/s")
		b.ReportMetric(median(us[0])/median(them[0]), "×rate")
		b.ReportMetric(median(us[1]), "µs/handoff")
		b.ReportMetric(median(them[1]), "µs/python-handoff")
		b.ReportMetric(median(them[1])/median(us[1]), "×handoff")
		b.ReportMetric(median(us[2]), "µs/handoff-p99")
		b.ReportMetric(median(them[2]), "µs/python-handoff-p99")
	}
}
