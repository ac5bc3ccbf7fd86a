package pool

import (
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

// perRun is how many maps a run is measured for, after one that is not.
const perRun = 4

// maps has a fresh pool of two workers map 10,000 tasks that do nothing, as a
// learner does with r, and tells how many tasks ended in a second each time: from
// the call of map to the last result, with the log complete.
func maps(b *testing.B, params map[string]string) (rates []float64) {
	set := map[string]string{"tasks": "10000", "work": "0", "serial": "false"}
	for k, v := range params {
		set[k] = v
	}
	run := stagetest.Start(b, Demo{}, demo.Options{Pace: demo.Fast, Attended: true, Params: set})
	look := time.NewTicker(5 * time.Millisecond) // more gently than a screen does
	defer look.Stop()
	for pos := 0; len(rates) <= perRun; <-look.C {
		for _, e := range run.Log().Events(pos) {
			pos++
			switch d := e.Data.(type) {
			case trace.Gauge:
				if d.Name == "tasks-per-second" {
					rates = append(rates, d.Value)
				}
			case trace.Say:
				if strings.HasPrefix(d.Text, "Ended") {
					run.Act("again", "")
				}
			case trace.Verdict:
				b.Fatal(d.Text)
			}
		}
	}
	run.Stop()
	<-run.Done()
	return rates[1:] // the first warmed up
}

// pythonMaps does the same with Python's own pool; none without python3.
func pythonMaps(b *testing.B, chunk string) (rates []float64) {
	path, err := exec.LookPath("python3")
	if err != nil {
		b.Skip("no python3 here")
	}
	out, err := exec.Command(path, "-c", fmt.Sprintf(`
import time, multiprocessing
def task(i): return i * 2654435761 %% 18446744073709551616
if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(2) as p:
        p.map(task, range(10000), chunksize=%[1]s)
        for _ in range(%[2]d):
            s = time.perf_counter()
            p.map(task, range(10000), chunksize=%[1]s)
            print(10000 / (time.perf_counter() - s))
`, chunk, perRun)).Output()
	if err != nil {
		b.Skip("python3 does not run this: ", err)
	}
	for _, f := range strings.Fields(string(out)) {
		r, _ := strconv.ParseFloat(f, 64)
		rates = append(rates, r)
	}
	return rates
}

func median(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}

// report runs measure b.N times and reports the median of all its maps.
func report(b *testing.B, measure func() []float64) {
	var all []float64
	for range b.N {
		all = append(all, measure()...)
	}
	b.ReportMetric(median(all), "tasks/s")
	b.ReportMetric(0, "ns/op") // of starting and ending pools, which is not what is measured
}

// BenchmarkPool10k and BenchmarkPython10k are two pools with the same number of
// crossings, BenchmarkRatio10k takes them in turns, so that what else the machine
// does falls on both, and reports the one by the other:
//
//	go test -run '^$' -bench 10k -benchtime 10x ./demos/pool
//
// The tasks here are numbers and Python's are pickled objects: this compares two
// pools and not two languages.
func BenchmarkPool10k(b *testing.B) {
	for _, c := range []string{"1", "1000"} {
		b.Run("chunk="+c, func(b *testing.B) {
			report(b, func() []float64 { return maps(b, map[string]string{"chunk": c}) })
		})
	}
}

func BenchmarkPython10k(b *testing.B) {
	for _, c := range []string{"1", "1000", "None"} { // None: Python chooses 1250
		b.Run("chunk="+c, func(b *testing.B) {
			report(b, func() []float64 { return pythonMaps(b, c) })
		})
	}
}

func BenchmarkRatio10k(b *testing.B) {
	var ours, theirs, ratios []float64
	for range b.N {
		o, t := maps(b, nil), pythonMaps(b, "1")
		ours, theirs = append(ours, o...), append(theirs, t...)
		ratios = append(ratios, median(o)/median(t))
	}
	b.ReportMetric(median(ours), "tasks/s")
	b.ReportMetric(median(theirs), "python-tasks/s")
	b.ReportMetric(median(ratios), "ratio")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkWindow is why the window of tiny tasks is what it is.
func BenchmarkWindow(b *testing.B) {
	for _, w := range []string{"1", "4", "16", "64", "256"} {
		b.Run(w, func(b *testing.B) {
			report(b, func() []float64 { return maps(b, map[string]string{"window": w}) })
		})
	}
}
