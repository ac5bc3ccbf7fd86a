// Package export turns a recording into what other tools read. It is pure: a
// log in, text out.
//
//	export.Perfetto(f, header, events)         // open it on ui.perfetto.dev
//	left, err := export.ShiViz(f, header, events) // open it on bestchai.bitbucket.io/shiviz
//
// [Perfetto] takes any recording. Its tracks show when things were logged, on
// one machine's clock. [ShiViz] takes those with vector clocks and shows what can
// have caused what, without any common clock.
//
// The rules are:
//  1. Chrome trace JSON: each event has the fields of its phase, the slices of a
//     track nest, time never runs back on a track, and a message is a flow whose
//     two ends lie in slices (TestPerfettoFormat).
//  2. ShiViz: a host's own clock goes 1, 2, 3, …, and no clock speaks of an event
//     that is not there (TestShiVizFormat). What a log that was cut, or that was
//     full, cannot hold to this is left out, and counted (TestShiVizOfACutLog).
//  3. Nothing is made up: a process that is not told to have ended goes on to
//     the end of the log, a message without a receipt has no arrow.
package export
