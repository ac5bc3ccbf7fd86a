package view

import (
	"strings"
	"unicode/utf8"

	"edu/procession/demos/board"
	"edu/procession/tui/theme"
)

// Caption draws what is happening, in the sentence that the demo last said, and
// the verdict once there is one. In one line the verdict comes first.
func Caption(s *Scene, w, h int) []string { return caption(s, w, h).close() }

func caption(s *Scene, w, h int) *page {
	p := newPage(s, w, h)
	b := s.board()
	verdict := 0
	if b.Verdict != nil {
		verdict = min(len(wrap(p.clean(b.Verdict.Text), w-2)), max(h-1, 1))
	}
	if text := p.clean(b.Caption); text != "" && h > verdict {
		lines := wrap(text, w-2)
		room := h - verdict
		for i, l := range lines {
			if i == room {
				break
			}
			if i == 0 {
				p.glyph(inkStrong, p.p.sign.says)
			}
			p.to(2)
			if i == room-1 && i < len(lines)-1 {
				l = strings.Join(lines[i:], " ")
			}
			p.all(inkText, l)
			p.next()
		}
	}
	if b.Verdict != nil {
		in, sign := inkGood, p.p.sign.task[board.TaskDone]
		if !b.Verdict.OK {
			in, sign = inkBad, p.p.sign.task[board.TaskFailed]
		}
		lines := wrap(p.clean(b.Verdict.Text), w-2)
		for i := range verdict {
			l := lines[i]
			if i == verdict-1 {
				l = strings.Join(lines[i:], " ")
			}
			if i == 0 {
				p.glyph(in, sign)
			}
			p.to(2)
			p.all(in, l)
			p.next()
		}
	}
	return p
}

// captionHeight is how many lines the caption takes in a width.
func captionHeight(s *Scene, w int) int {
	b := s.board()
	n := len(wrap(clean(b.Caption), w-2))
	if b.Verdict != nil {
		n += len(wrap(clean(b.Verdict.Text), w-2))
	}
	return n
}

// wrap breaks a line at blanks, and a word that is too long where it must be, so
// that text without blanks wraps too.
func wrap(s string, w int) []string {
	if w <= 0 {
		return nil
	}
	var out []string
	line, n := "", 0
	flush := func() { out, line, n = append(out, line), "", 0 }
	for _, word := range strings.Fields(s) {
		ww := width(word)
		if n > 0 && n+1+ww > w {
			flush()
		}
		for ww > w {
			head, hn := headOf(word, w)
			if hn == 0 {
				return out
			}
			line, n = head, hn
			flush()
			word = word[len(head):]
			ww = width(word)
		}
		if word == "" {
			continue
		}
		if n > 0 {
			line, n = line+" ", n+1
		}
		line, n = line+word, n+ww
	}
	if n > 0 {
		flush()
	}
	return out
}

// headOf is the longest head of s that fits into w cells.
func headOf(s string, w int) (string, int) {
	if isASCII(s) {
		return s[:min(len(s), w)], min(len(s), w)
	}
	end, n := 0, 0
	for i := 0; i < len(s); {
		_, size := firstRune(s[i:])
		nn := width(s[:i+size])
		if nn > w {
			break
		}
		i += size
		end, n = i, nn
	}
	return s[:end], n
}

func firstRune(s string) (rune, int) { return utf8.DecodeRuneInString(s) }

// Legend draws what the signs mean: states, and whose word is which.
func Legend(s *Scene, w, h int) []string { return legend(s, w, h).close() }

// sign is an entry of the legend.
type sign struct {
	in   ink
	tag  string
	word string
	said bool // the word is written as a process's own word
}

func legendOf(s *Scene) []sign {
	var out []sign
	more := map[theme.State]string{
		theme.StateRunning: ", or ready to", theme.StateBlocked: ": waits for someone", theme.StateSleeping: " on a timer",
		theme.StateUninterruptible: "", theme.StateStopped: " by a signal", theme.StateZombie: ": ended, not waited for",
		theme.StateDead: ": ended and waited for",
	}
	for _, c := range [...]class{classRun, classWait, classTimer, classDisk, classStop, classZombie, classDead, classNew} {
		l := s.Theme.State(c.state())
		out = append(out, sign{in: c.ink(), tag: l.Glyph + l.Letter, word: l.Word + more[c.state()]})
	}
	for _, src := range [...]theme.Source{theme.SourceKernel, theme.SourceWorker, theme.SourceStage, theme.SourceLearner} {
		l := s.Theme.Source(src)
		word := map[theme.Source]string{theme.SourceKernel: "the kernel says", theme.SourceWorker: "a process says of itself",
			theme.SourceStage: "this program did", theme.SourceLearner: "you did"}[src]
		in := map[theme.Source]ink{theme.SourceKernel: inkKernel, theme.SourceWorker: inkWorker,
			theme.SourceStage: inkStage, theme.SourceLearner: inkLearner}[src]
		out = append(out, sign{in: in, tag: l.Letter + l.Glyph, word: word})
	}
	out = append(out, sign{in: inkWait, tag: ":x", word: "waits for x, says the kernel"},
		sign{in: inkSaid, tag: `"x"`, word: "waits for x, says the process", said: true})
	return out
}

const legendCell = 32

func legend(s *Scene, w, h int) *page {
	p := newPage(s, w, h)
	entries := legendOf(s)
	cols := max(min(w/legendCell, 4), 1)
	rows := min((len(entries)+cols-1)/cols, max(h, 0)) // in few lines the states come first
	for y := range rows {
		for x := range cols {
			i := x*rows + y
			if i >= len(entries) {
				break
			}
			e := entries[i]
			p.to(x * (w / cols))
			for _, r := range e.tag {
				p.glyph(e.in, string(r))
			}
			p.space(4 - utf8.RuneCountInString(e.tag))
			in := inkText
			if e.said {
				in = inkSaid
			}
			p.text(in, e.word, (x+1)*(w/cols)-p.w-1)
		}
		p.next()
	}
	return p
}

// legendHeight is how many lines the whole legend takes in a width.
func legendHeight(w int) int {
	const entries = 8 + 4 + 2
	cols := max(min(w/legendCell, 4), 1)
	return (entries + cols - 1) / cols
}
