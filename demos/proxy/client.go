package proxy

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/sock"
	"edu/procession/demos/trace"
)

// holder is a client from the inside: one with proxies.
type holder struct {
	w    *demo.Worker
	unix *sock.Lines // nil where the system has no socket pairs
	tcp  *sock.Lines
	id   int
}

// client is the role of the processes that hold proxies. It takes orders from the
// play, one a line, and says that it waits for the next when it is through.
func client(_ context.Context, w *demo.Worker) error {
	h := &holder{w: w}
	if sock.Raw {
		h.unix = &sock.Lines{C: sock.Socket(w.File(0))}
	}
	at, err := sock.ParseAddr(w.Arg("at"))
	if err != nil {
		return err
	}
	c, err := sock.Dial(sock.Addr{Host: 1}, at, sock.Key(w.Arg("key")))
	if err != nil {
		return err
	}
	h.tcp = &sock.Lines{C: c}
	for {
		w.Block(waiting)
		line, err := w.Recv()
		if err != nil {
			return nil
		}
		w.Block("the manager")
		order, arg, _ := strings.Cut(line, " ")
		n, _ := strconv.Atoi(arg)
		switch order {
		case "copy":
			err = h.copy(arg)
		case "append":
			err = h.append(arg)
		case "count":
			err = h.count(n)
		case "add":
			err = h.add(n)
		case "hits":
			err = h.hits()
		case "measure":
			err = h.measure(n)
		}
		if err != nil { // the other end is gone; so far as this client can know, and no more
			w.Logf("%s: %v", line, err)
			w.Report(trace.Belief{About: "manager", Is: "end of file: it is gone, and what it held"})
		}
	}
}

// waiting is what a client says when it is through with its orders.
const waiting = "the next order"

// ask makes a request through a proxy and waits for the reply.
func (h *holder) ask(by *sock.Lines, logged bool, what string) (string, error) {
	id := "0"
	if logged {
		h.id++
		id = strconv.Itoa(h.id)
		h.w.Report(request(trace.KindSend, h.w.Name(), id, what))
	}
	if _, err := by.C.Write([]byte(id + " " + what + "\n")); err != nil {
		return "", fmt.Errorf("the request could not be sent: %w", err)
	}
	reply, err := by.Line()
	if err == io.EOF {
		return "", fmt.Errorf("end of file instead of a reply")
	}
	if err != nil {
		return "", err
	}
	if logged {
		h.w.Report(answer(trace.KindRecv, h.w.Name(), id, reply))
	}
	return reply, nil
}

// copy appends to what get returned.
func (h *holder) copy(item string) error {
	got, err := h.ask(h.tcp, true, "get notes")
	if err != nil {
		return err
	}
	mine := append(strings.Fields(strings.Trim(got, "[]")), item)
	h.w.Report(trace.Belief{About: "notes", Is: list(mine) + " (a copy)"})
	h.w.Sleep(h.w.Pace().Scale(600 * time.Millisecond))
	got, err = h.ask(h.tcp, true, "get notes")
	if err != nil {
		return err
	}
	h.w.Logf("appended %s to a copy: %s; the manager still says %s", item, list(mine), got)
	return nil
}

// append asks the manager to append.
func (h *holder) append(item string) error {
	if _, err := h.ask(h.tcp, true, "append notes "+item); err != nil {
		return err
	}
	got, err := h.ask(h.tcp, true, "get notes")
	if err == nil {
		h.w.Report(trace.Belief{About: "notes", Is: got + " (a copy)"})
		h.w.Logf("asked the manager to append %s: it says %s", item, got)
	}
	return err
}

// count counts up n times by get and put.
func (h *holder) count(n int) error {
	for range n {
		got, err := h.ask(h.tcp, false, "get hits")
		if err != nil {
			return err
		}
		hits, err := strconv.Atoi(got)
		if err != nil {
			return err
		}
		if _, err := h.ask(h.tcp, false, "put hits "+strconv.Itoa(hits+1)); err != nil {
			return err
		}
	}
	return nil
}

// hits tells what the counter is.
func (h *holder) hits() error {
	got, err := h.ask(h.tcp, true, "get hits")
	if err == nil {
		h.w.Report(trace.Belief{About: "hits", Is: got + " (a copy)"})
	}
	return err
}

// add counts up n times at the manager.
func (h *holder) add(n int) error {
	for range n {
		if _, err := h.ask(h.tcp, false, "add hits 1"); err != nil {
			return err
		}
	}
	return nil
}

const batch = 1000

// measure times n operations each way.
func (h *holder) measure(n int) error {
	own := map[string]string{"hits": "0"}
	var f []float64
	sum := 0
	for range 51 {
		t := time.Now()
		for range batch {
			sum += len(own["hits"])
		}
		f = append(f, float64(time.Since(t))/batch)
	}
	if sum != 51*batch {
		return fmt.Errorf("the map was not read")
	}
	base := h.tell("own", f, "median of %d batches of 1 000 operations on its own map")
	for name, by := range map[string]*sock.Lines{"unix": h.unix, "tcp": h.tcp} {
		if by == nil {
			continue
		}
		f = f[:0]
		for range n {
			t := time.Now()
			if _, err := h.ask(by, false, "get hits"); err != nil {
				return err
			}
			f = append(f, float64(time.Since(t)))
		}
		median := h.tell(name, f, "median of %d gets through the proxy, each timed by itself")
		if name == "tcp" {
			h.w.Gauge("tcp-vs-own", median/base, "×")
			h.w.Gauge("tcp-rate", 1e9/median, "/s")
		}
	}
	return nil
}

func (h *holder) tell(name string, f []float64, note string) float64 {
	slices.Sort(f)
	median := f[len(f)/2]
	h.w.Report(trace.Gauge{Name: name, Value: median, Unit: "ns", Group: "one operation", Log: true, Note: fmt.Sprintf(note, len(f))})
	return median
}
