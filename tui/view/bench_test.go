//go:build linux || darwin

package view

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"edu/procession/demos/trace"
)

// crowd is 64 processes with everything on stage: tasks, a queue, messages,
// gauges, a log of thousands of lines, and samples changes of state each.
func crowd(samples int) *Scene {
	p := &play{}
	r := rand.New(rand.NewPCG(5, 6))
	for i := range 64 {
		id := trace.ID(fmt.Sprintf("worker-%d", i+1))
		p.start(time.Duration(i)*ms1, id, 5000+i, []string{"worker", "producer", "consumer"}[i%3])
		for k := range samples {
			at := time.Duration(100+k*111) * ms1
			to := trace.Running
			if (k+i)%2 == 0 {
				to = trace.Asleep
			}
			p.state(at, id, to, "pipe read")
			if k%4 == 0 {
				p.use(at, id, time.Duration(k)*50*ms1, 9<<20, i%2)
			}
			if k%8 == 0 {
				p.add(at, trace.Worker, id, trace.Task{Is: trace.KindTaskRun, Task: r.IntN(1000), Worker: id, Attempt: 1})
			}
		}
	}
	end := time.Duration(samples*111+100) * ms1
	for i := range 1000 {
		p.add(ms1, trace.Stage, "", trace.Task{Is: trace.KindTaskNew, Task: i})
	}
	for i := range 2000 {
		at := end * time.Duration(i) / 2000
		p.add(at, trace.Worker, "worker-1", trace.Item{Is: trace.KindPut, Queue: "jobs", Item: fmt.Sprint(i), Depth: i % 9})
		id := fmt.Sprint("m", i)
		p.add(at, trace.Worker, "worker-1", trace.Msg{Is: trace.KindSend, Msg: id, From: "worker-1", To: trace.ID(fmt.Sprintf("worker-%d", 2+i%6))})
		p.add(at+ms1, trace.Worker, "worker-2", trace.Msg{Is: trace.KindRecv, Msg: id})
		p.add(at, trace.Worker, "worker-3", trace.Say{Text: "a line that a worker wrote into its standard output, and it is long", Stream: "stdout"})
	}
	for i := range 12 {
		p.add(end, trace.Stage, "", trace.Gauge{Name: fmt.Sprint("gauge ", i), Value: 1000 * float64(i*i*i+1), Unit: "ns", Group: "latency", Log: true})
	}
	p.say(end, "Sixty-four processes, and everything else that a demo can show, at once.")
	b := p.board(2 * end)
	return &Scene{Board: b, Theme: dark, Now: b.At, Sample: 111 * ms1, Selected: "worker-7"}
}

// cpu reports the CPU time of an operation, garbage collection included: on a
// machine that others use, it tells more than the time on the wall.
func cpu(b *testing.B) func() {
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	from := used()
	return func() { b.ReportMetric(float64(used()-from)/float64(b.N), "cpu-ns/op") }
}

// BenchmarkStage is a whole frame in which everything has changed, at 200×60
// with 64 processes. The budget is 1.5 ms.
func BenchmarkStage(b *testing.B) {
	for _, samples := range []int{100, 1000, 5000} {
		s := crowd(samples)
		b.Run(fmt.Sprintf("live-64-%d-states", samples), func(b *testing.B) {
			st := NewStage()
			b.ReportAllocs()
			defer cpu(b)()
			for b.Loop() {
				s.Board.Pos++
				s.Now += 33 * ms1
				st.Draw(s, Layout{}, 200, 60)
			}
		})
		b.Run(fmt.Sprintf("follow-64-%d-states", samples), func(b *testing.B) {
			st := NewStage()
			b.ReportAllocs()
			defer cpu(b)()
			for b.Loop() {
				s.Board.Pos++
				s.Now += 33 * ms1
				s.Window = Follow(s.Now, 10*time.Second)
				st.Draw(s, Layout{}, 200, 60)
			}
			s.Window = Window{}
		})
	}
	s := crowd(100)
	b.Run("unchanged", func(b *testing.B) {
		st := NewStage()
		b.ReportAllocs()
		defer cpu(b)()
		for b.Loop() {
			st.Draw(s, Layout{}, 200, 60)
		}
	})
	b.Run("80x24", func(b *testing.B) {
		st := NewStage()
		b.ReportAllocs()
		defer cpu(b)()
		for b.Loop() {
			s.Board.Pos++
			st.Draw(s, Layout{}, 80, 24)
		}
	})
}

// BenchmarkPanels is each view alone, in the size that it has at 200×60.
func BenchmarkPanels(b *testing.B) {
	s := crowd(500)
	for _, v := range views {
		b.Run(v.name, func(b *testing.B) {
			b.ReportAllocs()
			defer cpu(b)()
			for b.Loop() {
				v.draw(s, 70, 58)
			}
		})
	}
}

// BenchmarkNodes is what five nodes with clocks and thousands of messages cost: a
// frame at 200×60 in which everything has changed, and each view of them alone.
func BenchmarkNodes(b *testing.B) {
	p := five(true)
	end := p.log()[len(p.events)-1].At
	v := [5]uint64{100, 100, 100, 100, 100}
	for i := range 4000 {
		from, to := i%5, (i+1+i/5%4)%5
		if from == to {
			continue
		}
		name := func(n int) trace.ID { return trace.ID(fmt.Sprintf("n%d", n+1)) }
		end += ms1
		for _, m := range []trace.Msg{{Is: trace.KindSend, Text: "append"}, {Is: trace.KindRecv, Took: ms1}} {
			m.Msg, m.From, m.To = fmt.Sprint("x", i), name(from), name(to)
			who := from
			if m.Is == trace.KindRecv {
				who = to
			}
			v[who]++
			clock := v
			p.events = append(p.events, trace.Event{At: end, Source: trace.Worker, Who: name(who), Kind: m.Is, Clock: clock[:], Data: m})
		}
		if i%50 == 0 {
			p.events = append(p.events, trace.Event{At: end, Source: trace.Worker, Who: name(from), Kind: trace.KindBelief, Data: trace.Belief{About: name(to), Is: fmt.Sprint("silent for ", i)}})
		}
	}
	board := p.board(time.Hour)
	s := &Scene{Board: board, Theme: dark, Now: board.At, Clocks: "n1 n2 n3 n4 n5"}
	b.Run("stage", func(b *testing.B) {
		st := NewStage()
		b.ReportAllocs()
		defer cpu(b)()
		for b.Loop() {
			s.Board.Pos++
			s.Now += 33 * ms1
			st.Draw(s, Layout{Main: PanelNodes}, 200, 60)
		}
	})
	for order := ByTime; order < orderCount; order++ {
		s := *s
		s.Order = order
		b.Run("messages by "+order.String(), func(b *testing.B) {
			b.ReportAllocs()
			defer cpu(b)()
			for b.Loop() {
				Messages(&s, 80, 40)
			}
		})
	}
	for _, v := range views {
		if v.name == "Nodes" || v.name == "Beliefs" {
			b.Run(v.name, func(b *testing.B) {
				b.ReportAllocs()
				defer cpu(b)()
				for b.Loop() {
					v.draw(s, 80, 40)
				}
			})
		}
	}
}
