// Package trace is the one log of a run: typed events, the Recorder that
// orders them, and the JSON-lines form in which they are kept and piped.
//
// Everything that the program shows was an [Event] first. A demo reports
// facts, the stage adds what the kernel says, the learner's keys are events
// too, and every view is drawn from a fold of this log (package board). So a
// live run, a paused one, a scrubbed one and a replayed file are one thing.
//
//	rec := trace.NewRecorder(trace.Header{Demo: "pool-of-workers", Seed: 42})
//	rec.Add(trace.Kernel, "worker-1", trace.State{PID: 4711, From: 'S', To: 'R'})
//	trace.Write(os.Stdout, rec.Header(), rec.Events(0))
//
// The rules are:
//  1. The Recorder is the only writer; Seq is arrival order, not causality (TestRecorderOrders).
//  2. Every event names who vouches for it: see [Source] (TestSourcesRoundTrip).
//  3. At never decreases with Seq, so a time names a position (TestRecorderOrders).
//  4. The life of a process is start, states, exit, reaped, in this order (TestValidate).
//  5. What is written reads back equal; a reader skips kinds that it does not know (TestRoundTrip).
package trace
