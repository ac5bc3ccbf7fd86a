package view

import (
	"math"
	"strconv"
	"strings"
	"time"

	"edu/procession/demos/trace"
)

// Format is how a measured number is written wherever the program shows one:
// three significant digits at most, in the unit in which it reads shortest.
//
//	{Value: 15320, Unit: "ns"}     15.3 µs
//	{Value: 1.8249, Unit: "×"}     1.82×
//	{Value: 103412, Unit: "/s"}    103 k/s
//	{Value: 8388608, Unit: "bytes"} 8 MiB
//	{Value: 10000}                 10,000
//
// A number that was slowed by the stage is no measurement: it reads "paced".
// NaN and infinities read "not measured". A unit that somebody has made up is
// safe to draw.
func Format(g trace.Gauge) string { return format(g, false) }

// format is Format with "us" and "x" for plain screens.
func format(g trace.Gauge, ascii bool) string {
	v := g.Value
	if g.Paced {
		return "paced"
	}
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "not measured"
	}
	if ns, ok := nanos(g.Unit); ok {
		return nanoseconds(v*ns, ascii)
	}
	unit := clean(g.Unit)
	switch unit {
	case "×", "x":
		s := strconv.FormatFloat(v, 'f', 2, 64)
		if math.Abs(v) >= 100 {
			s = grouped(math.Round(v))
		}
		if ascii {
			return s + "x"
		}
		return s + "×"
	case "%":
		if math.Abs(v) < 10 && v != math.Trunc(v) {
			return strconv.FormatFloat(v, 'f', 1, 64) + "%"
		}
		return strconv.FormatFloat(math.Round(v), 'f', -1, 64) + "%"
	case "bytes", "B":
		return size(v)
	case "":
		if v == math.Trunc(v) {
			return grouped(v)
		}
		return digits(v)
	}
	if !strings.HasSuffix(unit, "/s") {
		return digits(v) + " " + unit
	}
	s, si := scaled(v, 1000, "", "k", "M", "G", "T")
	switch {
	case unit == "/s" && si == "":
		return s + "/s"
	case unit == "/s":
		return s + " " + si + "/s"
	case unit == "bytes/s" || unit == "B/s":
		return size(v) + "/s"
	case si == "":
		return s + " " + unit
	}
	return s + " " + si + " " + unit
}

// nanos is how many nanoseconds a unit of time has.
func nanos(unit string) (float64, bool) {
	switch unit {
	case "ns":
		return 1, true
	case "µs", "μs", "us":
		return 1e3, true
	case "ms":
		return 1e6, true
	case "s":
		return 1e9, true
	case "min":
		return 60e9, true
	}
	return 0, false
}

func nanoseconds(ns float64, ascii bool) string {
	a := math.Abs(ns)
	micro := " µs"
	if ascii {
		micro = " us"
	}
	switch {
	case a == 0:
		return "0 s"
	case a < 999.5:
		return digits(ns) + " ns"
	case a < 999.5e3:
		return digits(ns/1e3) + micro
	case a < 999.5e6:
		return digits(ns/1e6) + " ms"
	}
	return digits(ns/1e9) + " s"
}

func size(v float64) string {
	s, unit := scaled(v, 1024, "B", "KiB", "MiB", "GiB", "TiB")
	return s + " " + unit
}

// scaled divides v until it is less than one step, and names the step.
func scaled(v, step float64, names ...string) (string, string) {
	i := 0
	for math.Abs(v) >= step-step/2000 && i < len(names)-1 {
		v /= step
		i++
	}
	return digits(v), names[i]
}

// digits writes v with three significant digits and no trailing zeros; whole
// thousands are grouped, not shortened.
func digits(v float64) string {
	a := math.Abs(v)
	prec := 0
	switch {
	case a == 0:
		return "0"
	case a < 1e-6:
		return strconv.FormatFloat(v, 'g', 3, 64)
	case a >= 999.5:
		return grouped(math.Round(v))
	case a >= 99.95:
	case a >= 9.995:
		prec = 1
	default:
		prec = 2
		for x := a; x < 0.9995; x *= 10 {
			prec++
		}
	}
	s := strconv.FormatFloat(v, 'f', prec, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// grouped writes a whole number with commas: 10,000.
func grouped(v float64) string {
	s := strconv.FormatFloat(v, 'f', 0, 64)
	neg := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(s, "-")
	if len(s) > 24 {
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if neg {
		s = "-" + s
	}
	return s
}

// appendFor writes how long something has lasted in at most five cells: 0.4s,
// 59s, 3m20s, 2h05m.
func appendFor(b []byte, d time.Duration) []byte {
	if d < 0 {
		d = 0
	}
	switch {
	case d < 9950*time.Millisecond:
		t := int64((d + 50*time.Millisecond) / (100 * time.Millisecond))
		b = strconv.AppendInt(b, t/10, 10)
		b = append(b, '.', byte('0'+t%10), 's')
	case d < 100*time.Second:
		b = append(strconv.AppendInt(b, int64(d/time.Second), 10), 's')
	case d < 10*time.Minute:
		b = append(strconv.AppendInt(b, int64(d/time.Minute), 10), 'm')
		b = append(two(b, int64(d/time.Second)%60), 's')
	case d < 100*time.Minute:
		b = append(strconv.AppendInt(b, int64(d/time.Minute), 10), 'm')
	case d < 10*time.Hour:
		b = append(strconv.AppendInt(b, int64(d/time.Hour), 10), 'h')
		b = append(two(b, int64(d/time.Minute)%60), 'm')
	default:
		b = append(strconv.AppendInt(b, int64(d/time.Hour), 10), 'h')
	}
	return b
}

func two(b []byte, n int64) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }

func forSpan(d time.Duration) string { return string(appendFor(nil, d)) }

// appendBytes writes memory in at most five cells: 8.1M, 612K, 1.2G.
func appendBytes(b []byte, n int64) []byte {
	if n < 0 {
		n = 0
	}
	v, unit := float64(n), byte('B')
	for _, u := range []byte("KMGT") {
		if v < 999.5 {
			break
		}
		v, unit = v/1024, u
	}
	prec := 0
	if unit != 'B' && v < 9.95 {
		prec = 1
	}
	return append(strconv.AppendFloat(b, v, 'f', prec, 64), unit)
}

// tickLabel writes a time on an axis whose ticks are step apart: 0, 250ms, 1.5s, 2m.
func tickLabel(t, step time.Duration) string {
	switch {
	case t == 0:
		return "0s"
	case step < time.Microsecond:
		return strconv.FormatInt(int64(t), 10) + "ns"
	case step < time.Second && t < time.Second && step%time.Millisecond == 0:
		return strconv.FormatInt(int64(t/time.Millisecond), 10) + "ms"
	case step < time.Millisecond && t < time.Second:
		return strconv.FormatFloat(float64(t)/1e6, 'f', -1, 64) + "ms"
	case t < 2*time.Minute || step%time.Minute != 0 && t < 10*time.Minute && step < 10*time.Second:
		return strconv.FormatFloat(float64(t)/1e9, 'f', -1, 64) + "s"
	case step%time.Minute != 0:
		return string(append(two(append(strconv.AppendInt(nil, int64(t/time.Minute), 10), 'm'), int64(t/time.Second)%60), 's'))
	case t < 2*time.Hour:
		return strconv.FormatInt(int64(t/time.Minute), 10) + "m"
	}
	return strconv.FormatFloat(float64(t)/3600e9, 'f', -1, 64) + "h"
}

// stepFor is the least of the steps 1, 2, 5, 10 … of a time axis that is no
// less than d; above a second they are those of a clock.
func stepFor(d time.Duration) time.Duration {
	if d <= 0 {
		return 1
	}
	for unit := time.Duration(1); unit <= time.Second; unit *= 10 {
		for _, m := range [...]time.Duration{1, 2, 5} {
			if unit*m >= d && unit*m < 10*time.Second {
				return unit * m
			}
		}
	}
	for _, s := range [...]time.Duration{10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600} {
		if s*time.Second >= d {
			return s * time.Second
		}
	}
	hours := (d + time.Hour - 1) / time.Hour
	return hours * time.Hour
}
