package pool

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

// perRun is how many maps a run is measured for, after one that is not.
const perRun = 5

// rate runs maps of 10,000 tasks that do nothing on two workers, as a learner
// does with r, and reports how many tasks ended in a second, from the call of map
// to the last result, with the log complete.
func rate(b *testing.B, params map[string]string) float64 {
	params["tasks"], params["work"], params["serial"] = "10000", "0", "false"
	var total time.Duration
	maps := 0
	for maps < b.N {
		run := stagetest.Start(b, Demo{}, demo.Options{Pace: demo.Fast, Attended: true, Params: params})
		seen, pos := -1, 0 // the first map warms up
		for seen < perRun && maps < b.N {
			if !run.Log().Wait(context.Background(), pos) {
				b.Fatal(run.Err())
			}
			for _, e := range run.Log().Events(pos) {
				pos++
				if g, ok := e.Data.(trace.Gauge); ok && g.Name == "makespan" {
					if seen++; seen > 0 {
						total += time.Duration(g.Value * float64(time.Second))
						maps++
					}
				}
				if s, ok := e.Data.(trace.Say); ok && strings.HasPrefix(s.Text, "Ended") && seen < perRun && maps < b.N {
					run.Act("again", "")
				}
			}
		}
		run.Stop()
		<-run.Done()
	}
	r := float64(maps) * 10_000 / total.Seconds()
	b.ReportMetric(r, "tasks/s")
	b.ReportMetric(0, "ns/op") // the whole run's, which is not what is measured
	return r
}

// python runs map of Python's own pool in the same way; 0 without python3.
func python(b *testing.B, chunk string) float64 {
	path, err := exec.LookPath("python3")
	if err != nil {
		b.Skip("no python3 here")
	}
	script := fmt.Sprintf(`
import time, multiprocessing
def task(i): return i * 2654435761 %% 18446744073709551616
if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(2) as p:
        p.map(task, range(10000), chunksize=%[1]s)
        t = 0
        for _ in range(%[2]d):
            s = time.perf_counter(); p.map(task, range(10000), chunksize=%[1]s); t += time.perf_counter() - s
        print(10000 * %[2]d / t)
`, chunk, b.N)
	out, err := exec.Command(path, "-c", script).Output()
	if err != nil {
		b.Skip("python3 does not run this: ", err)
	}
	r, _ := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	b.ReportMetric(r, "tasks/s")
	b.ReportMetric(0, "ns/op")
	return r
}

// BenchmarkPool10k and BenchmarkPython10k are meant to be run together:
//
//	go test -run '^$' -bench '10k' -benchtime 20x ./demos/pool
//
// The tasks here are numbers and Python's are pickled objects: two pools are
// compared, with the same work for the kernel, and not two languages.
func BenchmarkPool10k(b *testing.B) {
	b.Run("chunk=1", func(b *testing.B) { rate(b, map[string]string{"chunk": "1"}) })
	b.Run("chunk=1,window=1", func(b *testing.B) { rate(b, map[string]string{"chunk": "1", "window": "1"}) })
	b.Run("chunk=1000", func(b *testing.B) { rate(b, map[string]string{"chunk": "1000"}) })
}

func BenchmarkPython10k(b *testing.B) {
	b.Run("chunk=1", func(b *testing.B) { python(b, "1") })
	b.Run("chunk=1000", func(b *testing.B) { python(b, "1000") })
	b.Run("chunk=default", func(b *testing.B) { python(b, "None") })
}

// BenchmarkRatio10k measures the two in turns, so that what else the machine does
// falls on both, and reports one by the other.
func BenchmarkRatio10k(b *testing.B) {
	ours := rate(b, map[string]string{"chunk": "1"})
	theirs := python(b, "1")
	b.ReportMetric(ours, "tasks/s")
	b.ReportMetric(theirs, "python-tasks/s")
	b.ReportMetric(ours/theirs, "ratio")
}

// BenchmarkWindow is why the window of tiny tasks is what it is.
func BenchmarkWindow(b *testing.B) {
	for _, w := range []string{"1", "2", "4", "8", "16", "32", "64", "128", "256"} {
		b.Run(w, func(b *testing.B) { rate(b, map[string]string{"window": w}) })
	}
}
