package proxy

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/sock"
	"edu/procession/demos/trace"
)

// manager is the role of the process that owns the objects. A request is a line:
// a number for the log, 0 for one that is not to be logged, and what is asked.
func manager(_ context.Context, w *demo.Worker) error {
	var lines []*sock.Lines
	var who []trace.ID
	clients := strings.Split(w.Arg("clients"), ",")
	if sock.Raw {
		for i, c := range clients {
			lines, who = append(lines, &sock.Lines{C: sock.Socket(w.File(i))}), append(who, trace.ID(c))
		}
	}
	l, err := sock.Listen(sock.Addr{Host: 2})
	if err != nil {
		return err
	}
	w.Report(trace.Listen{Addr: l.Addr().String()})
	w.Block("clients to connect")
	for _, c := range clients { // they connect one after the other
		conn, err := l.Accept(sock.Key(w.Arg("key")))
		if err != nil {
			return err
		}
		lines, who = append(lines, &sock.Lines{C: conn}), append(who, trace.ID(c))
	}
	l.Close()
	o := &objects{w: w, notes: []string{}}
	o.told()
	w.Block("a request")
	conns := make([]*sock.Conn, len(lines))
	open := len(lines)
	for i := range lines {
		conns[i] = lines[i].C
	}
	for open > 0 {
		ready, err := sock.Wait(-1, conns...)
		if err != nil {
			return err
		}
		for i, in := range lines {
			if !ready[i] {
				continue
			}
			if err := in.Fill(); err != nil { // this client is gone; the others stay
				in.C.Close()
				conns[i] = nil
				open--
				continue
			}
			for line, ok := in.Next(); ok; line, ok = in.Next() {
				if _, err := in.C.Write([]byte(o.serve(who[i], line) + "\n")); err != nil {
					break
				}
			}
		}
	}
	return nil
}

// objects are what the manager owns.
type objects struct {
	w     *demo.Worker
	notes []string
	hits  int
}

// told says what the objects are now.
func (o *objects) told() {
	o.w.Report(trace.Belief{About: "notes", Is: list(o.notes)})
}

func list(items []string) string { return "[" + strings.Join(items, " ") + "]" }

// serve does one operation and returns the reply.
func (o *objects) serve(from trace.ID, line string) string {
	id, ask, _ := strings.Cut(line, " ")
	if id != "0" {
		o.w.Report(request(trace.KindRecv, from, id, ask))
	}
	reply := o.do(strings.Fields(ask))
	if id != "0" {
		o.w.Report(answer(trace.KindSend, from, id, reply))
	}
	return reply
}

func (o *objects) do(ask []string) string {
	switch {
	case len(ask) == 2 && ask[0] == "get" && ask[1] == "notes":
		return list(o.notes)
	case len(ask) == 2 && ask[0] == "get":
		return strconv.Itoa(o.hits)
	case len(ask) == 3 && ask[0] == "append":
		o.notes = append(o.notes, ask[2])
		o.told()
		return "done"
	case len(ask) == 3 && ask[0] == "put":
		o.hits, _ = strconv.Atoi(ask[2])
		return "done"
	case len(ask) == 3 && ask[0] == "add":
		n, _ := strconv.Atoi(ask[2])
		o.hits += n
		return "done"
	}
	return fmt.Sprintf("unknown: %.40q", strings.Join(ask, " "))
}

// request and answer are the two messages of an operation.
func request(is trace.Kind, client trace.ID, id, text string) trace.Msg {
	return trace.Msg{Is: is, Msg: string(client) + " " + id, From: client, To: "manager", Text: text, Bytes: len(text) + len(id) + 2}
}

func answer(is trace.Kind, client trace.ID, id, text string) trace.Msg {
	return trace.Msg{Is: is, Msg: string(client) + " reply " + id, From: "manager", To: client, Text: text, Bytes: len(text) + 1}
}
