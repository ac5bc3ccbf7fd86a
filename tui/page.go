package tui

import (
	tea "charm.land/bubbletea/v2"
)

// page is one of the things that fill the window under the title and over the
// key bar. Pages are plain values of the one model: their methods change them
// and return what is to be done outside.
type page interface {
	// crumbs says where the learner is: "Lesson 4", "The life of a process".
	crumbs() []string
	// corner is a remark for the right end of the title line.
	corner() string
	// update takes messages that are neither keys nor the mouse's.
	update(msg tea.Msg) tea.Cmd
	// key takes a key, and reports whether it meant something here.
	key(k string, msg tea.KeyPressMsg) (tea.Cmd, bool)
	// click and wheel take the mouse, in the page's own coordinates.
	click(x, y int) tea.Cmd
	wheel(x, y, lines int) tea.Cmd
	// draw fills w by h cells; it may return fewer or longer lines.
	draw(w, h int) []string
	// bar lists what can be done now, row by row, the most important first.
	bar() []barRow
	// help explains the page, and lists the keys that work on it.
	help() (about string, groups []Group)
	// front is called when the page comes to the front, for the first time or again.
	front() tea.Cmd
	// leave is called when the page is left for good.
	leave() tea.Cmd
}

// overlay lies over a page and has the keys while it is there.
type overlay interface {
	key(k string, msg tea.KeyPressMsg) (cmd tea.Cmd, done bool)
	wheel(lines int)
	// draw is a box of at most w by h cells, and its title.
	draw(w, h int) (title string, lines []string)
	bar() []Binding
}

// zone is a place on the key bar that stands for a key.
type zone struct {
	x0, x1 int
	key    string
}

// noticeMsg shows a sentence until the next key.
type noticeMsg string

// The smallest window for everything.
const minWidth, minHeight = 80, 24
