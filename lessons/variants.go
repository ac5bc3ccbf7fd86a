package lessons

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// table is the values of a question, a row a variant. The first is the lesson's.
type table struct {
	line    int // of its head
	columns []string
	rows    [][]string
}

// rightColumn is the column that says which choice is right, from 1, where that
// is not the same in all rows.
const rightColumn = "right"

var columnRE = regexp.MustCompile(`\{\{([a-z0-9-]+)\}\}`)

// row takes a line of the table.
func (t *table) row(s string, line int) error {
	cells := strings.Split(strings.Trim(strings.TrimSpace(s), "|"), "|")
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	switch {
	case t.columns == nil:
		t.line, t.columns = line, cells
	case strings.Trim(strings.Join(cells, ""), "-: ") == "":
	case len(cells) != len(t.columns):
		return fmt.Errorf("the table has %d columns, and this row %d", len(t.columns), len(cells))
	default:
		t.rows = append(t.rows, cells)
	}
	return nil
}

// vary puts the table's values into a question.
func vary(q *Question, t *table) error {
	if t == nil {
		return nil
	}
	if len(t.rows) < 2 {
		return fmt.Errorf("a table of values has two rows and more: the lesson's and one for the review")
	}
	all := q.Text
	for _, c := range q.Choices {
		all += c.Text + c.Why
	}
	for _, c := range t.columns {
		if c != rightColumn && !strings.Contains(all, "{{"+c+"}}") {
			return fmt.Errorf("nothing in the question says {{%s}}, which the table has", c)
		}
	}
	base := *q
	for i, row := range t.rows {
		v, err := filled(base, t.columns, row)
		if err != nil {
			return err
		}
		if i == 0 {
			*q = v
		} else {
			q.Variants = append(q.Variants, v)
		}
	}
	return nil
}

// filled is a question with the values of a row.
func filled(q Question, columns, row []string) (Question, error) {
	put := func(s string) string {
		return columnRE.ReplaceAllStringFunc(s, func(m string) string {
			if i := slices.Index(columns, columnRE.FindStringSubmatch(m)[1]); i >= 0 {
				return row[i]
			}
			return m
		})
	}
	q.Text = put(q.Text)
	q.Choices = slices.Clone(q.Choices)
	right := -1
	if i := slices.Index(columns, rightColumn); i >= 0 {
		n, err := strconv.Atoi(row[i])
		if err != nil || n < 1 || n > len(q.Choices) {
			return q, fmt.Errorf("the right choice is %q; there are 1 to %d", row[i], len(q.Choices))
		}
		right = n - 1
	}
	for i := range q.Choices {
		c := &q.Choices[i]
		c.Text, c.Why = put(c.Text), put(c.Why)
		if right >= 0 && c.Right {
			return q, fmt.Errorf("the table says which choice is right, so none is marked x")
		}
		c.Right = c.Right || i == right
	}
	return q, nil
}
