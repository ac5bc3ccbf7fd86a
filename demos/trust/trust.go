// Package trust is the demo trust: who may look at a message, who may change it,
// and what a shared key keeps out.
//
// Three nodes, each a process with an address of its own: a client that orders
// payments, a bank that carries them out, and eve, through whose process all of
// that travels, as it would through a router or a proxy of hers. What she reads
// she has read from the bytes in her hands, and what she changes she writes. The
// bank and the client speak with one of three protections:
//
//   - handshake: each end proves that it knows the key (an HMAC of the other's
//     challenge), once. Then messages go as they are. This is what the authkey of
//     Python's multiprocessing.connection does.
//   - signed: after the same handshake each message carries its number and an HMAC
//     under a key of this connection.
//   - tls: TLS 1.3, each end with a certificate from an authority that was made for
//     this run.
//
// Eve has neither the key nor a certificate. She lets through what she is to relay,
// and on demand alters the client's next message, sends one of her own into its
// connection, sends one again, or connects herself: with a key that she guessed, or
// with the real one, as if it had leaked.
//
// What is measured, and how:
//   - read-…: of the bytes that passed through eve's hands, those of messages that
//     she decoded, without the handshake; the note says of how many.
//   - forged-accepted: payments that the bank carried out and the client had not
//     ordered, or not so, or once more. It is the bank's ledger against the client's.
//   - forged-refused: connections that the bank closed over what came on them, after
//     the handshake. strangers-refused: those that it closed before.
//   - open-…, call-…: medians of connections and of calls between client and bank,
//     over loopback and without eve, before anything else happens.
//
// The rules are:
//  1. What the client orders is carried out once, whatever connections end meanwhile,
//     unless eve has had her way with it (TestRandom).
//  2. With signed and tls nothing that eve does without the key is carried out, and
//     the client's next order is (TestScript, TestRandom).
//  3. With tls she decodes nothing (TestScript); in the frames on the links no word
//     of an order can be found (TestWire).
//  4. What is no message of the protocol, or no payment that there can be, closes
//     its connection and does no harm to others (TestHostile).
package trust

import (
	"context"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// Demo is the demo trust.
type Demo struct{}

var _ demo.Demo = Demo{}

// Who is on stage.
const (
	client trace.ID = "client"
	eve    trace.ID = "eve"
	bank   trace.ID = "bank"
)

// The protections, from the weakest on.
const (
	handshake = "handshake"
	signed    = "signed"
	sealed    = "tls"
)

var protections = [...]string{handshake, signed, sealed}

// The actions of the demo's own.
const (
	wrong   = "wrong-key"
	leaked  = "leaked-key"
	alter   = "alter"
	inject  = "inject"
	replay  = "replay"
	protect = "protect"
)

// Info implements demo.Demo.
func (Demo) Info() demo.Info {
	return demo.Info{
		Name:  "trust",
		Title: "Who is there, and what does he say?",
		Doc: "A client orders payments at a bank, and everything goes through the hands of eve. w: she tries a wrong key. " +
			"a: she alters the next order, i: sends one of her own in the client's connection, r: sends one again. p chooses the next protection.",
		Places: []demo.Place{demo.Nodes},
		Params: []demo.Param{
			{Name: "wire", Doc: "the protection: handshake, signed or tls", Default: handshake, Check: demo.Choice(protections[:]...)},
			{Name: "every", Doc: "how long the client waits between two orders", Default: "800ms", Check: demo.Duration(50*time.Millisecond, time.Minute)},
		},
		Actions: []demo.Action{
			{Name: wrong, Key: "w", Doc: "eve connects to the bank with a wrong key, or a certificate of her own making", Target: demo.ToStage},
			{Name: alter, Key: "a", Doc: "eve alters the client's next order: 500, to herself", Target: demo.ToStage},
			{Name: inject, Key: "i", Doc: "eve sends an order of her own in the client's connection", Target: demo.ToStage},
			{Name: replay, Key: "r", Doc: "eve sends what the client sent last once more", Target: demo.ToStage},
			{Name: leaked, Key: "g", Doc: "eve connects with the real key, as if it had leaked", Target: demo.ToStage},
			{Name: protect, Key: "p", Doc: "the next protection: handshake, signed, tls", Target: demo.ToStage},
		},
		Gauges: []demo.Gauge{
			{Name: "read-handshake", Unit: "bytes", Doc: "handshake only: what eve decoded of what passed"},
			{Name: "read-signed", Unit: "bytes", Doc: "signed: what eve decoded of what passed"},
			{Name: "read-tls", Unit: "bytes", Doc: "TLS: what eve decoded of what passed"},
			{Name: "forged-accepted", Doc: "payments that the bank made and the client had not ordered so"},
			{Name: "forged-refused", Doc: "connections that the bank closed over what came on them"},
			{Name: "strangers-refused", Doc: "connections that it closed during the handshake"},
			{Name: "open-handshake", Unit: "µs", Doc: "handshake only: from dialling to the first reply, over loopback without eve, median"},
			{Name: "open-signed", Unit: "µs", Doc: "signed: the same"},
			{Name: "open-tls", Unit: "µs", Doc: "mutual TLS: the same"},
			{Name: "call-handshake", Unit: "µs", Doc: "handshake only: one call and its reply on an open connection, over loopback without eve, median"},
			{Name: "call-signed", Unit: "µs", Doc: "signed: the same"},
			{Name: "call-tls", Unit: "µs", Doc: "TLS: the same"},
		},
	}
}

// Roles implements demo.Demo.
func (Demo) Roles() map[string]demo.Role {
	return map[string]demo.Role{"bank": keep, "client": order, "eve": relay}
}

// Play implements demo.Demo.
func (Demo) Play(ctx context.Context, s demo.Stage) error {
	pl := newPlay(s)
	defer pl.close()
	if err := pl.cast(ctx); err != nil {
		return err
	}
	if s.Attended() || s.ScriptEnd() > 0 {
		return pl.freely(ctx)
	}
	return pl.script(ctx)
}
