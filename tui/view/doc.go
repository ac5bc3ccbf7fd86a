// Package view draws a [board.Board]: pure functions from a [Scene] and a size
// to lines. It knows no demo, reads no clock and starts nothing, so a live
// run, a paused one, one that was scrubbed back and a replayed file are drawn
// by the same code.
//
// # Drawing the whole stage
//
// The root model keeps one [Stage], which caches panels between frames, and
// asks it for a [Frame] whenever something changed:
//
//	st := view.NewStage()                     // one for each screen
//	sc := &view.Scene{
//		Board: tl.At(pos), Theme: th,
//		Now:      now,                        // time shown; may be later than Board.At
//		Window:   view.Window{},              // zero: everything so far; or view.Follow(now, 10*time.Second)
//		Selected: "worker-1",
//	}
//	sc.Whole = tl.At(tl.Len())                // while scrubbing: the lanes show what is to come, dimmed
//	f := st.Draw(sc, view.Layout{Main: view.PanelLanes}, w, h)
//	content := f.String()                     // h lines of exactly w cells, joined by "\n"
//
//	id, ok := f.ProcAt(x, y)                  // mouse, in the frame's own coordinates
//	p, ok := f.PanelAt(x, y)                  // what a wheel turns, a click focuses
//	at, ok := f.TimeAt(x, y)                  // a click on the lanes is a place in time
//	id = f.Next(sc.Selected, +1)              // the process below the selected one, as drawn
//	n := f.Scrollable(view.PanelLog)          // how far it can be scrolled now
//
// Which panels there are follows from what is on the Board: see [Panels]. The
// keys 1…n of the root choose Layout.Main from that slice. Where the panels
// stand follows from the size: see [Arrange].
//
// A Stage is for one run: make a new one for the next.
//
// # Drawing one thing
//
// Each view is a function (s *Scene, w, h int) []string: [Procs], [Steps], [Lanes],
// [Grid], [Queues], [Gauges], [Messages], [Links], [Nodes], [Beliefs], [Log],
// [Legend], [Caption].
// [Table] is the linear form for pipes and screen readers, and [Format] is how
// a measured number is written everywhere, in lessons too.
//
// The rules are:
//
//  1. A view returns exactly h lines, each exactly w cells wide, at every size;
//     none at h ≤ 0. It never panics (TestExactSizes, FuzzSizes).
//  2. The same Scene and size give the same lines (TestPure). Nothing is kept
//     but in a Stage, and a Stage's cache changes no byte (TestCacheIsInvisible).
//  3. Nothing is told by colour alone: without escapes each view reads the
//     same (TestColourless), and with a plain theme it is ASCII, but for letters
//     of other scripts in text from outside (TestPlainIsASCII).
//  4. Text from outside passes package safe first: no byte of an escape that
//     the theme did not make reaches a line (TestHostile).
//  5. The kernel's word and a process's own word on what it waits for look
//     different: :pipe read is the kernel's, "queue" in quotes and italics is
//     the process's own (TestWhoseWord).
//  6. What is left out is counted: "… and 12 more" (TestMoreRows).
//  7. What is measured and what is not do not look alike: a number that the
//     stage slowed is hidden and counted (TestPacedIsHidden); the times between
//     messages are those of the log, and below a millisecond they are not told.
//  8. What a process takes to be so of another is in quotes and never decides how
//     that other is drawn (TestBeliefIsNoFact); what the stage does to a link is
//     said to be injected (TestInjected); a split is told only where cuts have made
//     one (TestIslands).
package view
