package silent

import (
	"context"
	"fmt"
	"os"
	"time"

	"edu/procession/demos/cluster"
	"edu/procession/demos/demo"
	"edu/procession/demos/internal/wire"
	"edu/procession/demos/trace"
)

// play is the state of one run. Only the goroutine of Play touches it; the
// others send facts.
type play struct {
	s        demo.Stage
	net      *cluster.Net
	facts    chan fact
	over     chan struct{}
	watcher  demo.Proc
	peers    []*peer
	patience time.Duration
	tells    bool // captions follow what happens, rather than a script

	suspicions, alarms int
}

// peer is one of those that are watched, as the play knows it.
type peer struct {
	name    trace.ID
	p       demo.Proc
	addr    string // its own
	local   string // the watcher's end of the connection
	remote  string // and the other
	kernel  string // what the kernel said of that last
	stopped bool
	cut     bool
	slow    bool
	faultAt time.Duration // of the latest fault that is only silence
	seen    bool          // the watcher has suspected since
	killAt  time.Duration // by the play

	suspected, ended bool // by the watcher's word
	suspicions       int
	heards           int // after a suspicion
	tries            int
}

// gone says that a peer has ended, by the kernel's word.
func (p *peer) gone() bool {
	select {
	case <-p.p.Exited():
		return true
	default:
		return p.p.State() == trace.Zombie
	}
}

func newPlay(s demo.Stage) *play {
	return &play{s: s, net: cluster.New(s, append([]trace.ID{watcher}, peers[:]...)...), facts: make(chan fact, 256), over: make(chan struct{}),
		patience: s.Pace().Scale(demo.DurationParam(s, "patience"))}
}

func (pl *play) close() {
	close(pl.over)
	pl.net.Close()
}

func (pl *play) send(f fact) {
	select {
	case pl.facts <- f:
	case <-pl.over:
	}
}

func (pl *play) find(id trace.ID) *peer {
	for _, p := range pl.peers {
		if p.name == id {
			return p
		}
	}
	return nil
}

// cast brings the peers on stage, opens the doors and has the watcher connect.
func (pl *play) cast(ctx context.Context) error {
	frames := cluster.Frames{Split: wire.Split, Describe: wire.Describe[msg]}
	args := map[string]string{"beat": pl.s.Pace().Scale(demo.DurationParam(pl.s, "beat")).String(), "patience": pl.patience.String()}
	for _, name := range peers {
		addr := make(chan string, 1)
		p, err := pl.s.Spawn(ctx, demo.Spec{Role: "peer", Name: name, Node: string(name), Heard: cluster.Announced(string(name), addr, nil),
			Args: map[string]string{"host": pl.net.Host(name)}})
		if err != nil {
			return err
		}
		at, err := cluster.Await(ctx, p, addr)
		if err != nil {
			return err
		}
		pl.peers = append(pl.peers, &peer{name: name, p: p, addr: at})
		if args[string(name)], err = pl.net.Link(watcher, name, at, frames); err != nil {
			return err
		}
	}
	w, err := wire.Facts(pl.send, nil)
	if err != nil {
		return err
	}
	defer w.Close()
	pl.watcher, err = pl.s.Spawn(ctx, demo.Spec{Role: "watcher", Name: watcher, Node: string(watcher), Files: []*os.File{w}, Args: args})
	return err
}

// until takes what happens until ok says so, nil for never, or d has passed, or
// the learner has finished. The error is ctx's.
func (pl *play) until(ctx context.Context, ok func() bool, d time.Duration) error {
	return demo.Loop[fact]{Stage: pl.s, News: pl.facts, Take: pl.take, Look: pl.look,
		Act: func(a demo.Act) error { pl.act(a); return nil }}.Until(ctx, ok, d)
}

func (pl *play) say(format string, args ...any) {
	if pl.tells {
		pl.s.Say(format, args...)
	}
}

// act does one of the demo's own actions.
func (pl *play) act(a demo.Act) {
	p := pl.find(a.Target)
	switch {
	case a.Name == sooner || a.Name == later:
		pl.patience = min(max(pl.patience*2, 10*time.Millisecond), time.Minute)
		if a.Name == sooner {
			pl.patience = max(pl.patience/4, 10*time.Millisecond)
		}
		pl.watcher.Send("patience " + pl.patience.String())
		pl.s.Say("The watcher puts up with %v of silence from now on.", pl.patience)
	case p == nil:
		pl.s.Say("That is done to one of the peers: choose b, c or d.")
	case a.Name == cut && p.cut:
		pl.s.Say("The link to %s is cut already. h heals it.", p.name)
	case a.Name == cut:
		pl.cut(p)
		pl.say("The link to %s is cut (injected), and nobody is told. What can the watcher know of it?", p.name)
	case a.Name == slow:
		pl.slow(p)
		pl.say("All that passes on the link to %s is delayed (injected). Nothing is lost.", p.name)
	case a.Name == heal:
		pl.heal(p)
		pl.say("The link to %s is as it was. What was held back arrives now.", p.name)
	case a.Name == connect:
		pl.connect(p)
	}
}

// fault notes the beginning of something that is only silence.
func (pl *play) fault(p *peer) { p.faultAt, p.seen = pl.s.Now(), p.suspected }

func (pl *play) cut(p *peer) {
	p.cut = true
	pl.fault(p)
	pl.net.Cut(watcher, p.name)
}

func (pl *play) slow(p *peer) {
	p.slow = true
	pl.fault(p)
	d := pl.s.Pace().Scale(demo.DurationParam(pl.s, "delay"))
	pl.net.Disturb(trace.LinkFault{A: watcher, B: p.name, Delay: d, Jitter: d})
}

func (pl *play) heal(p *peer) {
	if p.cut {
		pl.net.Heal(watcher, p.name)
	}
	if p.slow {
		pl.net.Disturb(trace.LinkFault{A: watcher, B: p.name})
	}
	p.cut, p.slow = false, false
}

func (pl *play) connect(p *peer) { pl.watcher.Send(fmt.Sprintf("connect %s %s", p.name, p.addr)) }

// signal stops, continues or kills a peer.
func (pl *play) signal(p *peer, sig demo.Signal) error {
	switch sig {
	case demo.SigStop:
		pl.fault(p)
		p.stopped = true
	case demo.SigKill:
		p.killAt = pl.s.Now()
		if p.cut {
			pl.fault(p)
		}
	}
	return p.p.Signal(sig)
}

// take takes what the watcher tells.
func (pl *play) take(f fact) {
	p := pl.find(f.Of)
	if p == nil {
		return
	}
	switch f.Is {
	case met:
		p.local, p.remote = f.Local, f.Remote
		pl.kernel(p, false)
	case suspect:
		p.suspected, p.suspicions, pl.suspicions = true, p.suspicions+1, pl.suspicions+1
		pl.s.Gauge("suspicions", float64(pl.suspicions), "")
		if !p.gone() {
			pl.alarms++
		}
		pl.s.Gauge("false-alarms", float64(pl.alarms), "")
		if p.faultAt > 0 && !p.seen {
			p.seen = true
			pl.s.Gauge("detection", float64(max(f.At-p.faultAt, 0))/1e6, "ms")
		}
		pl.kernel(p, true)
		pl.say("%s has been silent for %s: the watcher suspects it. %s", p.name, seconds(f.Silence), pl.truth(p))
	case heard:
		p.suspected, p.heards = false, p.heards+1
		pl.say("%s answers again after %s: a false alarm.", p.name, seconds(f.Silence))
	case ended:
		p.suspected, p.ended = false, true
		if p.killAt > 0 {
			pl.s.Gauge("end-of-file", float64(max(f.At-p.killAt, 0))/1e6, "ms")
		}
		pl.kernel(p, true)
		pl.say("The connection to %s has ended (%s): its kernel lives, and said so. That is news, not silence.", p.name, f.How)
	case tried:
		p.tries++
		if f.How != "" {
			pl.say("A new connection to %s, straight to its address: %s.", p.name, f.How)
			return
		}
		if p.p.State() == trace.Stopped {
			pl.s.Gauge("connect", float64(f.Took)/1e6, "ms")
		}
		pl.s.Say("A new connection to %s, straight to its address, took %s: its kernel took it, running or not.", p.name, f.Took.Round(time.Microsecond))
	}
}

// truth is what the play knows and the watcher does not.
func (pl *play) truth(p *peer) string {
	switch {
	case p.gone():
		return "It has ended, and the watcher knows no more of that than of the other silences."
	case p.p.State() == trace.Stopped:
		return "It is stopped, says the kernel."
	case p.cut:
		return "It is well, and the link is cut."
	case p.slow:
		return "It is well, and the link is slow."
	}
	return "It is well, and was late."
}

// kernel logs what the kernel says of the watcher's end of the connection: when
// that has changed, or when it is asked for.
func (pl *play) kernel(p *peer, asked bool) {
	if p.local == "" {
		return
	}
	if is := tcpState(pl.watcher.PID(), p.local, p.remote); is != "" && (asked || is != p.kernel) {
		p.kernel = is
		pl.s.Kernel(watcher, trace.Say{Text: fmt.Sprintf("its end of the connection to %s (%s): %s", p.name, p.local, is), Stream: "log"})
	}
}

// look notices who was stopped and who goes on, and asks the kernel.
func (pl *play) look() {
	for _, p := range pl.peers {
		pl.kernel(p, false)
		if p.gone() {
			if !p.ended && p.stopped {
				p.stopped = false
			}
			continue
		}
		is := p.p.State() == trace.Stopped
		switch {
		case is && !p.stopped:
			pl.fault(p)
			pl.say("%s is stopped (T), says the kernel. Its connections stand. n tries a new one.", p.name)
		case !is && p.stopped:
			pl.say("%s goes on, and answers what has come meanwhile.", p.name)
		}
		p.stopped = is
	}
}
