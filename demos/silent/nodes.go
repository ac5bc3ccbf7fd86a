package silent

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"edu/procession/demos/cluster"
	"edu/procession/demos/demo"
	"edu/procession/demos/internal/wire"
	"edu/procession/demos/trace"
)

// msg is a ping or its answer.
type msg struct {
	N      int  `json:"n"`
	Answer bool `json:"answer,omitempty"`
}

// String is the message for the log.
func (m msg) String() string {
	if m.Answer {
		return fmt.Sprintf("answer %d", m.N)
	}
	return fmt.Sprintf("ping %d", m.N)
}

// fact is what the watcher tells the play.
type fact struct {
	Is      string        `json:"is"`
	Of      trace.ID      `json:"of"`
	At      time.Duration `json:"at"`                // in the run
	Silence time.Duration `json:"silence,omitempty"` // so long
	Local   string        `json:"local,omitempty"`   // met: the watcher's end of the connection
	Remote  string        `json:"remote,omitempty"`  // met: the other end
	How     string        `json:"how,omitempty"`     // ended, tried
	Took    time.Duration `json:"took,omitempty"`    // tried
}

// What a fact is.
const (
	met     = "met"
	suspect = "suspect"
	heard   = "heard" // again
	ended   = "ended" // the connection: the kernel's word to the watcher
	tried   = "tried" // a new connection
)

// answer is the role of the peers.
func answer(_ context.Context, w *demo.Worker) error {
	l, err := net.Listen("tcp", w.Arg("host")+":0")
	if err != nil {
		return err
	}
	go wire.Serve(l, func(m msg) (msg, bool) { m.Answer = true; return m, true })
	cluster.Announce(w, l.Addr().String(), string(w.Name()))
	for {
		if _, err := w.Recv(); err != nil {
			return nil
		}
	}
}

// view is a peer as the watcher sees it: by what arrives, and when.
type view struct {
	name      trace.ID
	conn      net.Conn
	last      time.Duration
	suspected bool
	ended     bool
	told      time.Duration // the silence that was last reported
}

// post is the watcher from the inside.
type post struct {
	w    *demo.Worker
	beat time.Duration

	mu       sync.Mutex
	patience time.Duration
	views    []*view
}

// watch is the role of the watcher. Its orders are "patience 1s" and "connect b
// address".
func watch(_ context.Context, w *demo.Worker) error {
	p := &post{w: w, beat: w.DurationArg("beat"), patience: w.DurationArg("patience")}
	for _, name := range peers {
		c, err := net.DialTimeout("tcp", w.Arg(string(name)), 10*time.Second)
		if err != nil {
			return fmt.Errorf("to connect to %s: %w", name, err)
		}
		v := &view{name: name, conn: c, last: w.Now()}
		p.views = append(p.views, v)
		wire.Tell(w.File(0), fact{Is: met, Of: name, At: w.Now(), Local: c.LocalAddr().String(), Remote: c.RemoteAddr().String()})
	}
	for _, v := range p.views {
		go p.hear(v)
		go p.ask(v)
	}
	go p.judge()
	for {
		order, err := w.Recv()
		if err != nil {
			return nil
		}
		var what, who, where string
		switch fmt.Sscan(order, &what, &who, &where); what {
		case "patience":
			d, _ := time.ParseDuration(who)
			p.mu.Lock()
			p.patience = d
			p.mu.Unlock()
		case connect:
			began := time.Now()
			c, err := net.DialTimeout("tcp", where, 2*time.Second)
			f := fact{Is: tried, Of: trace.ID(who), At: w.Now(), Took: time.Since(began)}
			if err != nil {
				f.How = err.Error()
			} else {
				c.Close()
			}
			wire.Tell(w.File(0), f)
		}
	}
}

// ask pings a peer until the connection ends. A write succeeds when the kernel
// has taken it: that says nothing of the other end.
func (p *post) ask(v *view) {
	for n := 1; ; n++ {
		p.mu.Lock()
		over := v.ended
		p.mu.Unlock()
		if over || wire.Write(v.conn, msg{N: n}) != nil {
			return // the reader knows why; it leaves the connection to be looked at
		}
		time.Sleep(p.beat)
	}
}

// hear takes answers, and the end of the connection.
func (p *post) hear(v *view) {
	for r := wire.NewReader(v.conn); ; {
		var m msg
		err := r.Read(&m)
		now := p.w.Now()
		p.mu.Lock()
		silence := now - v.last
		if err != nil {
			how := err.Error()
			if err == io.EOF {
				how = "end of file"
			}
			v.ended, v.suspected = true, false
			p.believe(v, "its kernel closed the connection: "+how)
			p.tell(fact{Is: ended, Of: v.name, At: now, Silence: silence, How: how})
			p.mu.Unlock()
			return
		}
		switch {
		case v.suspected:
			v.suspected = false
			p.believe(v, fmt.Sprintf("answers again, after %s", seconds(silence)))
			p.tell(fact{Is: heard, Of: v.name, At: now, Silence: silence})
		case v.told > 0:
			p.believe(v, "answers")
		}
		v.last, v.told = now, 0
		p.mu.Unlock()
	}
}

// judge looks at all that have been silent, several times a beat.
func (p *post) judge() {
	for _, v := range p.views {
		p.mu.Lock()
		p.believe(v, "answers")
		p.mu.Unlock()
	}
	for {
		// Judged is by a time that lies back a little, so that the readers have had
		// their turn: a watcher that was itself stopped should not accuse those whose
		// answers lie at its door.
		asOf := p.w.Now()
		time.Sleep(p.beat / 4)
		p.mu.Lock()
		for _, v := range p.views {
			silence := asOf - v.last
			switch step := max(p.beat, 100*time.Millisecond); {
			case v.ended:
			case silence > p.patience && !v.suspected:
				v.suspected, v.told = true, silence
				p.believe(v, fmt.Sprintf("silent for %s: suspected", seconds(silence)))
				p.tell(fact{Is: suspect, Of: v.name, At: p.w.Now(), Silence: silence})
			case silence > 3*p.beat && silence >= v.told+step:
				v.told = silence
				text := "silent for " + seconds(silence)
				if v.suspected {
					text += ": suspected"
				}
				p.believe(v, text)
			}
		}
		p.mu.Unlock()
	}
}

func (p *post) believe(v *view, is string) { p.w.Report(trace.Belief{About: v.name, Is: is}) }
func (p *post) tell(f fact)                { wire.Tell(p.w.File(0), f) }

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
