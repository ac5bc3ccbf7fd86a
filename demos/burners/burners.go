// Package burners is the demo burners: one job that only computes, done by one
// to eight processes, and what that gains.
//
// The job is a fixed number of rounds of arithmetic, sized in this run so that
// one burner takes about the set time for it. Each measurement splits the same
// rounds evenly over so many burners, says go to all of them, and takes the time
// until the last has reported its share done: that is the makespan. Starting the
// burners is not in it; lesson 4 measures that. Speed-up is the time of one
// burner divided by the makespan, both of this run:
//
//	1 burner   |rrrrrrrrrrrrrrrrrrrrrrrr|            serial
//	2 burners  |rrrrrrrrrrrr|                        the same rounds, halved
//	           |rrrrrrrrrrrr|
//
// Nothing promises that two are twice as fast. So the kernel is asked for more:
// how much CPU time it gave the burners meanwhile, and how long they were ready
// and had no core (/proc/PID/schedstat, on Linux). From these the captions say
// what a speed-up came from and what it lacked, and no more than that.
//
// Pinned, all burners may run on one core only (sched_setaffinity, on Linux):
// they are as concurrent as before, and cannot be parallel.
//
// A measurement in which a burner was killed or stopped does not count and is
// made again.
//
// Before all that, a child is told the value of a global variable, and changes
// it: see [count].
//
// The rules are:
//  1. Every measurement does the same rounds, whoever does them (TestSharesAddUp).
//  2. The CPU time told never exceeds what wait reports for the burners in the end (TestCPUTimeIsTheKernels).
//  3. Pinned burners may run on one core only, and on all of ours again afterwards (TestPinned).
//  4. A disturbed measurement reports no number (TestKilledBurner).
package burners

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"time"

	"edu/procession/demos/demo"
)

// Demo is the demo burners.
type Demo struct{}

var _ demo.Demo = Demo{}

// crowd is the most burners at once.
const crowd = 8

// bars is the group of the speed-ups.
const bars = "speed-up by workers"

// Info implements demo.Demo.
func (Demo) Info() demo.Info {
	info := demo.Info{
		Name:  "burners",
		Title: "Burners on all cores",
		Doc: "One job that only computes is done by one process and by several, in the same run. " +
			"Add burners past the number of cores and see where the speed-up ends; pin them to one core and see it go.",
		Places:   []demo.Place{demo.Processes},
		Computes: true,
		Params: []demo.Param{
			{Name: "workers", Default: strconv.Itoa(min(max(runtime.NumCPU(), 2), crowd)), Check: demo.Int(1, crowd),
				Doc: "burners to compare with one"},
			{Name: "work", Default: "1.2s", Check: demo.Duration(50*time.Millisecond, 30*time.Second),
				Doc: "how long one burner should take for the whole job, about; an eighth of it at --pace fast"},
			{Name: "pin", Default: "false", Check: demo.Bool(), Doc: "let all burners run on one core only (Linux)"},
		},
		Actions: []demo.Action{
			{Name: "more", Key: "+", Doc: "measure with one burner more"},
			{Name: "fewer", Key: "-", Doc: "measure with one burner fewer"},
			{Name: "pin", Key: "p", Doc: "measure with all on one core, or again on all cores"},
			demo.Stop, demo.Cont, demo.Kill,
		},
		Gauges: []demo.Gauge{
			{Name: "count-child", Doc: "the child's COUNT after the child has set it"},
			{Name: "count-parent", Doc: "the parent's COUNT, read after that child has ended"},
			{Name: "cores", Doc: "cores that this program may use (sched_getaffinity on Linux)"},
			{Name: "rate", Unit: "/s", Doc: "rounds of work that one burner does in a second: the fastest of some short tries; the job is sized by it"},
			{Name: "workers", Doc: "burners in the measurement that makespan, speedup, cpu-time and core-wait are of"},
			{Name: "serial", Unit: "s", Doc: "from go until the job is done, by one burner"},
			{Name: "makespan", Unit: "s", Doc: "from go until the last burner has done its share of the same job"},
			{Name: "speedup", Unit: "×", Doc: "serial divided by makespan"},
			{Name: "cpu-time", Unit: "s", Doc: "CPU time that the kernel charged to the burners during makespan, summed (/proc/PID/schedstat; Linux only)"},
			{Name: "core-wait", Unit: "s", Doc: "time during makespan in which burners were ready and had no core, summed (/proc/PID/schedstat; Linux only)"},
		},
	}
	for _, pinned := range []bool{false, true} {
		for n := 1; n <= crowd; n++ {
			doc := fmt.Sprintf("serial divided by the makespan of %s", demo.Plural(n, "burner"))
			if pinned {
				doc += ", held to one core"
			}
			info.Gauges = append(info.Gauges, demo.Gauge{Name: bar(n, pinned), Unit: "×", Doc: doc})
		}
	}
	return info
}

// bar is the name of the gauge for so many burners.
func bar(n int, pinned bool) string {
	if pinned {
		return fmt.Sprintf("speedup@%d-pinned", n)
	}
	return fmt.Sprintf("speedup@%d", n)
}

// Play implements demo.Demo.
func (Demo) Play(ctx context.Context, s demo.Stage) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	pl := &play{s: s, news: make(chan news, 64), cores: runtime.NumCPU(), workers: demo.IntParam(s, "workers")}
	s.Gauge("cores", float64(pl.cores), "")
	if err := pl.count(ctx); err != nil {
		return err
	}
	switch err := pl.measurements(ctx); {
	case err == nil:
		pl.dismiss(ctx)
	case !errors.Is(err, errOver): // then burners are busy: the stage ends them
		return err
	}
	pl.verdict()
	return nil
}

// measurements makes those that the settings ask for, then those that the
// learner or the script does.
func (pl *play) measurements(ctx context.Context) error {
	s := pl.s
	if err := pl.calibrate(ctx); err != nil {
		return err
	}
	commanded := s.Attended() || s.ScriptEnd() > 0
	steps := slices.Compact([]int{1, pl.workers})
	if !commanded {
		steps = sweep(pl.cores, pl.workers)
	}
	for i, n := range steps {
		if i == 1 && s.Param("pin") == "true" {
			pl.pin()
		}
		if err := pl.step(ctx, n); err != nil {
			return err
		}
		s.Sleep(ctx, 1500*time.Millisecond)
	}
	if !commanded {
		return nil
	}
	if s.Attended() {
		s.Say("+ and - measure with one burner more or fewer, p with all of them on one core. Where does the speed-up end?")
	}
	return pl.obey(ctx)
}

// sweep is the numbers of burners that are measured when nobody asks for any:
// doubling, up to twice the cores, and the one that was set.
func sweep(cores, set int) (steps []int) {
	for n := 1; n <= crowd && n <= max(2*cores, 2); n *= 2 {
		if last := n / 2; last < set && set < n {
			steps = append(steps, set)
		}
		steps = append(steps, n)
	}
	if steps[len(steps)-1] < set {
		steps = append(steps, set)
	}
	return steps
}

// obey does the learner's actions until the learner, or the script, has finished.
func (pl *play) obey(ctx context.Context) error {
	s := pl.s
	var end <-chan time.Time
	if !s.Attended() {
		t := time.NewTimer(max(s.ScriptEnd()-s.Now(), 0) + time.Second)
		defer t.Stop()
		end = t.C
	}
	for {
		select {
		case a := <-s.Actions():
			if err := pl.act(ctx, a); err != nil {
				return err
			}
		case n := <-pl.news:
			pl.take(n)
		case <-end:
			if len(s.Actions()) == 0 {
				return nil
			}
			end = time.After(0)
		case <-s.Finished():
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (pl *play) act(ctx context.Context, a demo.Act) error {
	switch {
	case a.Name == "pin":
		if !pl.pin() {
			return nil
		}
	case a.Name == "more" && pl.workers == crowd:
		pl.s.Say("%d burners are the most that fit on stage.", crowd)
		return nil
	case a.Name == "more":
		pl.workers++
	case a.Name == "fewer" && pl.workers == 1:
		pl.s.Say("One burner is the least: somebody has to do the job.")
		return nil
	case a.Name == "fewer":
		pl.workers--
	}
	if err := pl.step(ctx, pl.workers); !errors.Is(err, errDisturbed) {
		return err
	}
	pl.s.Say("Disturbed once too often: + and - start another measurement.")
	return nil
}
