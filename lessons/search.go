package lessons

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Hit is a place that a search found. Part is the part to open, and Line the
// line to show, as it stands in the text (a listing's line, a term with its
// definition, a title). A higher Score is a better hit.
type Hit struct {
	Lesson *Lesson
	Part   Part
	Line   string
	Score  int
}

// entry is one searchable line, with the weight of where it stands.
type entry struct {
	lesson *Lesson
	part   int // in lesson.Parts
	line   string
	lower  string
	weight int
}

// Search finds the places that hold all words of the query, in any order and
// case, within one part of a lesson or one entry of the glossary. There is at
// most one hit for a part, its best line; the best hits come first, equals in
// the order of the course. An empty query finds nothing.
//
// The index is built at the first search. A search takes well under a
// millisecond: see BenchmarkSearch.
func (c *Course) Search(query string) []Hit {
	words := strings.Fields(strings.ToLower(query))
	if len(words) == 0 {
		return nil
	}
	c.indexOnce.Do(c.buildIndex)

	var hits []Hit
	for group := range sameGroup(c.index) {
		best, bestScore := -1, 0
		found := make([]bool, len(words))
		total := 0
		for i, e := range group {
			score := 0
			for j, w := range words {
				s := match(e.lower, w)
				if s > 0 {
					found[j] = true
				}
				score += s * e.weight
			}
			total += score
			if score > bestScore {
				best, bestScore = i, score
			}
		}
		if best < 0 || slices.Contains(found, false) {
			continue
		}
		e := group[best]
		// The best line decides; how much else is there breaks ties.
		hit := Hit{Lesson: e.lesson, Line: e.line, Score: bestScore*10 + min(total/10, 9)}
		if e.part < len(e.lesson.Parts) {
			hit.Part = e.lesson.Parts[e.part]
		}
		hits = append(hits, hit)
	}
	slices.SortStableFunc(hits, func(a, b Hit) int { return cmp.Compare(b.Score, a.Score) })
	return hits
}

// match says how well a line holds a word: 0 not at all, 2 within a word,
// 3 at a word's beginning, 4 as a whole word.
func match(line, word string) int {
	best := 0
	for from := 0; ; {
		i := strings.Index(line[from:], word)
		if i < 0 {
			return best
		}
		start, end := from+i, from+i+len(word)
		score := 2
		if start == 0 || !wordByte(line[start-1]) {
			score = 3
			if end == len(line) || !wordByte(line[end]) {
				return 4
			}
		}
		best = max(best, score)
		from = end
	}
}

// wordByte reports whether b is part of a word. Bytes of other scripts are
// not: Chinese has no spaces, so every place there is a beginning.
func wordByte(b byte) bool {
	return b == '_' || '0' <= b && b <= '9' || 'a' <= b && b <= 'z'
}

// sameGroup yields the runs of entries that belong to one part or one term.
func sameGroup(index []entry) func(yield func([]entry) bool) {
	return func(yield func([]entry) bool) {
		for len(index) > 0 {
			n := 1
			for n < len(index) && index[n].lesson == index[0].lesson && index[n].part == index[0].part &&
				(index[n].weight == weightTerm) == (index[0].weight == weightTerm) && index[n].weight != weightTerm {
				n++
			}
			if !yield(index[:n]) {
				return
			}
			index = index[n:]
		}
	}
}

// What a line is worth by where it stands.
const (
	weightTitle   = 6 // a lesson's title
	weightTerm    = 5 // a glossary entry
	weightSummary = 4 // a summary, a goal
	weightHeading = 3 // a question
	weightText    = 2 // prose
	weightCode    = 1 // a listing
)

// buildIndex leaves the replies to choices out: a search must not give an
// answer away. A term belongs to the first lesson that uses it.
func (c *Course) buildIndex() {
	defined := map[string]bool{}
	for _, l := range c.Lessons() {
		add := func(part int, text string, weight int) {
			for s := range strings.Lines(text) {
				s = strings.TrimSpace(gaugeRE.ReplaceAllString(s, "$1"))
				if s != "" {
					c.index = append(c.index, entry{l, part, s, strings.ToLower(s), weight})
				}
			}
		}
		for i, p := range l.Parts {
			if i == 0 {
				add(i, l.Title+"\n"+l.ID, weightTitle)
				add(i, l.Summary+"\n"+strings.Join(l.Goals, "\n"), weightSummary)
			}
			add(i, p.Body, weightText)
			add(i, p.Code, weightCode)
			if p.Kind == Predict {
				for _, q := range l.Questions {
					add(i, q.Text, weightHeading)
					for _, ch := range q.Choices {
						add(i, ch.Text, weightText)
					}
				}
			}
		}
		for _, name := range l.Terms {
			if t, ok := c.Term(name); ok && !defined[t.Name] {
				defined[t.Name] = true
				also := ""
				if t.Also != "" {
					also = " (" + t.Also + ")"
				}
				add(0, t.Name+also+": "+strings.Join(strings.Fields(t.Text), " "), weightTerm)
			}
		}
	}
}

// Nearest returns the id of the lesson that an unknown id most likely meant:
// the lesson of that number, one whose id or title holds it, or else the one
// with the fewest differing letters. It is empty only if there are no lessons.
func (c *Course) Nearest(id string) string {
	id = strings.ToLower(strings.TrimSpace(id))
	best, bestCost := "", 0
	n, err := strconv.Atoi(id)
	for _, l := range c.Lessons() {
		cost := levenshtein.ComputeDistance(id, l.ID) + 10
		switch {
		case err == nil && n == l.Number:
			return l.ID
		case id != "" && strings.HasPrefix(l.ID, id):
			cost = 0
		case id != "" && (strings.Contains(l.ID, id) || strings.Contains(strings.ToLower(l.Title), id)):
			cost = 1
		default:
			// A slip within one word of the id: "qeue" means the queue.
			for _, w := range strings.Split(l.ID, "-") {
				if d := levenshtein.ComputeDistance(id, w); len(w) > 3 && d <= len(w)/3 {
					cost = min(cost, 2+d)
				}
			}
		}
		if best == "" || cost < bestCost {
			best, bestCost = l.ID, cost
		}
	}
	return best
}
