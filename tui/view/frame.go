package view

import (
	"slices"
	"strings"
	"time"

	"edu/procession/demos/trace"
)

// String is the whole frame: H lines of exactly W cells, joined by newlines.
func (f *Frame) String() string { return f.text }

// Lines is the frame line by line.
func (f *Frame) Lines() []string {
	if f.H == 0 {
		return nil
	}
	return strings.Split(f.text, "\n")
}

// Placed lists the panels that are on the frame, and where.
func (f *Frame) Placed() []Placed { return slices.Clone(f.placed) }

// PanelAt is the panel at a cell.
func (f *Frame) PanelAt(x, y int) (Panel, bool) {
	if i := f.at(x, y); i >= 0 {
		return f.placed[i].Panel, true
	}
	return PanelNone, false
}

func (f *Frame) at(x, y int) int {
	for i, p := range f.placed {
		if p.Has(x, y) {
			return i
		}
	}
	return -1
}

// TabAt is the view that the title of the main view names at a cell: a click
// there chooses it.
func (f *Frame) TabAt(x, y int) (Panel, bool) {
	i := f.at(x, y)
	if i < 0 || y != f.placed[i].Y {
		return PanelNone, false
	}
	for _, t := range f.parts[i].tabs {
		if x -= f.placed[i].X; x >= t.x0 && x < t.x1 {
			return t.panel, true
		}
		x += f.placed[i].X
	}
	return PanelNone, false
}

// ProcAt is the process that is drawn at a cell, in whichever panel.
func (f *Frame) ProcAt(x, y int) (trace.ID, bool) {
	i := f.at(x, y)
	if i < 0 {
		return "", false
	}
	x, y = x-f.placed[i].X, y-f.placed[i].Y
	for _, h := range f.parts[i].hits {
		if h.y == y && x >= h.x0 && x < h.x1 {
			return h.who, true
		}
	}
	return "", false
}

// TimeAt is the time in the run that a cell of the lanes stands for.
func (f *Frame) TimeAt(x, y int) (time.Duration, bool) {
	i := f.at(x, y)
	if i < 0 || f.placed[i].Panel != PanelLanes {
		return 0, false
	}
	d := f.parts[i]
	if x -= f.placed[i].X + d.left; x < 0 || x >= d.axis.n {
		return 0, false
	}
	return d.axis.at(x), true
}

// Order lists the processes in the order in which the table draws them.
func (f *Frame) Order() []trace.ID { return slices.Clone(f.order) }

// Next is the process that stands so many rows below the selected one, or above
// it. It stops at the ends; without a selection it is the first.
func (f *Frame) Next(selected trace.ID, step int) trace.ID {
	if len(f.order) == 0 {
		return ""
	}
	i := slices.Index(f.order, selected)
	if i < 0 {
		return f.order[0]
	}
	return f.order[min(max(i+step, 0), len(f.order)-1)]
}

// Scrollable is the largest useful value of Scene.Scroll for a panel of this
// frame: 0 for one that is not on it or that fits.
func (f *Frame) Scrollable(p Panel) int {
	if p >= panelCount {
		return 0
	}
	return f.scroll[p]
}

// rowsOf is how many rows of processes a panel has.
func (f *Frame) rowsOf(p Panel) int {
	for _, pl := range f.placed {
		if pl.Panel == p {
			return pl.body().H - 1
		}
	}
	return 1 << 30
}
