package shared

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// The two, in the order in which they come on stage.
const (
	theWriter = iota
	theReader
)

var names = [...]trace.ID{"writer", "reader"}

// play is the state of one run. Only the goroutine of Play touches it; the
// others send news.
type play struct {
	s     demo.Stage
	news  chan news
	over  chan struct{}
	path  string // of the block
	size  int    // which of sizes a write fills
	procs [2]demo.Proc
	idle  [2]bool
	ended [2]*trace.Exit
	wrote string // the last that was written, and read
	read  string
	torn  string
	times map[string]float64 // what was measured last
	told  bool               // what the writer left
}

// news is what somebody said, or that it ended.
type news struct {
	i    int
	data trace.Data // nil: it has ended
}

func (pl *play) send(n news) {
	select {
	case pl.news <- n:
	case <-pl.over:
	}
}

// begin brings both on stage, the writer first: it makes the block.
func (pl *play) begin(ctx context.Context) error {
	dir, err := pl.s.Dir()
	if err != nil {
		return err
	}
	pl.path = dir + "/block"
	inR, toR, err := os.Pipe()
	if err != nil {
		return err
	}
	inW, toW, err := os.Pipe()
	if err != nil {
		inR.Close()
		toR.Close()
		return err
	}
	files := [2][]*os.File{{inW, toR}, {inR, toW}}
	defer func() {
		for _, f := range []*os.File{inR, toR, inW, toW} {
			f.Close()
		}
	}()
	pl.s.Say("A writer makes a block of memory with a name, 8 MiB of it, and a reader maps it by that name.")
	for i, name := range names {
		p, err := pl.s.Spawn(ctx, demo.Spec{Role: string(name), Name: name, Files: files[i], Args: map[string]string{"path": pl.path},
			Heard: func(d trace.Data) {
				switch d.(type) {
				case trace.Block, trace.Cell, trace.Gauge:
					pl.send(news{i, d})
				}
			}})
		if err != nil {
			return err
		}
		pl.procs[i] = p
		go func() {
			select {
			case <-p.Exited():
				pl.send(news{i: i})
			case <-pl.over:
			}
		}()
		if err := pl.until(ctx, func() bool { return pl.idle[i] || pl.ended[i] != nil }, demo.ForEver); err != nil {
			return err
		}
	}
	return nil
}

func (pl *play) take(n news) {
	switch d := n.data.(type) {
	case nil:
		x, _ := pl.procs[n.i].Wait(context.Background())
		pl.ended[n.i] = &x
	case trace.Block:
		pl.idle[n.i] = d.On == waiting
	case trace.Cell:
		if d.Is == trace.KindWrite {
			pl.wrote = d.Value
		} else {
			pl.read = d.Value
		}
	case trace.Gauge:
		pl.times[d.Name] = d.Value
		if d.Name == "records" {
			pl.torn = fmt.Sprintf("of %.0f records", d.Value)
		} else if d.Name == "torn" {
			pl.torn = fmt.Sprintf("%.0f %s", d.Value, pl.torn)
		}
	}
}

func (pl *play) until(ctx context.Context, ok func() bool, d time.Duration) error {
	return demo.Loop[news]{Stage: pl.s, News: pl.news, Take: pl.take, Look: func() {},
		Act: func(a demo.Act) error { return pl.act(ctx, a.Name) }}.Until(ctx, ok, d)
}

// through waits until both are through with their orders, or have ended, taking no
// actions meanwhile; false where that takes longer than d, or all is over.
func (pl *play) through(ctx context.Context, d time.Duration) (bool, error) {
	late := time.NewTimer(d)
	defer late.Stop()
	for !pl.ready(theWriter) || !pl.ready(theReader) {
		select {
		case n := <-pl.news:
			pl.take(n)
		case <-late.C:
			return false, nil
		case <-pl.s.Finished():
			return false, nil
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	return true, nil
}

func (pl *play) ready(i int) bool { return pl.idle[i] || pl.ended[i] != nil }

func (pl *play) order(i int, format string, args ...any) {
	if pl.ended[i] == nil && pl.procs[i].Send(fmt.Sprintf(format, args...)) == nil {
		pl.idle[i] = false
	}
}

// both gives orders to both, to be done at once, and waits until they are.
func (pl *play) both(ctx context.Context, w, r string) (bool, error) {
	pl.order(theReader, "%s", r)
	pl.order(theWriter, "%s", w)
	return pl.through(ctx, demo.ForEver)
}

// after gives an order to the writer, and when it is through one to the reader.
func (pl *play) after(ctx context.Context, w, r string) (bool, error) {
	pl.order(theWriter, "%s", w)
	if ok, err := pl.through(ctx, demo.ForEver); !ok || err != nil {
		return ok, err
	}
	pl.order(theReader, "%s", r)
	return pl.through(ctx, demo.ForEver)
}

func (pl *play) act(ctx context.Context, name string) error {
	s := pl.s
	if ok, err := pl.through(ctx, time.Second); err != nil {
		return err
	} else if !ok {
		s.Say("Somebody is stopped, or still at the last order. Press c, or try again when it is through.")
		return nil
	}
	if pl.ended[theWriter] != nil && name != "unlink" && name != "size" {
		s.Say("There is no writer any more; R runs it again. x takes the block's name away.")
		return nil
	}
	if pl.ended[theReader] != nil && name != "unlink" && name != "size" {
		s.Say("There is no reader any more; R runs it again.")
		return nil
	}
	switch name {
	case "size":
		pl.size = (pl.size + 1) % len(sizes)
		s.Say("A write fills %s from here on. w writes.", sizes[pl.size].text)
	case "write":
		return pl.write(ctx)
	case "type":
		return pl.types(ctx)
	case "torn":
		return pl.tear(ctx)
	case "unlink":
		return pl.unlink(ctx)
	}
	return nil
}

// measure times the hand-overs.
func (pl *play) measure(ctx context.Context) error {
	pl.s.Say("Hand-overs of 1 KiB to 8 MiB: through a pipe, and in the block, where only a note of 16 bytes goes through the pipe.")
	_, err := pl.both(ctx, "measure", "answer")
	if v := pl.times; err == nil && v["pipe-8m"] > 0 && v["shared-8m"] > 0 {
		pl.s.Say("8 MiB: %.2f ms through the pipe, %.4f ms in shared memory, where 1 KiB takes %.4f ms. A note costs the same, whatever it speaks of.", v["pipe-8m"]/1000, v["shared-8m"]/1000, v["shared-1k"]/1000)
	}
	return err
}

// write has so many bytes written and read, and looks into the kernel's books.
func (pl *play) write(ctx context.Context) error {
	size := sizes[pl.size]
	if ok, err := pl.after(ctx, fmt.Sprintf("fill %d", size.n), fmt.Sprintf("read %d", size.n)); !ok || err != nil {
		return err
	}
	if pl.ended[theWriter] != nil || pl.ended[theReader] != nil {
		return nil
	}
	if pl.read != pl.wrote {
		return fmt.Errorf("the reader read %q, and %q was written", pl.read, pl.wrote)
	}
	text := fmt.Sprintf("The writer wrote %s, and the reader saw it where it lies: nothing was sent and nothing copied.", size.text)
	var rss, pss [2]int64
	for i, p := range pl.procs {
		var ok bool
		if rss[i], pss[i], ok = resident(p.PID(), pl.path); !ok {
			pl.s.Say("%s", text)
			return nil
		}
	}
	for i, name := range names { // once both are through, the two looks are of one state
		pl.s.Kernel(name, trace.Gauge{Name: "rss-" + string(name), Value: float64(rss[i]), Unit: "bytes", Group: "the block in memory"})
		pl.s.Kernel(name, trace.Gauge{Name: "pss-" + string(name), Value: float64(pss[i]), Unit: "bytes", Group: "the block in memory"})
	}
	pl.s.Say("%s Of the block the writer has %s in memory and the reader %s (RSS). What both have is the same pages: shared out (PSS), it is %s in all.",
		text, mib(rss[theWriter]), mib(rss[theReader]), mib(pss[0]+pss[1]))
	return nil
}

func mib(n int64) string { return fmt.Sprintf("%.3g MiB", float64(n)/(1<<20)) }

// types has a float read as an integer.
func (pl *play) types(ctx context.Context) error {
	ok, err := pl.after(ctx, "float", "integer")
	if ok && err == nil && pl.ended[theReader] == nil {
		pl.s.Say("Written: %s. The reader took it for %s. No error: memory holds bytes, and what they mean must be agreed on elsewhere.", pl.wrote, pl.read)
	}
	return err
}

// tear has both at the block at once.
func (pl *play) tear(ctx context.Context) error {
	d := max(pl.s.Pace().Scale(time.Second), 100*time.Millisecond)
	pl.torn = ""
	pl.s.Say("The writer writes records of 64 equal words over and over, and the reader reads them, without a lock.")
	order := fmt.Sprintf("torn %d", d)
	ok, err := pl.both(ctx, order, order)
	if ok && err == nil && pl.torn != "" {
		pl.s.Say("%s were torn: part of one, part of another. Memory does not know where a record begins and ends: that takes a lock.", strings.ToUpper(pl.torn[:1])+pl.torn[1:])
	}
	return err
}

// left looks what is under the block's name.
func (pl *play) left() int64 {
	st, err := os.Stat(pl.path)
	if err != nil {
		return 0
	}
	return st.Size()
}

// leftover tells what a writer that has ended left behind.
func (pl *play) leftover(ctx context.Context) error {
	pl.told = true
	n := pl.left()
	pl.s.Kernel("", trace.Gauge{Name: "left", Value: float64(n), Unit: "bytes", Note: "under the block's name"})
	pl.order(theReader, "read %d", 8)
	_, err := pl.through(ctx, time.Second)
	if n > 0 {
		pl.s.Say("The writer was killed, and SIGKILL gives it no time to unlink. The name is still there, with %s under it, and the reader reads on. x unlinks it.", mib(n))
	} else {
		pl.s.Say("The writer was killed. The name had been taken away before, and the reader reads on.")
	}
	return err
}

// unlink takes the name away.
func (pl *play) unlink(ctx context.Context) error {
	if os.Remove(pl.path) != nil {
		pl.s.Say("The name is gone already.")
		return nil
	}
	pl.s.Kernel("", trace.Gauge{Name: "left", Value: float64(pl.left()), Unit: "bytes", Note: "under the block's name"})
	pl.read = ""
	pl.order(theReader, "read %d", 8)
	if _, err := pl.through(ctx, time.Second); err != nil {
		return err
	}
	still := ""
	if pl.read != "" {
		still = " The reader still reads it: the memory goes when the last one that maps it has gone."
	}
	pl.s.Say("The name is gone: nobody else can find the block.%s", still)
	return nil
}

// attended plays what the keys, or a script, ask for.
func (pl *play) attended(ctx context.Context) error {
	s := pl.s
	if err := pl.write(ctx); err != nil { // first: measuring touches all of the block
		return err
	}
	s.Sleep(ctx, 3*time.Second)
	if err := pl.measure(ctx); err != nil {
		return err
	}
	for {
		left := demo.ForEver
		if !s.Attended() {
			left = s.ScriptEnd() - s.Now() + s.Pace().Scale(2*time.Second)
		}
		killed := func() bool { return pl.ended[theWriter] != nil && !pl.told }
		if err := pl.until(ctx, killed, left); err != nil {
			return err
		}
		if !killed() || demo.Finished(s) {
			return pl.end(ctx)
		}
		if err := pl.leftover(ctx); err != nil {
			return err
		}
	}
}

// alone plays everything once.
func (pl *play) alone(ctx context.Context) error {
	for _, do := range []func(context.Context) error{pl.write, pl.measure, pl.types, pl.tear} {
		if err := do(ctx); err != nil {
			return err
		}
		pl.s.Sleep(ctx, 2500*time.Millisecond)
	}
	if err := pl.procs[theWriter].Signal(demo.SigKill); err != nil {
		return err
	}
	if err := pl.until(ctx, func() bool { return pl.ended[theWriter] != nil }, demo.ForEver); err != nil {
		return err
	}
	for _, do := range []func(context.Context) error{pl.leftover, pl.unlink} {
		if err := do(ctx); err != nil {
			return err
		}
		pl.s.Sleep(ctx, 2500*time.Millisecond)
	}
	return pl.end(ctx)
}

// end gives the verdict and lets those go who can.
func (pl *play) end(ctx context.Context) error {
	for i, x := range pl.ended {
		if x != nil && x.Signal == "" && x.Code != 0 {
			return fmt.Errorf("the %s ended with exit code %d: its last line says why", names[i], x.Code)
		}
	}
	switch {
	case pl.ended[theWriter] != nil && pl.left() > 0:
		pl.s.Verdict(true, "The writer is gone, and its block is not: %s under its name. It goes with the run's folder.", mib(pl.left()))
	case pl.ended[theWriter] != nil:
		pl.s.Verdict(true, "The writer was killed, and its block stayed until somebody else unlinked it.")
	case pl.ended[theReader] != nil:
		pl.s.Verdict(true, "The reader is gone; the writer and the block did not mind. The block goes with the run's folder.")
	default:
		pl.s.Verdict(true, "What the writer wrote the reader read in the same memory. The block goes with the run's folder.")
	}
	late := time.After(3 * time.Second)
	for _, p := range pl.procs {
		p.CloseSend()
	}
	for _, p := range pl.procs {
		if p.State() == trace.Stopped {
			continue
		}
		select {
		case <-p.Exited():
		case <-late:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
