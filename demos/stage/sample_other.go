//go:build !linux

package stage

import (
	"time"

	"github.com/shirou/gopsutil/v4/process"

	"edu/procession/demos/trace"
)

// looker asks gopsutil, where there is no /proc.
type looker struct {
	p         *process.Process
	last      time.Duration // CPU at the last look
	cpu, told time.Duration
	idle      bool
}

func newLooker(pid, _ int) looker {
	p, _ := process.NewProcess(int32(pid))
	return looker{p: p}
}

func (l *looker) close() {}

func (l *looker) look(was trace.Letter) (reading, bool) {
	if l.p == nil {
		return reading{}, false
	}
	ppid, err := l.p.Ppid()
	if err != nil {
		return reading{}, false // it is gone
	}
	got := reading{state: trace.Untold, core: -1, ppid: int(ppid)}
	if t, err := l.p.Times(); err == nil {
		got.cpu = time.Duration((t.User + t.System) * float64(time.Second))
	}
	l.last = got.cpu
	if m, err := l.p.MemoryInfo(); err == nil {
		got.rss = int64(m.RSS)
	}
	if n, err := l.p.NumThreads(); err == nil {
		got.threads = int(n)
	}
	if s, err := l.p.Status(); err == nil && len(s) > 0 {
		switch s[0] {
		case process.Running:
			got.state = trace.Running
		case process.Sleep, process.Idle, process.Wait, process.Lock:
			got.state = trace.Asleep
		case process.Stop:
			got.state = trace.Stopped
		case process.Zombie:
			got.state = trace.Zombie
		case process.Blocked:
			got.state = trace.Disk
		}
	}
	return got, true
}

// startTime is when a process began, in milliseconds since 1970; 0 when there is none.
func startTime(pid int) int64 {
	p, err := process.NewProcess(int32(pid))
	if err != nil {
		return 0
	}
	t, _ := p.CreateTime()
	return t
}
