package quorum

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"edu/procession/demos/internal/wire"
	"edu/procession/demos/trace"
)

// note is a message between the nodes of the home-made one, and its reply.
type note struct {
	Op   string   `json:"op"` // vote or append
	From trace.ID `json:"from"`
	Term uint64   `json:"term"`
	Log  []item   `json:"log,omitempty"`  // append: all of it
	Last uint64   `json:"last,omitempty"` // vote: the term of the last item
	Len  int      `json:"len,omitempty"`  // vote: how many there are; reply to append: how many are there now
	News string   `json:"news,omitempty"` // append: what it is sent for; none: a heartbeat
	Back bool     `json:"back,omitempty"` // a reply
	Yes  bool     `json:"yes,omitempty"`
}

// item is a write in the log, with the term of the leader that took it.
type item struct {
	Term uint64 `json:"t"`
	What string `json:"w"`
}

// String is the message in the words that Raft's have.
func (n note) String() string {
	switch {
	case n.Op == "append" && n.News == "" && !n.Back:
		return heartbeat
	case n.Op == "append" && n.News == "" && n.Yes:
		return heard
	case n.Op == "vote" && !n.Back:
		return fmt.Sprintf("vote for me? (term %d)", n.Term)
	case n.Op == "vote" && n.Yes:
		return fmt.Sprintf("my vote (term %d)", n.Term)
	case n.Op == "vote":
		return fmt.Sprintf("no vote (term %d)", n.Term)
	case !n.Back:
		return "append " + n.News
	case n.Yes:
		return fmt.Sprintf("has %d", n.Len)
	}
	return fmt.Sprintf("not appended (term %d)", n.Term)
}

// longest is how many items the home-made log has room for: a message holds all.
const longest = 300

// homemade is a replica of our own, there to show why it breaks: terms, votes and a
// log as in Raft, in memory and with the whole log in each message. How many must
// agree, on a leader and on a write, is needed. With a majority of the nodes this
// loses nothing that was acknowledged (TestMajorityKeeps); with half of them it does
// (TestHalf). It is good for nothing else.
type homemade struct {
	own      trace.ID
	l        net.Listener
	others   map[trace.ID]string
	needed   int
	election time.Duration

	mu      sync.Mutex
	is      trace.Role
	leads   trace.ID
	voted   trace.ID // for whom, in this term
	log     []item
	of      [2]string           // whose log it follows, and in which term
	has     map[trace.ID]int    // as a leader: how many items the others said they have
	busy    map[trace.ID]bool   // an append to it has no answer yet
	wait    map[int]chan string // writes without an outcome, by their place in the log
	heard   time.Time           // from a leader, or for whom it voted
	patient time.Duration
	stop    chan struct{}
}

func newHalf(own trace.ID, l net.Listener, others map[trace.ID]string, needed int, election time.Duration) *homemade {
	h := &homemade{own: own, l: l, others: others, needed: needed, election: election, is: trace.Role{Role: "follower"},
		busy: map[trace.ID]bool{}, wait: map[int]chan string{}, stop: make(chan struct{})}
	h.rest()
	go wire.Serve(l, func(m note) (note, bool) { return h.answer(m), true })
	go h.beat()
	return h
}

// rest gives the leader, whoever it is, some time: not the same as others give it.
func (h *homemade) rest() { h.heard, h.patient = time.Now(), h.election+rand.N(h.election) }

func (h *homemade) beat() {
	t := time.NewTicker(h.election / 8)
	defer t.Stop()
	for {
		h.mu.Lock()
		if h.is.Role == "leader" {
			h.send("")
		} else if time.Since(h.heard) > h.patient {
			h.stand()
		}
		h.mu.Unlock()
		select {
		case <-t.C:
		case <-h.stop:
			return
		}
	}
}

// follow gives up what it was, for a term. All with mu held from here on.
func (h *homemade) follow(term uint64, whom trace.ID) {
	if term > h.is.Term {
		h.voted = ""
	}
	h.is.Role, h.is.Term, h.leads = "follower", term, whom
	for at, done := range h.wait {
		done <- "it leads no longer"
		delete(h.wait, at)
	}
}

// stand asks all for their votes, in a term of its own.
func (h *homemade) stand() {
	h.follow(h.is.Term+1, "")
	h.is.Role, h.voted = "candidate", h.own
	h.rest()
	votes, ask := 1, note{Op: "vote", From: h.own, Term: h.is.Term, Last: h.last(), Len: len(h.log)}
	for who := range h.others {
		h.ask(who, ask, func(r note) {
			if r.Yes && h.is.Role == "candidate" && h.is.Term == ask.Term {
				if votes++; votes == h.needed {
					h.is.Role, h.leads, h.has = "leader", h.own, map[trace.ID]int{}
					h.send("")
				}
			}
		})
	}
}

func (h *homemade) last() uint64 {
	if len(h.log) == 0 {
		return 0
	}
	return h.log[len(h.log)-1].Term
}

// ask sends a message and has its reply, if one comes, taken with mu held.
func (h *homemade) ask(who trace.ID, m note, take func(note)) {
	go func() {
		r, err := wire.Call(h.others[who], m, h.election)
		h.mu.Lock()
		defer h.mu.Unlock()
		if m.Op == "append" {
			h.busy[who] = false
		}
		if err != nil {
			return
		}
		if r.Term > h.is.Term {
			h.follow(r.Term, "")
		}
		take(r)
	}()
}

// send gives the others the log, with a word on what is new.
func (h *homemade) send(news string) {
	for who := range h.others {
		if h.busy[who] {
			continue // after that it gets the rest
		}
		m := note{Op: "append", From: h.own, Term: h.is.Term, Log: append([]item{}, h.log...), News: news}
		if news == "" && h.has[who] < len(h.log) {
			m.News = h.log[len(h.log)-1].What
		}
		h.busy[who] = true
		h.ask(who, m, func(r note) {
			if !r.Yes || h.is.Role != "leader" || h.is.Term != m.Term {
				return
			}
			h.has[who] = max(h.has[who], len(m.Log))
			h.count()
		})
	}
}

// count acknowledges what enough nodes have: the rule that is the point of it all.
func (h *homemade) count() {
	for at, done := range h.wait {
		acks := 1 // its own
		for _, n := range h.has {
			if n > at {
				acks++
			}
		}
		if acks >= h.needed {
			done <- ""
			delete(h.wait, at)
		}
	}
}

func (h *homemade) answer(m note) note {
	h.mu.Lock()
	defer h.mu.Unlock()
	if m.Term > h.is.Term {
		h.follow(m.Term, "")
	}
	r := note{Op: m.Op, From: h.own, Back: true, News: m.News}
	switch {
	case m.Term < h.is.Term:
	case m.Op == "vote":
		r.Yes = (h.voted == "" || h.voted == m.From) && (m.Last > h.last() || m.Last == h.last() && m.Len >= len(h.log))
		if r.Yes {
			h.voted = m.From
			h.rest()
		}
	case h.is.Role == "leader" && h.own < m.From: // two lead in one term: the other gives way
	default:
		h.follow(m.Term, m.From)
		h.rest()
		if of := [2]string{string(m.From), fmt.Sprint(m.Term)}; of != h.of || len(m.Log) >= len(h.log) {
			h.of, h.log = of, m.Log
		}
		r.Yes = true
	}
	r.Term, r.Len = h.is.Term, len(h.log)
	return r
}

func (h *homemade) write(what string, patience time.Duration) (came, why string) {
	h.mu.Lock()
	if h.is.Role != "leader" || len(h.log) >= longest {
		full := h.is.Role == "leader"
		h.mu.Unlock()
		if full {
			return refused, "its log is full"
		}
		return refused, "it does not lead"
	}
	done := make(chan string, 1)
	h.wait[len(h.log)] = done
	h.log = append(h.log, item{h.is.Term, what})
	h.send(what)
	h.mu.Unlock()
	select {
	case why := <-done:
		if why == "" {
			return acknowledged, ""
		}
		return unknown, why
	case <-time.After(patience):
		return unknown, fmt.Sprintf("not enough nodes within %v", patience)
	}
}

func (h *homemade) list() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []string
	for _, i := range h.log {
		all = append(all, i.What)
	}
	return all
}

func (h *homemade) part() (trace.Role, trace.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.is
	r.Note = fmt.Sprintf("%d entries", len(h.log))
	return r, h.leads
}

func (h *homemade) close() error {
	close(h.stop)
	return h.l.Close()
}
