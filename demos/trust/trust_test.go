//go:build linux

package trust

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"edu/procession/demos/board"
	"edu/procession/demos/demo"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

func TestMain(m *testing.M) { stagetest.Main(m, Demo{}) }

func gauge(b *board.Board, name string) float64 {
	g, _ := b.Gauge(name)
	return g.Value
}

// money is how much a payee has, as somebody believes; -1 where he believes nothing.
func money(b *board.Board, who, to trace.ID) (n int) {
	is := b.Belief(who, to)
	if _, err := fmt.Sscanf(strings.NewReplacer("has had ", "", "has got ", "").Replace(is), "%d", &n); err != nil {
		return -1
	}
	return n
}

// attended starts a run with somebody at the keys, and returns when the client has
// paid for the first time.
func attended(t *testing.T, set ...string) (run demo.Run, act func(string)) {
	o := stagetest.Options(set...)
	o.Attended = true
	run = stagetest.Start(t, Demo{}, o)
	stagetest.Until(t, run, "an order", func(b *board.Board) bool { return money(b, client, payees[0]) > 0 })
	return run, func(name string) {
		t.Helper()
		if err := run.Act(name, ""); err != nil {
			t.Fatal(err)
		}
	}
}

// Unattended, from each protection on: the verdict is that of the two ledgers, with
// the handshake alone eve has her way, else the client has his.
func TestScript(t *testing.T) {
	for i, from := range protections {
		t.Run(from, func(t *testing.T) {
			t.Parallel()
			got := stagetest.Play(t, Demo{}, stagetest.Options("every", "100ms", "wire", from))
			b := got.Board
			if v := b.Verdict; got.Err != nil || v == nil || !v.OK {
				t.Fatalf("the run: %v, %+v", got.Err, v)
			}
			t.Logf("took %v: %s", b.At, b.Verdict.Text)
			played := len(protections) - i
			forged, hers := 0, 0
			if from == handshake {
				forged, hers = 3, 2*loot
			}
			if a, r, s := gauge(b, "forged-accepted"), gauge(b, "forged-refused"), gauge(b, "strangers-refused"); int(a) != forged || int(r) != 3*played-forged || int(s) != played {
				t.Errorf("%v accepted, %v refused, %v strangers", a, r, s)
			}
			if m := money(b, bank, eve); m != hers {
				t.Errorf("eve has %d", m)
			}
			// One altered, one twice: with the handshake alone the shop has as much as
			// the client thinks, by chance. The last order may be under way.
			if has, should := money(b, bank, payees[0]), money(b, client, payees[0]); has != should && has != should+amount || has < 6*amount {
				t.Errorf("the shop has %d, and the client says %d", has, should)
			}
			for _, g := range (Demo{}).Info().Gauges {
				_, p, _ := strings.Cut(g.Name, "-")
				v, ok := b.Gauge(g.Name)
				switch is := v.Value; {
				case g.Name == "read-"+sealed && is != 0, strings.HasPrefix(g.Name, "call-") && is <= 0, strings.HasPrefix(g.Name, "open-") && is <= 0:
					t.Errorf("%s: %+v", g.Name, v)
				case !strings.HasPrefix(g.Name, "read-"):
				case ok != (slices.Index(protections[:], p) >= i), ok && p != sealed && is <= 0:
					t.Errorf("%s: %v, %+v", g.Name, ok, v)
				}
			}
			// With the handshake alone the client notices nothing.
			ends := 0
			for _, e := range got.Events {
				if _, over := e.Data.(trace.Verdict); over {
					break
				}
				if l, ok := e.Data.(trace.Say); ok && e.Who == client && strings.HasPrefix(l.Text, "the connection has ended") {
					ends++
				}
			}
			if ends != 3*played-forged {
				t.Errorf("%d connections of the client's ended", ends)
			}
			records := 0
			for _, e := range got.Events {
				m, ok := e.Data.(trace.Msg)
				switch {
				case !ok:
				case strings.HasPrefix(m.Text, "TLS record"):
					records++
				case records > 0 && m.Text != fmt.Sprintf("pay %d to %s", loot, eve): // that was her own
					t.Errorf("with TLS there was to be read: %s", m.Text)
				}
			}
			if records == 0 {
				t.Error("no record of TLS in the log")
			}
		})
	}
}

// Whatever eve does and when, without the key nothing of hers is carried out, and
// all that is the client's is, once.
func TestRandom(t *testing.T) {
	for i, protection := range []string{signed, sealed} {
		t.Run(protection, func(t *testing.T) {
			t.Parallel()
			rnd := rand.New(rand.NewPCG(uint64(i), 2))
			run, act := attended(t, "every", "50ms", "wire", protection)
			for range 20 {
				act([...]string{alter, inject, replay, wrong}[rnd.IntN(4)])
				more := money(board.Of(run.Log().Events(0)).At(math.MaxInt), client, payees[0]) + rnd.IntN(3)*amount
				stagetest.Until(t, run, "orders", func(b *board.Board) bool { return money(b, client, payees[0]) >= more })
			}
			run.Finish()
			got := stagetest.End(t, run)
			b := got.Board
			if v := b.Verdict; got.Err != nil || v == nil || !v.OK {
				t.Fatalf("the run: %v, %+v", got.Err, v)
			}
			if has, should := money(b, bank, payees[0]), money(b, client, payees[0]); has != should && has != should+amount || has < amount || money(b, bank, eve) != 0 {
				t.Errorf("the shop has %d, and the client says %d; eve has %d", has, should, money(b, bank, eve))
			}
			if gauge(b, "forged-accepted") != 0 || gauge(b, "forged-refused") == 0 {
				t.Errorf("%v accepted, %v refused", gauge(b, "forged-accepted"), gauge(b, "forged-refused"))
			}
		})
	}
}

// A key that has leaked lets its holder in, under whatever name; a certificate
// cannot be had for it.
func TestLeaked(t *testing.T) {
	run, act := attended(t, "every", "200ms")
	for i, protection := range protections {
		if i > 0 {
			act(protect)
			stagetest.Until(t, run, protection, func(b *board.Board) bool { return b.Belief(client, bank) == trusts[protection] })
		}
		act(leaked)
		stagetest.Until(t, run, "what the bank thinks of it", func(b *board.Board) bool {
			return protection == sealed && gauge(b, "strangers-refused") == 1 || protection != sealed && money(b, bank, eve) == (i+1)*loot
		})
	}
	stagetest.Until(t, run, "the accounts", func(b *board.Board) bool { return gauge(b, "forged-accepted") == 2 })
	run.Finish()
	got := stagetest.End(t, run)
	if v := got.Board.Verdict; got.Err != nil || v == nil || !v.OK || money(got.Board, bank, eve) != 2*loot {
		t.Errorf("the run: %v, %+v", got.Err, v)
	}
}

// A program that is killed leaves none of its nodes.
func TestNothingSurvives(t *testing.T) {
	stagetest.KillHost(t, "trust", 4, rand.New(rand.NewPCG(1, 1)))
}
