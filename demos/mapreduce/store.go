package mapreduce

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// disk is a folder that coordinator and workers share: only names are told.
type disk struct {
	dir   string // the run's
	job   string // of the job
	spans []span
	setup
}

func (d *disk) begin(job int, s setup) error {
	d.setup, d.spans = s, chunks(book, s.Maps)
	d.job = filepath.Join(d.dir, fmt.Sprintf("job-%d", job))
	if err := os.Mkdir(d.job, 0o700); err != nil {
		return fmt.Errorf("no folder for the job: %w", err)
	}
	if err := os.WriteFile(filepath.Join(d.job, "book"), []byte(book), 0o600); err != nil {
		return fmt.Errorf("the book was not written: %w", err)
	}
	return nil
}

func (d *disk) order(n int) (order, error) {
	o := order{Folder: d.job}
	if n < d.Maps {
		o.From, o.To = d.spans[n].from, d.spans[n].to
	}
	return o, nil
}

// commit has nothing to do: the worker has given the files their names.
func (d *disk) commit(int, answer) error { return nil }

func (d *disk) result() (pieces []string, err error) {
	for r := range d.Reduces {
		b, err := os.ReadFile(filepath.Join(d.job, outFile(r)))
		if err != nil {
			return nil, err
		}
		pieces = append(pieces, string(b))
	}
	return pieces, nil
}

// unfinished counts the files that never got their names.
func (d *disk) unfinished() (n int) {
	entries, _ := os.ReadDir(d.job)
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), temporary) {
			n++
		}
	}
	return n
}

// Names in the folder of a job. Whoever reads them finds whole files only: they are
// written under another name and renamed, which the kernel does at once or not at
// all. (After a crash of the whole machine it takes an fsync before the rename to
// be sure. Here the folder dies with the run.)
func midFile(m, r int) string { return fmt.Sprintf("map-%d-%d", m, r) }
func outFile(r int) string    { return fmt.Sprintf("out-%d", r) }

const temporary = ".tmp"

// memory is with the coordinator: what a task needs travels with its order, and what
// comes of it with the answer.
type memory struct {
	setup
	spans []span
	mid   [][]string // of each map, for each reduce
	out   []string
}

func (d *memory) begin(_ int, s setup) error {
	*d = memory{setup: s, spans: chunks(book, s.Maps), mid: make([][]string, s.Maps), out: make([]string, s.Reduces)}
	return nil
}

func (d *memory) order(n int) (o order, err error) {
	if n < d.Maps {
		o.Text = book[d.spans[n].from:d.spans[n].to]
		return o, nil
	}
	for _, pieces := range d.mid {
		o.Pieces = append(o.Pieces, pieces[n-d.Maps])
	}
	return o, nil
}

func (d *memory) commit(n int, a answer) error {
	switch {
	case n < d.Maps && len(a.Pieces) == d.Reduces:
		d.mid[n] = a.Pieces
	case n >= d.Maps && len(a.Pieces) == 1:
		d.out[n-d.Maps] = a.Pieces[0]
	default:
		return fmt.Errorf("a result of %s in %d pieces", nameOf(n, d.Maps), len(a.Pieces))
	}
	return nil
}

func (d *memory) result() ([]string, error) { return d.out, nil }

// unfinished is 0: half a message is none.
func (d *memory) unfinished() int { return 0 }
