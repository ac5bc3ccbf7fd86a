// Package tui is the interface: one Bubble Tea model, its pages, its keys and
// its help. It knows lessons, demos as values, and the log of a run; it knows no
// demo's package and starts no process itself: whoever calls it hands in a
// demo.Starter.
//
//	err := tui.Run(ctx, tui.Config{
//		Course: course, Demos: demos.All, Start: stage.Start, Progress: store,
//	})
//	var x *tui.Exit
//	if errors.As(err, &x) { fmt.Fprintln(os.Stderr, x.Text); os.Exit(x.Code) }
//
// [Run] is for a terminal. [New] is the model alone, for another host: a
// classroom over SSH, a test.
//
// # How it is put together
//
//	Model          owns the window, the stack of pages, what lies over them
//	├ coursePage   chapters, lessons, demos; what is next
//	├ keptPage     the runs that were kept
//	├ searchPage   hits while one types
//	├ lessonPage   leaves of a lesson; a quiz; then the explanation
//	├ forecastPage runs one after another, counted beside a prediction
//	├ reviewPage   questions that come back
//	├ tablePage    processes against nodes, as the runs of the learner have it
//	├ explorePage  how a demo comes out under many schedules
//	└ stagePage    a player on a log: live, frozen, scrubbed, or a recording
//
// A page is a plain value with the methods of the interface page. The stage is
// drawn by package view, a lesson by package reader, all colours are package
// theme's. Keys are in [DefaultKeys] and nowhere else; the key bar and the help
// are derived from where the learner is.
//
// The rules are:
//
//  1. A run has one Cmd that waits for its events, feed. Events become one
//     message a frame at most; they are folded in Update (TestIdle).
//  2. Nothing ticks while nothing moves: a live run has a heart (5 times a
//     second, twice when it is quiet), a log that is played back a frame clock,
//     everything else none; and the renderer rests (TestPacer, TestIdle).
//  3. What is drawn has exactly the size of the window, at every size, whatever
//     was pressed; below 80 by 24 one line asks for room (TestScreens, TestMash).
//  4. No run outlives the program, nor its page (TestProgram, TestLeaving).
//  5. Acts go to the live run, also while the past is shown; to a run that is
//     over they are refused in a sentence (TestActs).
//  6. The explanation of a lesson is shut until the learner has predicted or
//     skipped (TestScreens/lesson).
//  7. HUP, INT, QUIT, TERM and a panic leave the terminal as it was, with an
//     exit code of their own (TestSignals, TestFault).
//  8. Text from processes, files and learners passes package safe (TestHostile).
package tui
