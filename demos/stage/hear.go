package stage

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/safe"
	"edu/procession/demos/trace"
)

// What a worker may say: so many at once, and so many a second from then on.
const (
	eventBurst, eventRate = 20000, 2000
	lineBurst, lineRate   = 200, 50
	maxText               = 2000 // bytes of one line of output that are kept
)

// bucket lets so many through and counts the rest.
type bucket struct {
	left    float64
	rate    float64
	burst   float64
	last    time.Time
	dropped int
}

func newBucket(burst, rate float64) *bucket {
	return &bucket{left: burst, rate: rate, burst: burst, last: time.Now()}
}

func (b *bucket) take() bool {
	if b.left < 1 {
		now := time.Now()
		b.left = min(b.burst, b.left+b.rate*now.Sub(b.last).Seconds())
		b.last = now
	}
	if b.left < 1 {
		b.dropped++
		return false
	}
	b.left--
	return true
}

// hear reads the worker's events: its hello first.
func (p *proc) hear(f *os.File, role string) {
	defer p.pipes.Done()
	defer p.r.gates.wake()
	defer close(p.heard)
	defer f.Close()
	in := bufio.NewReaderSize(p.events, demo.MaxReport)
	line, err := in.ReadSlice('\n')
	p.took = time.Since(p.began)
	if err = p.greet(line, err, role); err != nil {
		select {
		case p.hello <- err:
		default:
		}
		io.Copy(io.Discard, in)
		return
	}
	p.hello <- nil

	if p.spec.Program != nil {
		p.hearProgram(in)
		return
	}
	b := newBucket(eventBurst, eventRate)
	refused, first := 0, ""
	tell := func() {
		if b.dropped > 0 {
			p.r.Emit(p.id, trace.Dropped{Count: b.dropped, Reason: string(p.id) + " reports too many"})
			b.dropped = 0
		}
		if refused > 0 {
			p.r.Emit(p.id, trace.Dropped{Count: refused, Reason: fmt.Sprintf("%s sent what is no report: %s", p.id, first)})
			refused = 0
		}
	}
	defer tell()
	var told time.Time
	for {
		line, err := in.ReadSlice('\n')
		switch {
		case err == bufio.ErrBufferFull:
			for err == bufio.ErrBufferFull {
				_, err = in.ReadSlice('\n')
			}
			refused, first = refused+1, "a line of over 64 KiB"
		case err != nil:
			return
		case b.take():
			d, who, clock, err := p.report(line)
			kin := false
			if err == nil {
				kin, err = p.ofKin(who, d)
			}
			if err != nil {
				if refused++; first == "" {
					first = safe.Line(fmt.Sprintf("%v in %.60q", err, line), 200)
				}
			} else {
				if who == "" {
					who = p.id
				}
				if t, ok := d.(trace.Task); ok && t.Worker == "" {
					t.Worker = p.id
					d = t
				}
				if !kin {
					p.r.rec.AddClock(trace.Worker, who, clock, d)
				}
				if p.spec.Heard != nil {
					p.spec.Heard(d)
				}
				if s, ok := d.(trace.StepWait); ok && who == p.id && p.r.gates.on {
					p.holds(s.Text)
				}
			}
		}
		if b.dropped+refused > 0 && time.Since(told) > time.Second {
			tell()
			told = time.Now()
		}
	}
}

// holds notes that the worker is at a step, by its own word.
func (p *proc) holds(text string) {
	p.mu.Lock()
	p.gated, p.next = true, text
	p.mu.Unlock()
	p.r.gates.wake()
}

// greet checks a worker's first line and lets it go on.
func (p *proc) greet(line []byte, err error, role string) error {
	var h demo.Hello
	switch {
	case err != nil:
		return errors.New("it ended before its first event")
	case json.Unmarshal(line, &h) != nil:
		return fmt.Errorf("it did not say hello, but %s", safe.Line(fmt.Sprintf("%.60q", line), 80))
	case h.Protocol != demo.Protocol:
		return fmt.Errorf("it speaks %q, this program %q: the program was replaced while it ran; start it again", safe.Line(h.Protocol, 40), demo.Protocol)
	case h.Token != p.r.rec.Header().Token || h.Role != role || h.PID != p.pid:
		return errors.New("it says that it is another than was started")
	}
	p.r.rec.Add(trace.Worker, p.id, trace.Ready{PID: p.pid, Took: p.took})
	return p.Send("go")
}

// report reads and checks a line. A clock is of the worker itself, one of those
// that the header names, and has an entry for each of them.
func (p *proc) report(line []byte) (trace.Data, trace.ID, []uint64, error) {
	var raw struct {
		Who   trace.ID        `json:"who"`
		Kind  string          `json:"kind"`
		Clock []uint64        `json:"clock"`
		Data  json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(line, &raw); err != nil {
		return nil, "", nil, errors.New("no JSON")
	}
	d, err := trace.Decode(raw.Kind, raw.Data)
	if err != nil {
		return nil, "", nil, err
	}
	d, ok := clean(d)
	if !ok {
		return nil, "", nil, fmt.Errorf("a worker cannot vouch for %s", raw.Kind)
	}
	if hosts := p.r.info.Clocks; raw.Clock != nil && (len(raw.Clock) != len(hosts) || raw.Who != "" || !slices.Contains(hosts, p.id)) {
		return nil, "", nil, fmt.Errorf("a clock of %d entries that %s cannot have", len(raw.Clock), p.id)
	}
	return d, trace.ID(safe.Line(string(raw.Who), 40)), raw.Clock, nil
}

// capture turns a worker's output into lines of the log.
func (p *proc) capture(f *os.File, stream string) {
	defer p.pipes.Done()
	defer f.Close()
	in := bufio.NewReaderSize(f, 32<<10)
	who := p.id
	if p.spec.Program != nil {
		who = "" // its children write there too
	}
	b := newBucket(lineBurst, lineRate)
	var told time.Time
	tell := func() {
		if b.dropped > 0 {
			p.r.Emit(p.id, trace.Dropped{Count: b.dropped, Reason: fmt.Sprintf("%s writes too many lines to %s", p.id, stream)})
			b.dropped = 0
		}
	}
	defer tell()
	for {
		line, err := in.ReadSlice('\n')
		text, more := string(line[:min(len(line), maxText)]), len(line) > maxText
		for err == bufio.ErrBufferFull {
			more = true
			_, err = in.ReadSlice('\n')
		}
		if len(text) > 0 && b.take() {
			text = safe.Line(text, maxText)
			if more {
				text += " …"
			}
			p.r.rec.Add(trace.Worker, who, trace.Say{Text: text, Stream: stream})
		}
		if err != nil {
			return
		}
		if b.dropped > 0 && time.Since(told) > time.Second {
			tell()
			told = time.Now()
		}
	}
}
