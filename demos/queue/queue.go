package queue

import (
	"context"
	"fmt"
	"time"

	"edu/procession/demos/demo"
)

// Demo is the demo queue-pipe-event.
type Demo struct{}

var _ demo.Demo = Demo{}

// Info implements demo.Demo.
func (Demo) Info() demo.Info {
	return demo.Info{
		Name:  "queue-pipe-event",
		Title: "Queue, pipe and event",
		Doc: "Two producers put items into a queue with few places, and three consumers take them; who finds it full, or empty, sleeps in the kernel. " +
			"Then a pipe that nobody reads fills up, and an event wakes all who wait for it. " +
			"Pause consumers, add some, kill one with an item in its hands, set the event.",
		Places: []demo.Place{demo.Processes},
		Params: []demo.Param{
			{Name: "producers", Default: "2", Check: demo.Int(1, 4), Doc: "processes that put"},
			{Name: "consumers", Default: "3", Check: demo.Int(1, 6), Doc: "processes that get"},
			{Name: "size", Default: "8", Check: demo.Int(1, 64), Doc: "items that the queue has room for"},
			{Name: "put-every", Default: "160ms", Check: demo.Duration(0, 10*time.Second), Doc: "how long a producer takes for an item"},
			{Name: "get-every", Default: "450ms", Check: demo.Duration(0, 10*time.Second), Doc: "how long a consumer takes for an item"},
			{Name: "feed-delay", Default: "0s", Check: demo.Duration(0, 10*time.Second), Doc: "injected: how long an item lies with the producer between put and the pipe, otherwise some microseconds"},
			{Name: "acts", Default: "all", Check: demo.Choice("all", "queue"), Doc: "all, or the queue alone: no pipe, no event, no measuring"},
		},
		Actions: []demo.Action{
			{Name: "pause", Key: "p", Doc: "ask the selected consumer to pause, or all when no consumer is selected; again: to go on", Target: demo.ToProc},
			{Name: "add", Key: "+", Doc: "start another consumer", Target: demo.ToStage},
			{Name: "remove", Key: "-", Doc: "let a consumer leave once it is through with its item", Target: demo.ToStage},
			{Name: "event", Key: "e", Doc: "set the event that the waiters wait for", Target: demo.ToStage},
			{Name: "fill", Key: "w", Doc: "fill a pipe again", Target: demo.ToStage},
			demo.Kill, demo.Stop, demo.Cont,
		},
		Gauges: []demo.Gauge{
			{Name: "messages-per-second", Unit: "/s", Doc: "messages of 64 bytes from one process to another, as fast as they can: their number, by the time from before the first put until the last was got and checked. The queue is unbounded, as Python's is by default, the feeder writes all that lies there in one go, and the only consumer reads ahead"},
			{Name: "handoff", Unit: "µs", Doc: "from just before put in one process until the same message was got in another, one message at a time with nothing else in the queue; median. Both clocks are the machine's monotonic one"},
			{Name: "handoff-p99", Unit: "µs", Doc: "the same: 99 of 100 were not slower"},
			{Name: "pipe-capacity", Unit: "bytes", Doc: "what the kernel said was in the pipe that nobody read when the writer fell asleep in a write"},
			{Name: "depth-max", Doc: "the most items that were in the queue at any look, by the kernel's count"},
			{Name: "blocked-put", Unit: "ms", Doc: "how long producers were blocked in put, all together, as they report it after each wait"},
			{Name: "blocked-get", Unit: "ms", Doc: "how long consumers were blocked in get, all together, as they report it after each wait"},
			{Name: "empty-lied", Doc: "how often the pipe was empty, by the kernel's count, when the process that had just put an item asked right after put"},
			{Name: "event-release", Unit: "µs", Doc: "from setting the event until the last waiter was awake, both on the machine's monotonic clock"},
			{Name: "lost", Doc: "items that were put and never done: in the hands of a consumer that died, or not yet fed by a producer that died"},
		},
	}
}

// Roles implements demo.Demo.
func (Demo) Roles() map[string]demo.Role {
	return map[string]demo.Role{
		"producer": producer, "consumer": consumer,
		"writer": writer, "reader": reader,
		"waiter": waiter,
		"source": source, "sink": sink, "asker": asker,
	}
}

// Play implements demo.Demo.
func (Demo) Play(ctx context.Context, s demo.Stage) error {
	ctx, cancel := context.WithCancel(ctx)
	pl, err := newPlay(s)
	if err != nil {
		cancel()
		return fmt.Errorf("the queue could not be made: %w", err)
	}
	defer pl.close()
	defer cancel() // ends the script before its pipes are closed
	if err := pl.open(ctx); err != nil {
		return err
	}
	script := make(chan error, 1)
	pl.scripts.Go(func() { script <- pl.script(ctx) })
	var failed error
	through := false
	err = pl.until(ctx, func() bool {
		select {
		case failed = <-script:
			through = true
		default:
		}
		// what is scripted gets time to show
		return failed != nil || through && s.Now() > s.ScriptEnd()+s.Pace().Scale(time.Second)
	}, 0)
	if err != nil {
		return err
	}
	if failed != nil {
		return failed
	}
	return pl.end(ctx)
}
