package view

import (
	"fmt"
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/trace"
)

// five is a cluster of five nodes that was cut in two: a leader of an older term
// does not know that there is a newer one. With clocks, each message and each
// change of part carries a vector clock.
func five(clocked bool) *play {
	p := &play{}
	nodes := []trace.ID{"n1", "n2", "n3", "n4", "n5"}
	clock := map[trace.ID]*[5]uint64{}
	for i, n := range nodes {
		clock[n] = &[5]uint64{}
		at := time.Duration(20+i*10) * ms1
		p.add(at, trace.Stage, n, trace.Start{PID: 4711 + i, PPID: 4700, Role: "member", Node: string(n)})
		p.add(at+3*ms1, trace.Worker, n, trace.Ready{PID: 4711 + i, Took: 3 * ms1})
		p.add(at+4*ms1, trace.Worker, n, trace.Listen{Addr: fmt.Sprintf("127.0.0.%d:40%d23", i+2, i), For: "raft"})
		p.state(at+8*ms1, n, trace.Asleep, "epoll")
	}
	p.start(75*ms1, "client", 4720, "client")
	p.state(80*ms1, "client", trace.Asleep, "timer")
	tick := func(at time.Duration, who trace.ID, d trace.Data, know *[5]uint64) *[5]uint64 {
		c := clock[who]
		for i := range c {
			if know != nil {
				c[i] = max(c[i], know[i])
			}
		}
		for i, n := range nodes {
			if n == who {
				c[i]++
			}
		}
		now := *c
		p.add(at, trace.Worker, who, d)
		if clocked {
			p.events[len(p.events)-1].Clock = now[:]
		}
		return &now
	}
	at, count := 100*ms1, 0
	cut := false
	old := func(n trace.ID) bool { return n == "n1" || n == "n2" }
	send := func(from, to trace.ID, text string) {
		count++
		id := fmt.Sprint("m", count)
		know := tick(at, from, trace.Msg{Is: trace.KindSend, Msg: id, From: from, To: to, Text: text}, nil)
		if cut && old(from) != old(to) {
			p.add(at+ms1, trace.Stage, "", trace.Msg{Is: trace.KindDrop, Msg: id, From: from, To: to, Text: "link cut (injected)"})
			return
		}
		tick(at+2*ms1, to, trace.Msg{Is: trace.KindRecv, Msg: id, From: from, To: to, Took: 800 * time.Microsecond}, know)
	}
	round := func(leader trace.ID) {
		for _, n := range nodes {
			if n != leader {
				send(leader, n, "append")
				at += 3 * ms1
				if !cut || old(n) == old(leader) {
					send(n, leader, "reply")
				}
				at += 3 * ms1
			}
		}
		at += 20 * ms1
	}
	role := func(who trace.ID, r string, term uint64, note string) {
		tick(at, who, trace.Role{Role: r, Term: term, Note: note}, nil)
		at += 2 * ms1
	}
	for _, n := range nodes {
		role(n, "follower", 3, "")
	}
	role("n1", "candidate", 3, "")
	role("n1", "leader", 3, "5 entries, 5 committed")
	for range 6 {
		round("n1")
	}
	for i, n := range nodes[1:] {
		p.add(at, trace.Worker, "n1", trace.RTT{A: "n1", B: n, Took: time.Duration(210+40*i) * time.Microsecond})
	}
	p.say(at, "Five nodes, one leader. Now the links between n1, n2 and the other three are cut.")
	for _, x := range nodes[:2] {
		for _, y := range nodes[2:] {
			p.add(at, trace.Stage, x, trace.Link{Is: trace.KindCut, A: x, B: y})
		}
	}
	p.add(at, trace.Stage, "n1", trace.LinkFault{A: "n1", B: "n2", Delay: 50 * ms1, Jitter: 20 * ms1})
	cut = true
	at += 10 * ms1
	round("n1")
	round("n1")
	for _, n := range nodes[2:] {
		p.add(at, trace.Worker, n, trace.Belief{About: "n1", Is: "silent for 0.5 s"})
		at += ms1
	}
	p.add(at, trace.Worker, "n1", trace.Belief{About: "lease", Is: "mine until +2.0s"})
	role("n3", "candidate", 4, "")
	send("n3", "n4", "vote?")
	at += 5 * ms1
	send("n4", "n3", "vote: yes")
	at += 5 * ms1
	role("n3", "leader", 4, "6 entries, 6 committed")
	p.add(at, trace.Worker, "n3", trace.Belief{About: "lease", Is: "mine until +3.5s"})
	role("n4", "follower", 4, "")
	role("n5", "follower", 4, "")
	for range 3 {
		round("n3")
	}
	p.add(at, trace.Learner, "n5", trace.Act{Action: "stop", Target: "n5"})
	p.add(at, trace.Kernel, "n5", trace.State{From: 'S', To: 'T', How: "waited"})
	at += 300 * ms1
	p.add(at, trace.Worker, "n3", trace.Belief{About: "n5", Is: "silent for 0.3 s"})
	p.say(at, "Two nodes say that they lead, each by its own word. Only one of them can commit.")
	return p
}

// three is lesson 1's peers in the middle of a one-way cut, one of them killed.
func three() *board.Board {
	p := &play{}
	nodes := []trace.ID{"a", "b", "c"}
	for i, n := range nodes {
		at := time.Duration(20+i*10) * ms1
		p.add(at, trace.Stage, n, trace.Start{PID: 4711 + i, PPID: 4700, Role: "peer", Node: string(n)})
		p.add(at+4*ms1, trace.Worker, n, trace.Listen{Addr: fmt.Sprintf("127.0.0.%d:40123", i+2)})
		p.state(at+8*ms1, n, trace.Asleep, "poll")
		p.add(at+9*ms1, trace.Worker, n, trace.Block{On: "hears all"})
	}
	at := 100 * ms1
	for i := range 40 {
		for j, from := range nodes {
			to := nodes[(j+1+i%2)%3]
			id := fmt.Sprint(from, i)
			p.add(at, trace.Worker, from, trace.Msg{Is: trace.KindSend, Msg: id, From: from, To: to, Text: fmt.Sprint("beat ", i)})
			if i > 20 && from == "a" && to == "b" {
				p.add(at+ms1, trace.Worker, to, trace.Msg{Is: trace.KindDrop, Msg: id, From: from, To: to, Text: "link cut (injected)"})
			} else {
				p.add(at+ms1, trace.Worker, to, trace.Msg{Is: trace.KindRecv, Msg: id, From: from, To: to})
			}
			at += 7 * ms1
		}
		if i == 20 {
			p.add(at, trace.Stage, "", trace.Link{Is: trace.KindCut, A: "a", B: "b", OneWay: true})
		}
		at += 30 * ms1
	}
	p.add(at, trace.Worker, "b", trace.Belief{About: "a", Is: "silent for 1.0 s"})
	at += 20 * ms1
	p.add(at, trace.Kernel, "c", trace.Exit{PID: 4713, Code: -1, Signal: "KILL"})
	p.add(at+ms1, trace.Kernel, "c", trace.Reaped{PID: 4713})
	p.add(at+2*ms1, trace.Worker, "a", trace.Belief{About: "c", Is: "gone: end of file"})
	p.add(at+40*ms1, trace.Worker, "b", trace.Belief{About: "a", Is: ""})
	p.say(at, "What a sends to b is thrown away; what b sends to a arrives. c has been killed.")
	return p.board(time.Hour)
}
