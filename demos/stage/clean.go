package stage

import (
	"edu/procession/demos/safe"
	"edu/procession/demos/trace"
)

// clean passes what a worker vouches for, and makes its text fit to be shown.
func clean(d trace.Data) (trace.Data, bool) {
	id := func(s trace.ID) trace.ID { return trace.ID(safe.Line(string(s), 40)) }
	text := func(s string) string { return safe.Line(s, 200) }
	switch d := d.(type) {
	case trace.Start, trace.Ready, trace.Exit: // of its kin: see ofKin
		return d, true
	case trace.Block:
		d.On = text(d.On)
		return d, true
	case trace.Say:
		d.Text = text(d.Text)
		if d.Stream != "caption" {
			d.Stream = "log"
		}
		return d, true
	case trace.Gauge:
		d.Name, d.Unit, d.Group, d.Note = text(d.Name), text(d.Unit), text(d.Group), text(d.Note)
		return d, true
	case trace.Task:
		d.Worker, d.Note = id(d.Worker), text(d.Note)
		return d, true
	case trace.Item:
		d.Queue, d.Item = id(d.Queue), text(d.Item)
		return d, true
	case trace.Depth:
		d.Queue, d.Unit = id(d.Queue), text(d.Unit)
		return d, true
	case trace.Cell:
		d.Cell, d.Value = id(d.Cell), text(d.Value)
		return d, true
	case trace.Lock:
		d.Lock = id(d.Lock)
		return d, true
	case trace.StepWait:
		d.Text = text(d.Text)
		return d, true
	case trace.RTT:
		d.A, d.B = id(d.A), id(d.B)
		return d, true
	case trace.Listen:
		d.Addr, d.For = text(d.Addr), text(d.For)
		return d, true
	case trace.Role:
		d.Role, d.Note = text(d.Role), text(d.Note)
		return d, true
	case trace.Belief:
		d.About, d.Is = id(d.About), text(d.Is)
		return d, true
	case trace.Join:
		d.Node, d.Host, d.OS = id(d.Node), text(d.Host), text(d.OS)
		return d, true
	case trace.Leave:
		d.Node, d.Why = id(d.Node), text(d.Why)
		return d, true
	case trace.Msg:
		d.Msg, d.From, d.To, d.Text = text(d.Msg), id(d.From), id(d.To), text(d.Text)
		return d, true
	}
	return nil, false
}
