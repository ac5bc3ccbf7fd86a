package wire

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

type note struct {
	Text string `json:"text"`
	N    int    `json:"n,omitempty"`
}

func (n note) String() string { return n.Text }

// Messages come out as they went in, however the bytes are cut up, and what is no
// whole message is an error.
func TestWhole(t *testing.T) {
	var b bytes.Buffer
	for _, m := range []note{{"one", 1}, {"", 0}, {strings.Repeat("x", 9000), 3}} {
		if err := Write(&b, m); err != nil {
			t.Fatal(err)
		}
	}
	all := b.Bytes()
	r := NewReader(iotest.OneByteReader(bytes.NewReader(all)))
	for _, want := range []note{{"one", 1}, {"", 0}, {strings.Repeat("x", 9000), 3}} {
		var got note
		if err := r.Read(&got); err != nil || got != want {
			t.Fatalf("%v, %.20v", err, got)
		}
	}
	if err := r.Read(new(note)); err != io.EOF {
		t.Errorf("after the last: %v", err)
	}
	if text, ok := Describe[note](all[:head+len(`{"text":"one","n":1}`)]); !ok || text != "one" {
		t.Errorf("described as %q, %v", text, ok)
	}
	if text, ok := Describe[note]([]byte("\x00\x00\x00\x01?")); ok {
		t.Errorf("no JSON is described as %q", text)
	}
	for what, in := range map[string][]byte{
		"cut off": all[:len(all)-1], "a part of a length": {0, 0}, "too long": []byte("GET / HTTP/1.1\r\n\r\n"), "no JSON": []byte("\x00\x00\x00\x01?"),
	} {
		r, err := NewReader(bytes.NewReader(in)), error(nil)
		for err == nil {
			err = r.Read(new(note))
		}
		if err == io.EOF {
			t.Errorf("%s: no error", what)
		}
	}
	if err := Write(io.Discard, note{Text: strings.Repeat("x", Max)}); err == nil {
		t.Error("too long a message was written")
	}
}

// A call is answered; one that nobody answers ends with its timeout, and one whose
// connection ends, at once.
func TestSilence(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	block := make(chan struct{})
	served := make(chan error)
	go func() {
		served <- Serve(l, func(n note) (note, bool) {
			if n.Text == "wait" {
				<-block
			}
			n.N++
			return n, n.Text != "hang up"
		})
	}()
	if got, err := Call(l.Addr().String(), note{"hello", 1}, time.Minute); err != nil || got.N != 2 {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := Call(l.Addr().String(), note{Text: "hang up"}, time.Minute); !errors.Is(err, io.EOF) {
		t.Errorf("hung up: %v", err)
	}
	if _, err := Call(l.Addr().String(), note{Text: "wait"}, 20*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("not answered: %v", err)
	}
	close(block)
	l.Close()
	if err := <-served; err != nil {
		t.Errorf("closed: %v", err)
	}
	if _, err := Call(l.Addr().String(), note{}, time.Minute); err == nil {
		t.Error("nobody listens, and the call succeeded")
	}
}

// Facts arrive in order, and the end with the last writer.
func TestFacts(t *testing.T) {
	heard := make(chan note, 10)
	w, err := Facts(func(n note) { heard <- n }, func() { close(heard) })
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		Tell(w, note{"n", i})
	}
	w.Close()
	for i := range 5 {
		if got := <-heard; got.N != i {
			t.Errorf("fact %d is %v", i, got)
		}
	}
	if n, ok := <-heard; ok {
		t.Errorf("after the last: %v", n)
	}
}
