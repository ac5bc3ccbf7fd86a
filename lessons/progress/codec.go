package progress

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"time"
	"unicode"
	"unicode/utf8"
)

// Schema is the version of the file's content that this program writes. It reads
// every older one: what that does not have is empty.
//
//	1  lessons, predictions, runs, gauges
//	2  and puzzles; predictions made in a review, and those of a count of runs
//	3  and the course's table
const Schema = 3

// maxFile is far above what a learner can fill; a larger file is not ours.
const maxFile = 16 << 20

var (
	errCorrupt = errors.New("the file is damaged or was edited")
	errNewer   = errors.New("the file was written by a newer procession")
)

// file is the form on disk. The checksum is over State without white space.
type file struct {
	Schema   int             `json:"schema"`
	Checksum string          `json:"checksum"`
	State    json.RawMessage `json:"state"`
}

func checksum(state []byte) string {
	sum := sha256.Sum256(state)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func encode(st State) ([]byte, error) {
	raw, err := json.Marshal(st)
	if err != nil {
		return nil, fmt.Errorf("encode progress: %w", err)
	}
	data, err := json.MarshalIndent(file{Schema, checksum(raw), raw}, "", " ")
	if err != nil {
		return nil, fmt.Errorf("encode progress: %w", err)
	}
	return append(data, '\n'), nil
}

// decode returns errCorrupt, or errNewer with as much of the state as can be
// understood.
func decode(data []byte) (State, error) {
	var f file
	var st State
	if len(data) > maxFile || json.Unmarshal(data, &f) != nil || f.Schema < 1 {
		return State{}, errCorrupt
	}
	if f.Schema > Schema {
		if json.Unmarshal(f.State, &st) != nil || st.validate() != nil {
			st = State{}
		}
		return st, errNewer
	}
	var raw bytes.Buffer
	if json.Compact(&raw, f.State) != nil || checksum(raw.Bytes()) != f.Checksum {
		return State{}, errCorrupt
	}
	if json.Unmarshal(raw.Bytes(), &st) != nil || st.validate() != nil {
		return State{}, errCorrupt
	}
	return st, nil
}

// tidy drops what could not be written: numbers that are none, times that a
// clock gone wild gave, history beyond the caps.
func (st *State) tidy() {
	for id, l := range st.Lessons {
		tidyTime(&l.First)
		tidyTime(&l.Last)
		l.Predictions = l.Predictions[max(0, len(l.Predictions)-maxPredictions):]
		l.Runs = l.Runs[max(0, len(l.Runs)-maxRuns):]
		for i := range l.Predictions {
			tidyTime(&l.Predictions[i].When)
		}
		for i := range l.Runs {
			tidyTime(&l.Runs[i].When)
		}
		st.Lessons[id] = l
	}
	for _, solved := range st.Puzzles {
		for name, s := range solved {
			tidyTime(&s.When)
			solved[name] = s
		}
	}
	for _, gs := range st.Gauges {
		tidyGauges(gs)
	}
	for cell, m := range st.Table {
		tidyTime(&m.When)
		tidyGauges(m.Gauges)
		st.Table[cell] = m
	}
}

func tidyGauges(gs map[string]Gauge) {
	maps.DeleteFunc(gs, func(_ string, g Gauge) bool {
		return math.IsNaN(g.Value) || math.IsInf(g.Value, 0)
	})
}

func tidyTime(t *time.Time) {
	if y := t.UTC().Year(); y < 1970 || y > 9999 {
		*t = time.Time{}
		return
	}
	*t = t.UTC().Truncate(time.Second)
}

// validate refuses names that could not be ours: the file may come from
// somebody else, and what it holds is drawn.
func (st State) validate() error {
	if st.Current != "" && !name(st.Current) {
		return fmt.Errorf("current lesson %.40q is no name", st.Current)
	}
	for id, l := range st.Lessons {
		if !name(id) {
			return fmt.Errorf("lesson %.40q is no name", id)
		}
		if l.Part < 0 {
			return fmt.Errorf("lesson %s: part %d", id, l.Part)
		}
		for _, p := range l.Predictions {
			if !name(p.Question) || p.Choice < 0 || p.Confidence < 1 || p.Confidence > 3 ||
				p.Variant < 0 || p.Runs < 0 || p.Seen < 0 || p.Seen > p.Runs {
				return fmt.Errorf("lesson %s: prediction %.40q with choice %d and confidence %d",
					id, p.Question, p.Choice, p.Confidence)
			}
		}
		for _, r := range l.Runs {
			if !name(r.Demo) {
				return fmt.Errorf("lesson %s: demo %.40q is no name", id, r.Demo)
			}
		}
	}
	for demo, solved := range st.Puzzles {
		if !name(demo) {
			return fmt.Errorf("demo %.40q is no name", demo)
		}
		for n, s := range solved {
			if !name(n) || s.Moves < 0 {
				return fmt.Errorf("demo %s: puzzle %.40q in %d moves", demo, n, s.Moves)
			}
		}
	}
	for demo, gs := range st.Gauges {
		if err := validGauges(demo, gs); err != nil {
			return err
		}
	}
	for cell, m := range st.Table {
		if !name(cell) {
			return fmt.Errorf("cell %.40q is no name", cell)
		}
		if err := validGauges(m.Demo, m.Gauges); err != nil {
			return err
		}
	}
	return nil
}

func validGauges(demo string, gs map[string]Gauge) error {
	if !name(demo) {
		return fmt.Errorf("demo %.40q is no name", demo)
	}
	for n, g := range gs {
		if !name(n) || g.Unit != "" && !name(g.Unit) {
			return fmt.Errorf("demo %s: gauge %.40q in %.40q is no name", demo, n, g.Unit)
		}
	}
	return nil
}

// name reports whether s is short and all of it shows.
func name(s string) bool {
	if s == "" || len(s) > 120 || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) || unicode.Is(unicode.M, r) {
			return false
		}
	}
	return true
}
