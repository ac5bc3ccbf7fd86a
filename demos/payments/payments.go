// Package payments is the demo at-least-once: what a retry does when only the
// acknowledgement was lost.
//
// Two nodes, each a process with an address of its own, share nothing but
// messages: a client that has payments to make, one after the other, and a bank.
// The client sends a payment and waits; when it has waited long enough, it sends
// the same again, for as long as it takes. It cannot know whether the request was
// lost, the bank is slow, or the answer was lost. No payment is lost this way.
//
// The bank writes what it has done into a file before it answers, and reads that
// file when it is started again. The file has no name: it is gone with the last
// process that has it open.
//
//   - Without ids the bank does what it is asked, each time that it is asked.
//   - With ids it looks whether it has done this payment, and if so, only says so.
//     The id is the client's, and stays the same from attempt to attempt.
//
// The payment and the mark that it is done are one line of the file: no crash can
// come between them.
//
// What is measured, and how: the bank's file is counted, by the play, whenever
// something has happened. It is complete even where the bank was killed before it
// could tell.
//   - requests: lines of the file, effects: those that moved money, duplicates:
//     those that only say "it was done".
//   - too-much: what was moved, less what was to be moved.
//   - retries: attempts of the client beyond the first of each payment.
//   - slowest: from the first attempt at a payment to its acknowledgement, on the
//     client's clock.
//
// The rules are:
//  1. What is acknowledged is in the file (TestUnderFire).
//  2. With ids each payment is there once, whatever was dropped, stopped or
//     killed, and every request that was answered is counted (TestUnderFire).
//  3. Without ids one lost acknowledgement is one payment too many (TestScript).
//  4. The file does not outlive the run, even when the program is killed
//     (TestNothingSurvives).
package payments

import (
	"context"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// Demo is the demo at-least-once.
type Demo struct{}

var _ demo.Demo = Demo{}

// The nodes. The bank's processes are bank-1, bank-2 and so on.
const (
	client trace.ID = "client"
	bank   trace.ID = "bank"
)

// The actions of the demo's own.
const (
	dropAck = "drop"
	dropReq = "lose"
	restart = "restart"
	useIDs  = "ids"
)

// Info implements demo.Demo.
func (Demo) Info() demo.Info {
	return demo.Info{
		Name:  "at-least-once",
		Title: "Paid once, or twice?",
		Doc: "A client sends payments to a bank, and sends again what was not acknowledged. " +
			"Drop an acknowledgement (d), stop or kill the bank (s, k) and start it again (r): without ids money moves twice, with ids (i) each duplicate is counted and does nothing.",
		Places:     []demo.Place{demo.Nodes},
		Namespaces: true,
		Params: []demo.Param{
			{Name: "patience", Doc: "how long the client waits for an acknowledgement before it sends again", Default: "800ms", Check: demo.Duration(100*time.Millisecond, time.Minute)},
			{Name: "pause", Doc: "between two payments", Default: "300ms", Check: demo.Duration(0, time.Minute)},
			{Name: "ids", Doc: "the bank looks whether it has done a payment before", Default: "false", Check: demo.Bool()},
		},
		Actions: []demo.Action{
			{Name: dropAck, Key: "d", Doc: "drop the next acknowledgement (injected)", Target: demo.ToStage},
			{Name: dropReq, Key: "l", Doc: "lose the next request instead (injected)", Target: demo.ToStage},
			demo.Stop, demo.Cont, demo.Kill,
			{Name: restart, Key: "r", Doc: "start the bank again, where it was killed", Target: demo.ToStage},
			{Name: useIDs, Key: "i", Doc: "ids: the bank looks whether it has done a payment, or no longer does", Target: demo.ToStage},
		},
		Gauges: []demo.Gauge{
			{Name: "payments", Doc: "payments that were acknowledged"},
			{Name: "requests", Doc: "requests that the bank carried out or recognised, by its file"},
			{Name: "effects", Doc: "how often money was moved, by the bank's file"},
			{Name: "duplicates", Doc: "requests that the bank recognised as done before, by its file"},
			{Name: "too-much", Doc: "money that was moved, less what was to be moved"},
			{Name: "retries", Doc: "attempts beyond the first of each payment"},
			{Name: "slowest", Unit: "ms", Doc: "from the first attempt at a payment to its acknowledgement, the longest"},
		},
	}
}

// Roles implements demo.Demo.
func (Demo) Roles() map[string]demo.Role { return map[string]demo.Role{"client": pay, "bank": keep} }

// Play implements demo.Demo.
func (Demo) Play(ctx context.Context, s demo.Stage) error {
	pl, err := newPlay(s)
	if err != nil {
		return err
	}
	defer pl.close()
	if err := pl.cast(ctx); err != nil {
		return err
	}
	if s.Attended() || s.ScriptEnd() > 0 {
		return pl.freely(ctx)
	}
	return pl.script(ctx)
}
