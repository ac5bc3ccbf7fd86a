// Who is there? hashicorp/memberlist says, in the view of n1.
// In a module of your own: go get github.com/hashicorp/memberlist
package main

import (
	"fmt"
	"io"
	"log"
	"time"

	"github.com/hashicorp/memberlist"
)

type list = memberlist.Memberlist

// start makes a member. All four live in one process here, each
// with sockets of its own.
func start(name string, events memberlist.EventDelegate) *list {
	c := memberlist.DefaultLANConfig()
	c.Name = name
	c.BindAddr, c.BindPort, c.AdvertisePort = "127.0.0.1", 0, 0
	c.ProbeInterval = 200 * time.Millisecond // 1 s by default
	c.ProbeTimeout = 100 * time.Millisecond
	c.Events = events
	c.LogOutput = io.Discard // else it writes to standard error
	l, err := memberlist.Create(c)
	if err != nil {
		log.Fatal(err)
	}
	return l
}

// watch waits until n1 is told this of a member.
func watch(ch <-chan memberlist.NodeEvent,
	is memberlist.NodeEventType, name string) time.Duration {
	began := time.Now()
	for e := range ch {
		if e.Event == is && e.Node.Name == name {
			break
		}
	}
	return time.Since(began).Round(time.Millisecond)
}

func main() {
	ch := make(chan memberlist.NodeEvent, 100)
	n1 := start("n1", &memberlist.ChannelEventDelegate{Ch: ch})
	seed := n1.LocalNode().Address()
	others := map[string]*list{}
	for _, name := range []string{"n2", "n3", "n4"} {
		others[name] = start(name, nil)
		if _, err := others[name].Join([]string{seed}); err != nil {
			log.Fatal(err)
		}
		watch(ch, memberlist.NodeJoin, name)
		fmt.Println("n1:", name, "is a member")
	}

	go others["n3"].Leave(5 * time.Second)
	took := watch(ch, memberlist.NodeLeave, "n3")
	fmt.Println("n1: n3, which left, is no member, after", took)

	others["n4"].Shutdown() // it falls silent, and tells nobody
	took = watch(ch, memberlist.NodeLeave, "n4")
	fmt.Println("n1: n4, fallen silent, is no member, after", took)

	fmt.Println("n1 has", n1.NumMembers(), "members, itself included")
}
