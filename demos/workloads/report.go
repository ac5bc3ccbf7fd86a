package workloads

import (
	"fmt"
	"strings"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

var kindWords = map[string]string{cpu: "jobs that compute", wait: "jobs that wait"}

// report tells a measurement as gauges and as a caption.
func (pl *play) report(c *current) {
	s := pl.s
	serial, compared := pl.done[asked{c.kind, "serial"}]
	if c.asked.way == "serial" {
		serial, compared = c.got, true
	}
	pl.done[c.asked] = c.got
	show := func(what string, value float64, unit, group string) {
		g := trace.Gauge{Name: gauge(what, c.kind, c.way), Value: value, Unit: unit, Group: group, Paced: s.Pace() == demo.Slow}
		if compared && pl.busy(c.kind, serial) {
			g.Note = "machine busy with other things"
		}
		s.Emit("", g)
	}
	show("makespan", c.got.makespan.Seconds(), "s", "makespan: "+kindWords[c.kind])
	show("gap", ms(c.got.gap), "ms", "largest heartbeat gap: "+kindWords[c.kind])
	factor := serial.makespan.Seconds() / c.got.makespan.Seconds()
	if compared && c.name != "serial" {
		show("speedup", factor, "×", "")
	}
	text := fmt.Sprintf("%s: %.2f s", c.name, c.got.makespan.Seconds())
	if compared && c.name != "serial" {
		text += ", " + times(factor)
	}
	s.Say("%s. The heart's largest gap was %.0f ms.%s", text, ms(c.got.gap), pl.remark(c, serial, compared))
}

// busy says that one goroutine needed far longer for its jobs than they are sized
// for: it had no core to itself, and what is compared with it says little.
func (pl *play) busy(kind string, serial measured) bool {
	return kind == cpu && serial.makespan > pl.work*time.Duration(pl.jobs)*4/3
}

// remark is why, where what was measured shows it.
func (pl *play) remark(c *current, serial measured, compared bool) string {
	job := c.got.makespan / time.Duration(pl.jobs)
	slow := compared && c.got.makespan > serial.makespan*4/5
	switch {
	case c.loops && c.kind == cpu && !c.workers && c.got.gap > job/2:
		return " A loop has one thread: while a job computed in it, nothing else happened."
	case c.name == "turns" && c.kind == cpu && slow:
		return " Many threads, and one at a time executes: no gain."
	case c.loops && c.kind == wait && !slow:
		return " All waits were under way at once, in one goroutine."
	case c.loops && c.workers && c.kind == cpu && c.got.gap < job/2:
		return " The loop only waited for answers, and the heart went on."
	case c.name == "turns" && c.kind == wait && !slow:
		return " Who waits executes nothing, so turns cost nothing."
	}
	return ""
}

// times puts a speed-up into words.
func times(x float64) string {
	switch {
	case x >= 1.05:
		return fmt.Sprintf("%.2f× as fast as serial", x)
	case x > 0.95:
		return fmt.Sprintf("about as fast as serial (%.2f×)", x)
	}
	return fmt.Sprintf("slower than serial (%.2f×)", x)
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// verdict sums up what was measured.
func (pl *play) verdict() {
	var all []string
	for _, kind := range []string{cpu, wait} {
		serial, compared := pl.done[asked{kind, "serial"}]
		var parts []string
		for _, w := range ways {
			m, ok := pl.done[asked{kind, w.name}]
			switch {
			case !ok:
			case w.name == "serial" || !compared:
				parts = append(parts, fmt.Sprintf("%s %.2f s", w.name, m.makespan.Seconds()))
			default:
				text := fmt.Sprintf("%s %.2f×", w.name, serial.makespan.Seconds()/m.makespan.Seconds())
				if w.loops {
					text += fmt.Sprintf(" (gap %.0f ms)", ms(m.gap))
				}
				parts = append(parts, text)
			}
		}
		if parts != nil {
			if compared && pl.busy(kind, serial) {
				parts[len(parts)-1] += "; the machine was busy with other things, so this says little about the cores"
			}
			all = append(all, strings.ToUpper(kindWords[kind][:1])+kindWords[kind][1:]+": "+strings.Join(parts, ", ")+".")
		}
	}
	if all == nil {
		pl.s.Verdict(true, "Nothing was measured.")
		return
	}
	pl.s.Verdict(true, "%s", strings.Join(all, " "))
}
