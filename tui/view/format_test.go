package view

import (
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"edu/procession/demos/trace"
	"edu/procession/tui/theme"
)

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		value float64
		unit  string
		want  string
	}{
		{15320, "ns", "15.3 µs"}, {1.9, "ns", "1.9 ns"}, {0, "ms", "0 s"}, {999.6, "ns", "1 µs"}, {0.62, "ms", "620 µs"},
		{4.1, "ms", "4.1 ms"}, {2310, "ms", "2.31 s"}, {90, "s", "90 s"}, {1234, "s", "1,234 s"}, {-3.5, "ms", "-3.5 ms"},
		{0.5, "µs", "500 ns"}, {3, "min", "180 s"},
		{1.8249, "×", "1.82×"}, {2, "×", "2.00×"}, {353.4, "×", "353×"}, {92.3, "%", "92%"}, {3.44, "%", "3.4%"}, {100, "%", "100%"},
		{14, "/s", "14/s"}, {103412, "/s", "103 k/s"}, {1.44e6, "/s", "1.44 M/s"}, {9.31, "/s", "9.31/s"},
		{987000, "msg/s", "987 k msg/s"}, {12, "tasks/s", "12 tasks/s"}, {3 << 20, "bytes/s", "3 MiB/s"},
		{8388608, "bytes", "8 MiB"}, {512, "bytes", "512 B"}, {65536, "bytes", "64 KiB"},
		{10000, "", "10,000"}, {7, "", "7"}, {0.333333, "", "0.333"}, {-1234567, "", "-1,234,567"}, {12, "apples", "12 apples"},
		{5, "a\x1b[31mb", "5 ab"}, {math.NaN(), "ms", "not measured"}, {math.Inf(-1), "", "not measured"}, {1e300, "", "1e+300"},
	} {
		if got := Format(trace.Gauge{Value: c.value, Unit: c.unit}); got != c.want {
			t.Errorf("Format(%v %s) = %q, want %q", c.value, c.unit, got, c.want)
		}
	}
	if got := Format(trace.Gauge{Value: 1, Unit: "s", Paced: true}); got != "paced" {
		t.Errorf("a paced gauge reads %q", got)
	}
}

func TestShortTimes(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0.0s", 440 * ms1: "0.4s", 450 * ms1: "0.5s", 9940 * ms1: "9.9s", 9960 * ms1: "9s", 59 * time.Second: "59s",
		99 * time.Second: "99s", 200 * time.Second: "3m20s", 11 * time.Minute: "11m", 125 * time.Minute: "2h05m", 30 * time.Hour: "30h", -1: "0.0s",
	} {
		if got := forSpan(d); got != want || len(got) > 5 {
			t.Errorf("%v reads %q, want %q", d, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0B", 999: "999B", 1000: "1.0K", 8 << 20: "8.0M", 99 << 20: "99M", 3 << 30: "3.0G", -5: "0B"} {
		if got := string(appendBytes(nil, n)); got != want || len(got) > 5 {
			t.Errorf("%d bytes read %q, want %q", n, got, want)
		}
	}
	for _, c := range []struct {
		t, step time.Duration
		want    string
	}{{0, time.Second, "0s"}, {1500 * ms1, 500 * ms1, "1.5s"}, {250 * ms1, 50 * ms1, "250ms"}, {90 * time.Second, 30 * time.Second, "90s"},
		{150 * time.Second, 30 * time.Second, "2m30s"}, {5 * time.Minute, time.Minute, "5m"}, {3 * time.Hour, time.Hour, "3h"}} {
		if got := tickLabel(c.t, c.step); got != c.want {
			t.Errorf("a tick at %v reads %q, want %q", c.t, got, c.want)
		}
	}
	for d, want := range map[time.Duration]time.Duration{0: 1, 3: 5, 130 * ms1: 200 * ms1, 3 * time.Second: 5 * time.Second, 6 * time.Second: 10 * time.Second,
		21 * time.Second: 30 * time.Second, 3 * time.Minute: 5 * time.Minute, 2 * time.Hour: 2 * time.Hour} {
		if got := stepFor(d); got != want {
			t.Errorf("the step for %v is %v, want %v", d, got, want)
		}
	}
}

// TestTable holds the linear form of three runs.
func TestTable(t *testing.T) {
	pb, _ := poolHalf()
	sb, _ := same()
	golden(t, "table-life", Table(life().board(time.Hour)))
	golden(t, "table-pool", Table(pb))
	golden(t, "table-same-call", Table(sb))
	golden(t, "table-five", Table(five(true).board(time.Hour)))
	golden(t, "table-nothing", Table(nil))
	for _, name := range []string{"life", "pool", "same-call", "nothing"} {
		b, err := os.ReadFile(filepath.Join("testdata", "table-"+name+".golden"))
		if err != nil || !isASCII(string(b)) {
			t.Errorf("%s: %v, or not ASCII", name, err)
		}
	}
}

// TestPacedIsHidden holds that a number which the stage slowed is not shown.
func TestPacedIsHidden(t *testing.T) {
	p := &play{}
	p.add(0, trace.Stage, "", trace.Gauge{Name: "makespan", Value: 123456, Unit: "ms", Paced: true})
	s := &Scene{Theme: theme.Theme{}, Board: p.board(1)}
	for _, text := range []string{Gauges(s, 80, 1)[0], Table(s.Board)} {
		if hasAny(text, "makespan", "123") || !hasAny(text, "slowed down") {
			t.Errorf("it reads %q", text)
		}
	}
}
