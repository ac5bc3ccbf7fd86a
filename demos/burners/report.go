package burners

import (
	"fmt"
	"slices"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

func (pl *play) factor(m measured) float64 { return pl.serial.wall.Seconds() / m.wall.Seconds() }

// announce captions a measurement that begins.
func (pl *play) announce(n int) {
	switch {
	case n == 1 && !pl.pinned:
		pl.s.Say("One burner does the whole job: that is the time to compare with.")
	case pl.pinned:
		pl.s.Say("The same job, split over %s, all held to core %d.", demo.Plural(n, "burner"), pl.core)
	default:
		pl.s.Say("The same job, split over %s, on %s.", demo.Plural(n, "burner"), demo.Plural(pl.cores, "core"))
	}
}

// report tells a measurement as gauges and as a caption.
func (pl *play) report(m measured) {
	s := pl.s
	gauge := func(name string, value float64, unit, group string) {
		g := trace.Gauge{Name: name, Value: value, Unit: unit, Group: group, Paced: s.Pace() == demo.Slow}
		if pl.busy(m) || pl.busy(pl.serial) {
			g.Note = "machine busy with other things"
		}
		s.Emit("", g)
	}
	if pl.serial.n == 0 {
		pl.serial = m
		gauge("serial", m.wall.Seconds(), "s", "")
	}
	same := func(o measured) bool { return o.n == m.n && o.pinned == m.pinned }
	if i := slices.IndexFunc(pl.done, same); i >= 0 {
		pl.done[i] = m
	} else {
		pl.done = append(pl.done, m)
	}
	gauge(bar(m.n, m.pinned), pl.factor(m), "×", bars)
	if m.n == pl.workers {
		s.Gauge("workers", float64(m.n), "")
		gauge("makespan", m.wall.Seconds(), "s", "")
		gauge("speedup", pl.factor(m), "×", "")
		if m.told {
			told := func(name string, d time.Duration) {
				s.Kernel("", trace.Gauge{Name: name, Value: d.Seconds(), Unit: "s", Paced: s.Pace() == demo.Slow})
			}
			told("cpu-time", m.used.cpu)
			told("core-wait", m.used.wait)
		}
	}
	s.Say("%s", pl.caption(m))
}

// waited is the share of their time in which burners were ready and had no core.
func (m measured) waited() float64 {
	if !m.told {
		return 0
	}
	return m.used.wait.Seconds() / m.wall.Seconds() / float64(m.n)
}

// busy says that others used the cores: burners waited though there was a core
// for each.
func (pl *play) busy(m measured) bool {
	return m.n > 0 && m.n <= pl.cores && !m.pinned && m.waited() >= 0.1
}

// caption is what a measurement says, and at most one remark: nothing that was
// not measured.
func (pl *play) caption(m measured) string {
	text := fmt.Sprintf("%s: %s, %s", demo.Plural(m.n, "burner"), seconds(m.wall), times(pl.factor(m)))
	if m.n == 1 && !m.pinned {
		text = fmt.Sprintf("1 burner: %s for the whole job", seconds(m.wall))
	}
	if m.told {
		text += fmt.Sprintf(", with %.2f cores computing on average", m.used.cpu.Seconds()/m.wall.Seconds())
	}
	text += "."
	who := "each"
	if m.n == 1 {
		who = "it"
	}
	lacked := fmt.Sprintf("%s lacked a core for %.0f%% of the time", who, 100*m.waited())
	switch price := m.used.cpu.Seconds() / max(pl.serial.used.cpu.Seconds(), 1e-9); {
	case m.n > 1 && m.pinned:
		text += " Held to one core they take turns: concurrent, not parallel."
	case m.n > 1 && pl.busy(pl.serial):
		text += fmt.Sprintf(" But the machine is busy: one burner alone lacked a core for %.0f%% of its time.", 100*pl.serial.waited())
	case m.n > pl.cores && m.told:
		text += fmt.Sprintf(" More burners than cores (%d): %s.", pl.cores, lacked)
	case m.n > pl.cores:
		text += fmt.Sprintf(" More burners than cores (%d): they take turns.", pl.cores)
	case pl.busy(m):
		text += fmt.Sprintf(" Other programs use this machine too: %s.", lacked)
	case m.n > 1 && m.told && pl.serial.told && price >= 1.1:
		text += fmt.Sprintf(" The same work cost %.2f times the CPU time that it cost one burner.", price)
	}
	return text
}

// times puts a speed-up into words.
func times(x float64) string {
	switch {
	case x >= 1.05:
		return fmt.Sprintf("%.2f× as fast as one", x)
	case x > 0.95:
		return fmt.Sprintf("about as fast as one (%.2f×)", x)
	}
	return fmt.Sprintf("slower than one (%.2f×)", x)
}

// verdict sums up what was measured.
func (pl *play) verdict() {
	counts := fmt.Sprintf("The child set its COUNT to %d; the parent's was %d afterwards.", pl.theirs, pl.ours)
	if pl.serial.n == 0 {
		pl.s.Verdict(true, "No speed-up was measured. %s", counts)
		return
	}
	text := fmt.Sprintf("On %s, one burner took %s for the job", demo.Plural(pl.cores, "core"), seconds(pl.serial.wall))
	for i, m := range pl.done[1:] {
		sep := ", "
		if i == 0 {
			sep = "; speed-up "
		}
		text += fmt.Sprintf("%s%.2f× with %d", sep, pl.factor(m), m.n)
		if m.pinned {
			text += " on one core"
		}
	}
	text += "."
	if pl.busy(pl.serial) {
		text += fmt.Sprintf(" The machine was busy with other things: one burner alone was without a core for %.0f%% of that time, so this says little about the cores.", 100*pl.serial.waited())
	}
	pl.s.Verdict(true, "%s %s", text, counts)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }
