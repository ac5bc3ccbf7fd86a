package quorum

import (
	"context"
	"net"
	"os"
	"strings"
	"time"

	"edu/procession/demos/cluster"
	"edu/procession/demos/demo"
	"edu/procession/demos/internal/wire"
	"edu/procession/demos/trace"
)

// fact is what a node tells the play.
type fact struct {
	Node  trace.ID `json:"node"`
	Role  string   `json:"role,omitempty"` // it has another part now
	Term  uint64   `json:"term,omitempty"`
	At    int64    `json:"at,omitempty"`    // when, on the clock of the run
	Write string   `json:"write,omitempty"` // what became of this write
	Came  string   `json:"came,omitempty"`  // acknowledged, refused or unknown
	Why   string   `json:"why,omitempty"`
	Has   []string `json:"has,omitempty"` // what it has applied, when it was asked
	List  bool     `json:"list,omitempty"`
}

// How a write comes out.
const (
	acknowledged = "acknowledged"
	refused      = "refused"
	unknown      = "unknown"
)

// replica is what keeps a node's copy of the log the same as the others'.
type replica interface {
	// write takes a write, and returns when it is known how it comes out, or patience
	// has ended.
	write(what string, patience time.Duration) (came, why string)
	list() []string
	// part is the node's, and whom it takes for the leader, "" for nobody.
	part() (trace.Role, trace.ID)
	close() error
}

// node is the role of all nodes. Its process may be another than the node's first,
// its name is that of the node.
func node(_ context.Context, w *demo.Worker) error {
	own, facts := trace.ID(w.Arg("node")), w.File(0)
	l, err := net.Listen("tcp", w.Arg("host")+":0")
	if err != nil {
		return err
	}
	cluster.Announce(w, l.Addr().String(), speaks(w.Arg("rule")))
	w.Block("the others' addresses")
	line, err := w.Recv()
	if err != nil {
		return nil
	}
	others := map[trace.ID]string{}
	for pair := range strings.FieldsSeq(line) {
		who, at, _ := strings.Cut(pair, "=")
		others[trace.ID(who)] = at
	}
	var r replica
	if w.Arg("rule") == half {
		r = newHalf(own, l, others, w.IntArg("needed"), w.DurationArg("election"))
	} else if r, err = newRaft(own, l, others, w.DurationArg("election"), w.Arg("file")); err != nil {
		return err
	}
	stop := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		watch(w, own, r, facts, stop)
	}()
	w.Block("orders and its peers")
	for {
		line, err := w.Recv()
		if err != nil {
			break
		}
		switch order, arg, _ := strings.Cut(line, " "); order {
		case "write":
			go func() {
				came, why := r.write(arg, w.DurationArg("patience"))
				wire.Tell(facts, fact{Node: own, Write: arg, Came: came, Why: why})
			}()
		case "list":
			wire.Tell(facts, fact{Node: own, List: true, Has: r.list()})
		}
	}
	close(stop)
	<-watched
	return r.close()
}

// watch reports the node's part, when it has changed, and whom it takes for the leader.
func watch(w *demo.Worker, own trace.ID, r replica, facts *os.File, stop <-chan struct{}) {
	var last trace.Role
	leader := trace.ID("?")
	t := time.NewTicker(10 * time.Millisecond)
	defer t.Stop()
	for {
		now, leads := r.part()
		if now != last {
			w.Report(now)
			if now.Role != last.Role || now.Term != last.Term {
				wire.Tell(facts, fact{Node: own, Role: now.Role, Term: now.Term, At: int64(w.Now())})
			}
			last = now
		}
		if leads != leader {
			leader = leads
			is := "nobody that it knows of"
			if leads != "" {
				is = string(leads)
			}
			w.Report(trace.Belief{About: "leader", Is: is})
		}
		select {
		case <-stop:
			return
		case <-t.C:
		}
	}
}
