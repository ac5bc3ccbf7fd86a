package tui

import (
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// crowd is a run with n processes, of which a few change state at each beat.
type crowd struct {
	log  *trace.Recorder
	stop chan struct{}
	done chan struct{}
}

func newCrowd(n int, beat time.Duration) *crowd {
	c := &crowd{trace.NewRecorder(trace.Header{Demo: "crowd", Place: "processes", Seed: 1, Pace: "real"}), make(chan struct{}), make(chan struct{})}
	for i := range n {
		c.log.Add(trace.Stage, c.id(i), trace.Start{PID: 100 + i, PPID: 1, Role: "worker"})
	}
	if beat == 0 {
		return c
	}
	go func() {
		defer close(c.done)
		defer c.log.Close()
		for k := 0; ; k++ {
			select {
			case <-c.stop:
				return
			case <-time.After(beat):
				c.change(k, n)
			}
		}
	}()
	return c
}

func (c *crowd) id(i int) trace.ID { return trace.ID(fmt.Sprintf("worker-%d", i+1)) }

// change lets four processes run, wait, stop, and so on.
func (c *crowd) change(k, n int) {
	for j := range 4 {
		i := (k*4 + j) % n
		c.log.Add(trace.Kernel, c.id(i), trace.State{PID: 100 + i, From: 'R', To: trace.Letter("RSTD"[(k+j)%4]), On: "pipe read", How: "sampled"})
		c.log.Add(trace.Kernel, c.id(i), trace.Usage{PID: 100 + i, CPU: time.Duration(k) * time.Millisecond, RSS: 8 << 20, Core: j})
	}
}

func (c *crowd) Log() *trace.Recorder       { return c.log }
func (c *crowd) Act(string, trace.ID) error { return nil }
func (c *crowd) Go(trace.ID) error          { return nil }
func (c *crowd) Finish()                    { c.Stop() }
func (c *crowd) Stop()                      { close(c.stop); <-c.done }
func (c *crowd) Done() <-chan struct{}      { return c.done }
func (c *crowd) Err() error                 { return nil }

// BenchmarkFrame is what a frame of a live run with 64 processes costs the
// model: a batch of events folded, and the window drawn.
func BenchmarkFrame(b *testing.B) {
	for _, size := range [][2]int{{80, 24}, {120, 40}, {200, 60}} {
		b.Run(fmt.Sprintf("64 processes at %dx%d", size[0], size[1]), func(b *testing.B) {
			c := newCrowd(64, 0)
			m := New(testConfig())
			s := newStage(m, m.cfg.Demos[0], demo.Options{}, nil)
			m.push(s)
			m.Update(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
			m.Update(startedMsg{s.id, c, nil})
			k := 0
			b.ReportAllocs()
			for b.Loop() {
				c.change(k, 64)
				k++
				m.Update(eventsMsg{run: s.id, events: c.log.Events(s.player.t.Len()), clock: c.log.Now()})
				if m.View().Content == "" {
					b.Fatal("nothing drawn")
				}
			}
		})
	}
}

// BenchmarkStill is a View when nothing has changed.
func BenchmarkStill(b *testing.B) {
	m := New(testConfig())
	m.Update(tea.WindowSizeMsg{Width: 200, Height: 60})
	b.ReportAllocs()
	for b.Loop() {
		m.View()
	}
}

// BenchmarkProgram runs the whole program, its renderer too, with 64 processes
// of which some change 30 times a second, and tells what share of a core that
// takes. The time that one operation takes means nothing.
func BenchmarkProgram(b *testing.B) {
	for _, size := range [][2]int{{120, 40}, {200, 60}} {
		b.Run(fmt.Sprintf("64 processes at %dx%d", size[0], size[1]), func(b *testing.B) {
			cfg := testConfig()
			cfg.Demo = "fake"
			cfg.Start = func(demo.Demo, demo.Options) (demo.Run, error) { return newCrowd(64, time.Second/30), nil }
			in, _ := io.Pipe()
			cfg.Input, cfg.Output = in, io.Discard
			cfg.Program = []tea.ProgramOption{tea.WithWindowSize(size[0], size[1]), tea.WithColorProfile(colorprofile.TrueColor)}
			for b.Loop() {
				ctx, cancel := context.WithTimeout(b.Context(), 4*time.Second)
				before := cpuTime()
				Run(ctx, cfg)
				b.ReportMetric(100*(cpuTime()-before).Seconds()/4, "%core")
				cancel()
			}
		})
	}
}

// BenchmarkScrub is a key that goes back in a recording of 100,000 events, and
// the frame that follows.
func BenchmarkScrub(b *testing.B) {
	c := newCrowd(64, 0)
	for k := range 100_000 / 8 {
		c.change(k, 64)
	}
	cfg := testConfig()
	cfg.Replay = &Replay{Name: "long", Header: c.log.Header(), Events: c.log.Events(0)}
	m := New(cfg)
	m.Update(tea.WindowSizeMsg{Width: 120, Height: 40})
	m.Update(keyPress("end"))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if n++; n%2000 == 0 {
			m.Update(keyPress("end"))
		}
		m.Update(keyPress("left"))
		m.View()
	}
}
