package lessons

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	headingRE = regexp.MustCompile(`^(#{1,6})\s+(.*?)\s*(?:\{#([a-z0-9-]+)\})?\s*$`)
	choiceRE  = regexp.MustCompile(`^- \[([ xX?])\] +(.+)$`)
)

// parse fills in the parts and questions from a lesson's Markdown, of which
// the first line has the number line. It understands two levels of headings
// and, in the predict part, task lists; all else passes through as Markdown.
// An error begins with the number of the line.
func parse(l *Lesson, text string, line int) error {
	p := parser{lesson: l}
	for s := range strings.Lines(text) {
		p.at = line
		if err := p.line(strings.TrimRight(s, " \n")); err != nil {
			return fmt.Errorf("%d: %w", line, err)
		}
		line++
	}
	if p.fenced {
		return fmt.Errorf("%d: a code fence is not closed", line)
	}
	for i := range l.Parts {
		l.Parts[i].Body = strings.TrimSpace(l.Parts[i].Body)
	}
	for i := range l.Questions {
		q := &l.Questions[i]
		q.Text = strings.TrimSpace(q.Text)
		for j := range q.Choices {
			q.Choices[j].Why = strings.TrimSpace(q.Choices[j].Why)
		}
		if q.Forecast != nil {
			q.Forecast.Why = strings.TrimSpace(q.Forecast.Why)
		}
		if t := p.tables[q.ID]; t != nil {
			if err := vary(q, t); err != nil {
				return fmt.Errorf("%d: %w", t.line, err)
			}
		}
	}
	return nil
}

type parser struct {
	lesson   *Lesson
	part     *Part             // nil before the first section
	question *Question         // nil outside a question
	fenced   bool              // inside a code fence
	at       int               // number of the line
	tables   map[string]*table // by question
}

func (p *parser) line(s string) error {
	if strings.HasPrefix(strings.TrimSpace(s), "```") {
		p.fenced = !p.fenced
	} else if !p.fenced && strings.HasPrefix(s, "#") {
		if m := headingRE.FindStringSubmatch(s); m != nil {
			return p.heading(len(m[1]), m[2], m[3])
		}
	}
	switch {
	case p.part == nil && s == "":
		return nil
	case p.part == nil:
		return fmt.Errorf("text before the first section")
	case p.question == nil:
		p.part.Body += s + "\n"
		return nil
	}
	return p.quiz(s)
}

func (p *parser) heading(level int, title, id string) error {
	switch {
	case id == "":
		return fmt.Errorf("the heading %q wants an id, as in %q", title, "## The idea {#idea}")
	case level == 2 && slices.Contains(Kinds, PartKind(id)):
		p.lesson.Parts = append(p.lesson.Parts, Part{Kind: PartKind(id), Title: title})
		p.part = &p.lesson.Parts[len(p.lesson.Parts)-1]
		p.question = nil
	case level == 2:
		return fmt.Errorf("there is no section {#%s}; there are %v", id, Kinds)
	case level == 3 && p.part != nil && p.part.Kind == Predict:
		p.lesson.Questions = append(p.lesson.Questions, Question{ID: id, Text: title + "\n"})
		p.question = &p.lesson.Questions[len(p.lesson.Questions)-1]
	default:
		return fmt.Errorf("a section begins with ##, a question in the predict section with ###")
	}
	return nil
}

// quiz takes a line below a question's heading: more of the question, a choice or
// a forecast's outcome, the indented reply to it, or the table of values.
func (p *parser) quiz(s string) error {
	q := p.question
	if m := choiceRE.FindStringSubmatch(s); m != nil && !p.fenced {
		if m[1] == "?" {
			q.Forecast = &Forecast{Outcome: m[2]}
			return nil
		}
		q.Choices = append(q.Choices, Choice{Text: m[2], Right: m[1] != " "})
		return nil
	}
	if len(q.Choices) == 0 && q.Forecast == nil {
		q.Text += s + "\n"
		return nil
	}
	if strings.HasPrefix(s, "|") && !p.fenced {
		if p.tables == nil {
			p.tables = map[string]*table{}
		}
		if p.tables[q.ID] == nil {
			p.tables[q.ID] = &table{}
		}
		return p.tables[q.ID].row(s, p.at)
	}
	reply, indented := strings.CutPrefix(s, "  ")
	if !indented && s != "" {
		return fmt.Errorf("after a choice comes its reply, indented by two spaces, or %q", "- [ ] the next choice")
	}
	if q.Forecast != nil && len(q.Choices) == 0 {
		q.Forecast.Why += reply + "\n"
		return nil
	}
	c := &q.Choices[len(q.Choices)-1]
	c.Why += reply + "\n"
	return nil
}
