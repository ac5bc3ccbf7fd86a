package tui

import (
	"time"

	"edu/procession/demos/board"
	"edu/procession/demos/trace"
)

// player is the place in a log that the learner looks at. It is pure: time and
// events come in as arguments.
//
// The rules are (TestPlayer):
//  1. The log goes on whatever the player does; behind says how far it is ahead.
//  2. Live shows the end of the log and the clock; frozen and playing show a
//     position and a time of the learner's choice.
//  3. Playing ends by itself where the log ends, and is live again then.
type player struct {
	t     *board.Timeline
	mode  mode
	pos   int           // events shown; only meaningful when not Live
	at    time.Duration // time shown
	clock time.Duration // time in the run, as last heard
	over  bool          // the log is closed
	speed int           // index in speeds
	moved bool          // the learner has scrubbed since it was frozen
}

// mode is what moves the player.
type mode uint8

const (
	live    mode = iota // the end of the log, as it grows
	frozen              // nothing: the learner's keys alone
	playing             // time, at a speed
)

// String is the mode's word.
func (m mode) String() string { return [...]string{"live", "frozen", "playing"}[m] }

// speeds are how fast a log can be played back.
var speeds = [...]struct {
	num, den time.Duration
	word     string // in a sentence
	sign     string // on the banner
}{
	{1, 4, "slow: 1/4 of real speed", "1/4x"},
	{1, 1, "real speed", "1x"},
	{4, 1, "fast: 4 times real speed", "4x"},
}

const realSpeed = 1

func newPlayer() player { return player{t: board.NewTimeline(), speed: realSpeed} }

// extend takes events that have arrived, and the time in the run.
func (p *player) extend(events []trace.Event, clock time.Duration) {
	p.t.Extend(events)
	p.tell(clock)
}

// tell says what time it is in the run.
func (p *player) tell(clock time.Duration) {
	p.clock = max(p.clock, clock, p.t.At(p.t.Len()).At)
	if p.mode == live {
		p.at = p.clock
	}
}

// end says that no more events will come.
func (p *player) end() {
	p.over = true
	p.clock = p.t.At(p.t.Len()).At
	if p.mode == live {
		p.at = p.clock
	}
}

// shown is the position that is shown.
func (p *player) shown() int {
	if p.mode == live {
		return p.t.Len()
	}
	return p.pos
}

// board is what is shown.
func (p *player) board() *board.Board { return p.t.At(p.shown()) }

// behind is how many events the log is ahead of what is shown.
func (p *player) behind() int { return p.t.Len() - p.shown() }

// atNow reports whether what is shown is the live run, not the past.
func (p *player) atNow() bool { return p.mode == live }

// freeze holds the view at what it shows.
func (p *player) freeze() {
	if p.mode == live {
		p.pos, p.moved = p.t.Len(), false
	}
	p.mode = frozen
}

// toggle is the space bar: it freezes what moves, takes a frozen view of a live
// run back to now, and plays on from where the learner has scrubbed to.
func (p *player) toggle() {
	switch {
	case p.mode == live && p.over:
		p.toStart()
		p.mode = playing
	case p.mode == live || p.mode == playing:
		p.freeze()
	case !p.over && (!p.moved || p.pos >= p.t.Len()):
		p.toLive()
	case p.pos >= p.t.Len():
		p.toStart()
		p.mode = playing
	default:
		p.mode = playing
	}
}

// play plays from where the player is.
func (p *player) play() {
	p.freeze()
	p.mode, p.moved = playing, true
}

// toLive goes to now.
func (p *player) toLive() { p.mode, p.at, p.moved = live, p.clock, false }

// toStart goes to the empty stage.
func (p *player) toStart() { p.seek(0, 0) }

// seek shows the log after pos events.
func (p *player) seek(pos int, at time.Duration) {
	p.freeze()
	p.moved = true
	p.pos = min(max(pos, 0), p.t.Len())
	p.at = at
}

// step moves by n events.
func (p *player) step(n int) {
	pos := min(max(p.shown()+n, 0), p.t.Len())
	p.seek(pos, p.t.At(pos).At)
}

// shift moves by a time.
func (p *player) shift(d time.Duration) {
	p.seekTime(min(max(p.at+d, 0), p.clock))
}

// seekTime goes to a time in the run.
func (p *player) seekTime(at time.Duration) {
	at = min(max(at, 0), p.clock)
	p.seek(p.t.Find(at), at)
}

// faster changes the speed at which the log is played back.
func (p *player) faster(by int) { p.speed = min(max(p.speed+by, 0), len(speeds)-1) }

// advance lets real time pass and reports whether the player still plays.
func (p *player) advance(d time.Duration) bool {
	if p.mode != playing {
		return false
	}
	s := speeds[p.speed]
	p.at += d * s.num / s.den
	p.pos = max(p.pos, p.t.Find(p.at))
	if p.at < p.clock {
		return true
	}
	p.toLive()
	return false
}
