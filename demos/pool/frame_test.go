package pool

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// stream is one frame of each kind.
func stream() []byte {
	b := appendCall(nil, []uint32{0, 7 | poisoned, 99_999})
	b = appendBegan(b, 7, time.Second)
	return appendAnswer(b, []answer{
		{task: 0, took: time.Millisecond, value: 1 << 63},
		{task: 7, failed: true, took: 3, text: "bad input 7"},
	})
}

func TestFramesRoundTrip(t *testing.T) {
	want := []string{"C", "B", "A"}
	for name, r := range map[string]io.Reader{
		"at once":     bytes.NewReader(stream()),
		"in bytes":    iotest.OneByteReader(bytes.NewReader(stream())),
		"with errors": iotest.DataErrReader(bytes.NewReader(stream())),
	} {
		in := inbox{from: r}
		var got []string
		var again []byte
		for {
			kind, body, ok, err := in.next()
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				if err = in.fill(); err == io.EOF {
					break
				} else if err != nil {
					t.Fatal(err)
				}
				continue
			}
			got = append(got, string(kind))
			again = append(again, encoded(t, kind, body)...)
		}
		if !slices.Equal(got, want) || !bytes.Equal(again, stream()) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// encoded parses a body and encodes what it said.
func encoded(t *testing.T, kind byte, body []byte) []byte {
	if kind == kindAnswer {
		a, err := parseAnswer(body, nil)
		if err != nil {
			t.Fatal(err)
		}
		return appendAnswer(nil, a)
	}
	if kind == kindBegan {
		task, gap, err := parseBegan(body)
		if err != nil {
			t.Fatal(err)
		}
		return appendBegan(nil, task, gap)
	}
	tasks, err := parseTasks(body, nil)
	if err != nil {
		t.Fatal(err)
	}
	return appendCall(nil, tasks)
}

func TestCutOff(t *testing.T) {
	all := stream()
	for n := 1; n < len(appendCall(nil, []uint32{1, 2, 3})); n++ {
		in := inbox{from: bytes.NewReader(all[:n])}
		in.fill()
		if _, _, ok, err := in.next(); ok || err != nil {
			t.Errorf("%d bytes: %v %v", n, ok, err)
		}
		if err := in.fill(); err != io.ErrUnexpectedEOF {
			t.Errorf("end after %d bytes: %v", n, err)
		}
	}
}

func TestLongErrorIsCut(t *testing.T) {
	b := appendAnswer(nil, []answer{{task: 1, failed: true, text: strings.Repeat("x", 1000)}})
	a, err := parseAnswer(b[headSize:], nil)
	if err != nil || len(a[0].text) != maxText {
		t.Errorf("%v %d", err, len(a[0].text))
	}
}

// Whatever bytes come, decoding ends, takes no more memory than a frame may have,
// and what it takes is what would be written.
func FuzzFrames(f *testing.F) {
	f.Add(stream())
	f.Add(stream()[:20])
	f.Add([]byte{kindAnswer, 0xff, 0xff, 0xff, 0xff, 0})
	f.Add([]byte{kindAnswer, 0, 0, 0, 0})
	f.Add(appendAnswer(nil, []answer{{failed: true, text: "\x1b[31m"}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		in := inbox{from: bytes.NewReader(b)}
		for {
			at := in.r
			kind, body, ok, err := in.next()
			if err != nil {
				return
			}
			if !ok {
				if in.fill() != nil {
					return
				}
				continue
			}
			frame := in.buf[at:in.r]
			switch kind {
			case kindAnswer:
				if a, err := parseAnswer(body, nil); err == nil && !bytes.Equal(appendAnswer(nil, a), frame) {
					t.Errorf("%x was taken for %x", frame, appendAnswer(nil, a))
				} else if err == nil {
					for _, a := range a {
						if strings.ContainsFunc(a.text, func(r rune) bool { return r < ' ' || r > '~' }) {
							t.Errorf("%q got through", a.text)
						}
					}
				}
			case kindBegan:
				if task, gap, err := parseBegan(body); err == nil && !bytes.Equal(appendBegan(nil, task, gap), frame) {
					t.Errorf("%x was taken for %d, %v", frame, task, gap)
				}
			case kindCall:
				tasks, err := parseTasks(body, nil)
				again := appendCall(nil, tasks)
				if err == nil && !bytes.Equal(again, frame) {
					t.Errorf("%x was taken for %v", frame, tasks)
				}
			}
		}
	})
}
