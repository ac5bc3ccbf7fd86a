package stage

import (
	"time"

	"edu/procession/demos/trace"
)

// reading is what the system told of a process at one look.
type reading struct {
	state   trace.Letter
	on      string // what it waits for, "" where not told
	cpu     time.Duration
	rss     int64
	threads int
	core    int
	ppid    int // 0: not told
}

// sample looks at every live worker at the run's interval.
func (r *run) sample() {
	every := time.NewTicker(sampling(r.opt.Pace))
	defer every.Stop()
	for {
		select {
		case <-every.C:
			for _, p := range r.all() {
				p.sample("sampled")
			}
			if r.warden != nil {
				r.warden.sample("sampled")
			}
		case <-r.done:
			return
		}
	}
}

// usageEvery bounds the events of a process's use of CPU.
const usageEvery = 450 * time.Millisecond

func (p *proc) sample(how string) {
	if p.hasExited() {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.exit.PID != 0 || p.held && how == "sampled" {
		return
	}
	got, ok := p.look.look(p.state)
	if !ok {
		if p.guest != nil && p.tid != 0 {
			go p.vanished()
		}
		return
	}
	p.moved(got.ppid)
	p.observed(got.state, got.on, how)
	p.usage(got)
}

// usage logs what it has used, now and then and when that has changed.
func (p *proc) usage(got reading) {
	if now := p.r.rec.Now(); now-p.look.told >= usageEvery && (got.cpu != p.look.cpu || p.look.told == 0 || !p.look.idle) {
		p.look.idle = got.cpu == p.look.cpu
		p.look.told, p.look.cpu = now, got.cpu
		p.r.rec.Add(trace.Kernel, p.id, trace.Usage{PID: p.pid, CPU: got.cpu, RSS: got.rss, Threads: got.threads, Core: got.core})
	}
}
