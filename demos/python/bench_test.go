//go:build linux

package python

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

// timed is a program that says how long its pool took, in ms, and no more.
const timed = `import multiprocessing as mp, sys, time

def work(_):
    end = time.perf_counter() + float(sys.argv[3])
    while time.perf_counter() < end:
        pass

if __name__ == "__main__":
    with mp.Pool(int(sys.argv[1])) as p:
        p.map(work, range(4), chunksize=1)
        began = time.perf_counter()
        p.map(work, range(int(sys.argv[2])), chunksize=1)
        print((time.perf_counter() - began) * 1000)
`

// What it costs a program to be on stage: the same pool alone and watched, in one
// run, by its own clock. "watched" reports the ratio of the last two.
func BenchmarkBridge(b *testing.B) {
	in := have(b)
	path := file(b, timed)
	args := []string{"2", "1000", "0.001"}
	var alone, watched float64
	b.Run("alone", func(b *testing.B) {
		for b.Loop() {
			out, err := exec.Command(in.Path, append([]string{path}, args...)...).Output()
			if err != nil {
				b.Fatal(err)
			}
			alone += ms(b, string(out))
		}
		alone /= float64(b.N)
		b.ReportMetric(alone, "ms/pool")
	})
	b.Run("watched", func(b *testing.B) {
		for b.Loop() {
			got := stagetest.Play(b, Demo{}, options(path, "args", strings.Join(args, " ")))
			watched += ms(b, printed(b, got))
		}
		watched /= float64(b.N)
		b.ReportMetric(watched, "ms/pool")
		b.ReportMetric(watched/alone, "ratio")
	})
}

// Sixteen workers and ten thousand tasks: what it costs this program, and that no
// event is lost.
func BenchmarkTenThousandTasks(b *testing.B) {
	have(b)
	path := file(b, timed)
	for b.Loop() {
		before := cpu()
		got := stagetest.Play(b, Demo{}, options(path, "args", "16 10000 0"))
		b.ReportMetric(cpu()-before, "cpu-s/run")
		b.ReportMetric(ms(b, printed(b, got)), "ms/pool")
		b.ReportMetric(float64(got.Board.Dropped), "lost-events")
		if n := len(got.Board.Tasks); n != 10004 {
			b.Fatalf("%d tasks", n)
		}
		done := 0
		for _, e := range got.Events {
			if e.Kind == trace.KindTaskDone {
				done++
			}
		}
		b.ReportMetric(float64(done), "done")
	}
}

func cpu() float64 {
	var ru syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &ru)
	return float64(ru.Utime.Nano()+ru.Stime.Nano()) / 1e9
}

func printed(b *testing.B, got stagetest.Result) string {
	b.Helper()
	for _, l := range got.Board.Lines {
		if l.Stream == "stdout" {
			return l.Text
		}
	}
	b.Fatalf("it printed nothing: %+v", got.Board.Verdict)
	return ""
}

func ms(b *testing.B, s string) float64 {
	b.Helper()
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil {
		b.Fatal(err)
	}
	return v
}
