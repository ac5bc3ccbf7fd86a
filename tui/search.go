package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"edu/procession/demos/safe"
	"edu/procession/lessons"
	"edu/procession/tui/theme"
)

// searchPage finds places in the course while the learner types.
type searchPage struct {
	m     *Model
	query string
	hits  []lessons.Hit
	at    int
	top   int
	first int // line of the first hit drawn
}

func newSearch(m *Model) *searchPage { return &searchPage{m: m} }

func (s *searchPage) crumbs() []string { return []string{"search"} }

func (s *searchPage) corner() string {
	switch {
	case s.query == "":
		return ""
	case len(s.hits) == 1:
		return "1 place"
	}
	return fmt.Sprintf("%d places", len(s.hits))
}

func (s *searchPage) front() tea.Cmd { return nil }
func (s *searchPage) leave() tea.Cmd { return nil }

func (s *searchPage) update(msg tea.Msg) tea.Cmd {
	if p, ok := msg.(tea.PasteMsg); ok {
		s.set(s.query + safe.Line(p.Content, 100))
	}
	return nil
}

// maxQuery bounds what is searched for, in bytes.
const maxQuery = 100

func (s *searchPage) set(q string) {
	if len(q) <= maxQuery {
		s.query, s.at, s.top = q, 0, 0
		s.hits = s.m.cfg.Course.Search(q)
	}
}

func (s *searchPage) key(k string, msg tea.KeyPressMsg) (tea.Cmd, bool) {
	switch {
	case k == "enter":
		return s.open(), true
	case k == "up":
		s.at = max(s.at-1, 0)
	case k == "down":
		s.at = max(min(s.at+1, len(s.hits)-1), 0)
	case k == "esc":
		return s.m.pop(), true
	case k == "backspace":
		r := []rune(s.query)
		if len(r) == 0 {
			return s.m.pop(), true
		}
		s.set(string(r[:len(r)-1]))
	case k == "ctrl+u":
		s.set("")
	case msg.Text != "":
		s.set(s.query + safe.Line(msg.Text, 20))
	default:
		return nil, k != "f1"
	}
	return nil, true
}

func (s *searchPage) open() tea.Cmd {
	if s.at >= len(s.hits) {
		return nil
	}
	h := s.hits[s.at]
	p := newLesson(s.m, h.Lesson)
	s.m.pages = s.m.pages[:len(s.m.pages)-1]
	if _, ok := s.m.top().(*lessonPage); ok { // a lesson takes the place of a lesson
		s.m.pages = s.m.pages[:len(s.m.pages)-1]
	}
	return tea.Batch(s.m.push(p), p.show(h.Part.Kind))
}

func (s *searchPage) click(_, y int) tea.Cmd {
	if i := s.top + (y-s.first)/2; y >= s.first && i < len(s.hits) {
		s.at = i
		return s.open()
	}
	return nil
}

func (s *searchPage) wheel(_, _, n int) tea.Cmd {
	s.at = max(min(s.at+n/wheelLines, len(s.hits)-1), 0)
	return nil
}

func (s *searchPage) bar() []barRow {
	return []barRow{{Items: []Binding{press("enter", "open"), press("down", "choose").as("up/down", "choose"),
		press("ctrl+u", "clear"), press("esc", "close")}}}
}

func (s *searchPage) help() (string, []Group) {
	return "Type a word or two. A place is found when all of them stand in one part of a lesson, in any order.",
		s.m.keys.groups("Everywhere")
}

func (s *searchPage) draw(w, h int) []string {
	th, g := s.m.th, s.m.th.Glyphs()
	caret := "_"
	out := []string{"", " " + th.Paint(theme.Key, "/") + " " + s.query + th.Paint(theme.Accent, caret), s.m.rule(w)}
	s.first = len(out)
	switch {
	case s.query == "":
		return append(out, " "+th.Paint(theme.Muted, "Type what you look for: a term, a key, a function, a word of a listing."))
	case len(s.hits) == 0:
		return append(out, " "+th.Paint(theme.Muted, "Nothing in the course holds that. Try a shorter word."))
	}
	fits := max((h-len(out))/2, 1)
	s.top = min(max(s.top, s.at-fits+1), s.at)
	for i := s.top; i < min(s.top+fits, len(s.hits)); i++ {
		hit := s.hits[i]
		where := fmt.Sprintf("lesson %d  %s  %s %s", hit.Lesson.Number, hit.Lesson.Title, g.Dot, hit.Part.Title)
		cursor, k := "   ", theme.Muted
		if i == s.at {
			cursor, k = " "+th.Paint(theme.Accent, g.Cursor)+" ", theme.Title
		}
		out = append(out, cursor+th.Paint(k, safe.Line(where, 300)), "     "+s.mark(fit(unmarked(safe.Line(hit.Line, 1000)), w-6)))
	}
	return out
}

// unmarked is a line of Markdown without its marks, which say nothing here.
func unmarked(line string) string {
	return strings.NewReplacer("`", "", "**", "", "> ", "").Replace(strings.TrimPrefix(line, "- "))
}

// mark paints the words that were looked for.
func (s *searchPage) mark(line string) string {
	lower := strings.ToLower(line)
	if len(lower) != len(line) { // letters whose case changes their length
		return line
	}
	hit := make([]bool, len(line)+1)
	for _, w := range strings.Fields(strings.ToLower(s.query)) {
		for from := 0; ; {
			i := strings.Index(lower[from:], w)
			if i < 0 {
				break
			}
			for j := range len(w) {
				hit[from+i+j] = true
			}
			from += i + len(w)
		}
	}
	var b strings.Builder
	for i := 0; i < len(line); {
		j := i
		for j < len(line) && hit[j] == hit[i] {
			j++
		}
		if hit[i] {
			b.WriteString(s.m.th.Paint(theme.Match, line[i:j]))
		} else {
			b.WriteString(line[i:j])
		}
		i = j
	}
	return b.String()
}
