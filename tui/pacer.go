package tui

import (
	"reflect"
	"time"

	tea "charm.land/bubbletea/v2"
)

// pacer lets a program rest. Bubble Tea wakes up thirty times a second to look
// whether there is something to draw, whether or not there is: on a small
// virtual machine that is 0.6 % of a core for a window that stands still, and
// there is no option. So its ticker is slowed down while nothing happens, set
// right by the next message, and hurried where somebody waits: after a key, a
// click, and for the first frame.
//
// The ticker is a private field. If a later Bubble Tea names it otherwise, the
// program draws as ever and only rests less (TestPacer tells).
//
// Everything here happens on the goroutine of Bubble Tea's event loop.
type pacer struct {
	ticker  *time.Ticker  // nil: there is none to be slowed down
	pace    time.Duration // as it was set last; 0: as Bubble Tea has it
	armed   bool          // a calmMsg is on its way
	updates int
}

const (
	calm = 60 * time.Millisecond // without a message, and the program rests
	rest = time.Second           // between two looks then
	soon = 8 * time.Millisecond  // between two looks when somebody waits
)

// calmMsg asks whether anything has happened since it was sent off.
type calmMsg int

// tickerOf is the program's ticker, nil when it cannot be had.
func tickerOf(p *tea.Program) *time.Ticker {
	f := reflect.ValueOf(p).Elem().FieldByName("ticker")
	if !f.IsValid() || f.Type() != reflect.TypeFor[*time.Ticker]() {
		return nil
	}
	return *(**time.Ticker)(f.Addr().UnsafePointer())
}

// wake is called for every message but calmMsg.
func (p *pacer) wake(msg tea.Msg) tea.Cmd {
	if p.ticker == nil {
		return nil
	}
	p.updates++
	switch msg.(type) {
	case tea.KeyPressMsg, tea.MouseClickMsg, tea.MouseWheelMsg, tea.WindowSizeMsg:
		p.set(soon)
	default:
		if p.pace != soon {
			p.set(frame)
		}
	}
	return p.arm()
}

// set changes the pace. Setting it again would put the next look off.
func (p *pacer) set(pace time.Duration) {
	if p.pace != pace {
		p.pace = pace
		p.ticker.Reset(pace)
	}
}

func (p *pacer) arm() tea.Cmd {
	if p.armed {
		return nil
	}
	p.armed = true
	at := p.updates
	return tea.Tick(calm, func(time.Time) tea.Msg { return calmMsg(at) })
}

// settle takes a calmMsg.
func (p *pacer) settle(msg calmMsg) tea.Cmd {
	p.armed = false
	if int(msg) != p.updates {
		p.set(frame)
		return p.arm()
	}
	p.set(rest)
	return nil
}
