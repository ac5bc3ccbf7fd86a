package trace

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// MaxLine is the longest line that a reader takes, in bytes.
const MaxLine = 1 << 20

type wire struct {
	Seq    uint64          `json:"seq"`
	At     time.Duration   `json:"at_ns"`
	Source Source          `json:"source"`
	Who    ID              `json:"who,omitempty"`
	Kind   string          `json:"kind"`
	Clock  []uint64        `json:"clock,omitempty"`
	Data   json.RawMessage `json:"data"`
}

// MarshalJSON writes the event as one line of a recording.
func (e Event) MarshalJSON() ([]byte, error) {
	data, err := json.Marshal(e.Data)
	if err != nil {
		return nil, err
	}
	return json.Marshal(wire{e.Seq, e.At, e.Source, e.Who, e.Kind.String(), e.Clock, data})
}

var errUnknownKind = errors.New("unknown kind")

// UnmarshalJSON reads one line of a recording.
func (e *Event) UnmarshalJSON(b []byte) error {
	var w wire
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	if w.Seq == 0 {
		return errors.New("an event has a seq from 1")
	}
	var k Kind
	if k.UnmarshalText([]byte(w.Kind)) != nil {
		return fmt.Errorf("%w %q", errUnknownKind, w.Kind)
	}
	data, err := decode(k, w.Data)
	if err != nil {
		return fmt.Errorf("data of %s: %w", k, err)
	}
	*e = Event{Seq: w.Seq, At: w.At, Source: w.Source, Who: w.Who, Kind: k, Clock: w.Clock, Data: data}
	return nil
}

// Decode reads the data of an event of kind k, as workers send it. It fails on
// a kind that is not known.
func Decode(kind string, raw []byte) (Data, error) {
	var k Kind
	if err := k.UnmarshalText([]byte(kind)); err != nil {
		return nil, err
	}
	return decode(k, raw)
}

func decode(k Kind, raw []byte) (Data, error) {
	switch k {
	case KindStart:
		return as[Start](raw)
	case KindReady:
		return as[Ready](raw)
	case KindState:
		return as[State](raw)
	case KindParent:
		return as[Parent](raw)
	case KindUsage:
		return as[Usage](raw)
	case KindBlock:
		return as[Block](raw)
	case KindExit:
		return as[Exit](raw)
	case KindReaped:
		return as[Reaped](raw)
	case KindTaskNew, KindTaskRun, KindTaskDone, KindTaskFail, KindTaskLost, KindTaskRetry, KindTaskDup:
		d, err := as[Task](raw)
		d.Is = k
		return d, err
	case KindPut, KindGet, KindAck:
		d, err := as[Item](raw)
		d.Is = k
		return d, err
	case KindDepth:
		return as[Depth](raw)
	case KindCut, KindHeal:
		d, err := as[Link](raw)
		d.Is = k
		return d, err
	case KindSend, KindRecv, KindDrop:
		d, err := as[Msg](raw)
		d.Is = k
		return d, err
	case KindSay:
		return as[Say](raw)
	case KindGauge:
		return as[Gauge](raw)
	case KindAct:
		return as[Act](raw)
	case KindVerdict:
		return as[Verdict](raw)
	case KindDropped:
		return as[Dropped](raw)
	case KindRead, KindWrite:
		d, err := as[Cell](raw)
		d.Is = k
		return d, err
	case KindWant, KindHold, KindFree:
		d, err := as[Lock](raw)
		d.Is = k
		return d, err
	case KindStepWait:
		return as[StepWait](raw)
	case KindStepGo:
		return as[StepGo](raw)
	case KindSettled:
		return as[Settled](raw)
	case KindFault:
		return as[LinkFault](raw)
	case KindRTT:
		return as[RTT](raw)
	case KindListen:
		return as[Listen](raw)
	case KindRole:
		return as[Role](raw)
	case KindBelief:
		return as[Belief](raw)
	case KindSolved:
		return as[Solved](raw)
	case KindJoin:
		return as[Join](raw)
	case KindLeave:
		return as[Leave](raw)
	}
	return nil, errUnknownKind
}

func as[T Data](raw []byte) (T, error) {
	var d T
	if len(raw) == 0 || string(raw) == "null" {
		return d, errors.New("missing")
	}
	err := json.Unmarshal(raw, &d)
	return d, err
}

// Encoder writes a recording as it grows.
type Encoder struct{ enc *json.Encoder }

// NewEncoder writes the header at once.
func NewEncoder(w io.Writer, h Header) (*Encoder, error) {
	e := &Encoder{json.NewEncoder(w)}
	e.enc.SetEscapeHTML(false)
	return e, e.enc.Encode(h)
}

// Encode writes events, one a line.
func (e *Encoder) Encode(events []Event) error {
	for _, ev := range events {
		if err := e.enc.Encode(ev); err != nil {
			return err
		}
	}
	return nil
}

// Write writes a whole recording.
func Write(w io.Writer, h Header, events []Event) error {
	b := bufio.NewWriter(w)
	e, err := NewEncoder(b, h)
	if err == nil {
		err = e.Encode(events)
	}
	if err == nil {
		err = b.Flush()
	}
	return err
}

// Fault says where a recording stops making sense. What came before it is good.
type Fault struct {
	Line int // from 1
	Err  error
}

// Error is a sentence for people.
func (f *Fault) Error() string { return fmt.Sprintf("line %d of the recording: %v", f.Line, f.Err) }

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Err }

// Read reads a recording. On a [*Fault] the events before the faulty line are
// returned with it; a header that cannot be read returns no events. Kinds that
// are not known are skipped.
func Read(r io.Reader) (h Header, events []Event, err error) {
	h, err = Scan(r, func(e Event) { events = append(events, e) })
	return h, events, err
}

// Scan is Read for those who need not keep the events.
func Scan(r io.Reader, each func(Event)) (Header, error) {
	var h Header
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 0, 64<<10), MaxLine)
	if !sc.Scan() {
		return h, &Fault{1, cmp(sc.Err(), errors.New("it is empty"))}
	}
	if err := json.Unmarshal(sc.Bytes(), &h); err != nil || h.Procession == 0 {
		return Header{}, &Fault{1, errors.New("not a recording of procession")}
	}
	if h.Procession > Format {
		return h, &Fault{1, fmt.Errorf("made by a newer procession (format %d, this one reads %d)", h.Procession, Format)}
	}
	var last Event
	line := 1
	for sc.Scan() {
		line++
		if len(sc.Bytes()) == 0 {
			continue
		}
		var e Event
		switch err := json.Unmarshal(sc.Bytes(), &e); {
		case errors.Is(err, errUnknownKind):
			continue
		case err != nil:
			return h, &Fault{line, plain(err)}
		case e.Seq <= last.Seq || e.At < last.At:
			return h, &Fault{line, fmt.Errorf("event %d is out of order after %d", e.Seq, last.Seq)}
		}
		last = e
		each(e)
	}
	if err := sc.Err(); err != nil {
		return h, &Fault{line + 1, err}
	}
	return h, nil
}

func cmp(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// plain turns the decoder's words into a reader's.
func plain(err error) error {
	var syn *json.SyntaxError
	if errors.As(err, &syn) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("cut off or not JSON")
	}
	return err
}
