package quorum

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-msgpack/v2/codec"
	"github.com/hashicorp/raft"

	"edu/procession/demos/cluster"
	"edu/procession/demos/internal/wire"
)

// A message of Raft's transport is, as its source has it, a byte that says what is
// asked and then a struct in msgpack; a reply is a text, empty for no error, and
// then a struct. No text begins with a byte as small as those of the questions.
const (
	appendEntries = 0
	requestVote   = 1
	requestPre    = 3 // would you vote for me?
	greatest      = 5
)

// beats lets through one heartbeat of a door in so long: there are many a second,
// and without any a link would look silent that is not.
type beats struct {
	mu   sync.Mutex
	last time.Time
}

const beatEvery = 2 * time.Second

func (b *beats) due() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if now.Sub(b.last) < beatEvery {
		return false
	}
	b.last = now
	return true
}

// raftFrames are those of one door. Told are Raft's messages that carry entries, and
// those about votes, and heartbeats as beats has them, each with its reply. What only
// says how far the log is agreed upon counts as a heartbeat.
func raftFrames() cluster.Frames {
	return asked(splitRaft, 1<<20, question)
}

// halfFrames are those of one door for the home-made replication.
func halfFrames() cluster.Frames {
	say := func(frame []byte) string {
		text, _ := wire.Describe[note](frame)
		return text
	}
	return asked(wire.Split, 0, func(frame []byte) (string, func([]byte) string) { return say(frame), say })
}

// asked tells of each question, and of its reply if it was told itself.
func asked(split bufio.SplitFunc, most int, question func([]byte) (string, func(reply []byte) string)) cluster.Frames {
	var b beats
	return cluster.Frames{Split: split, Max: most, Talk: func() func([]byte, bool) (string, bool) {
		var mu sync.Mutex
		var open []func(reply []byte) string // nil: the reply is not told
		return func(frame []byte, back bool) (string, bool) {
			mu.Lock()
			defer mu.Unlock()
			if !back {
				text, reply := question(frame)
				if text == heartbeat && !b.due() {
					text = ""
				}
				if text == "" {
					reply = nil
				}
				open = append(open, reply)
				return text, text != ""
			}
			if len(open) == 0 {
				return "", false
			}
			reply := open[0]
			if open = open[1:]; reply == nil {
				return "", false
			}
			text := reply(frame)
			return text, text != ""
		}
	}}
}

// heartbeat is the text of a message that only says that its sender leads.
const (
	heartbeat = "heartbeat"
	heard     = "heard"
)

// decode reads one msgpack value and says how long it is. It is 0 where there is not
// all of it yet.
func decode(b []byte, into any) (int, error) {
	d := codec.NewDecoderBytes(b, &codec.MsgpackHandle{})
	err := d.Decode(into)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, nil
	}
	return d.NumBytesRead(), err
}

// splitRaft is a bufio.SplitFunc.
func splitRaft(b []byte, eof bool) (int, []byte, error) {
	if len(b) == 0 {
		return 0, nil, nil
	}
	at, parts := 0, 2
	if b[0] <= greatest {
		at, parts = 1, 1
	}
	for range parts {
		var any any
		n, err := decode(b[at:], &any)
		if err != nil {
			return 0, nil, err
		}
		if n == 0 {
			if eof {
				err = io.ErrUnexpectedEOF
			}
			return 0, nil, err
		}
		at += n
	}
	return at, b[:at], nil
}

// question is a request in words, "" for one that is not told, and what tells its reply.
func question(frame []byte) (string, func([]byte) string) {
	switch frame[0] {
	case requestVote, requestPre:
		var q raft.RequestVoteRequest // the other has the same fields
		if _, err := decode(frame[1:], &q); err != nil {
			return "", nil
		}
		ask, yes, no := "vote for me?", "my vote", "no vote"
		if frame[0] == requestPre {
			ask, yes, no = "would you vote for me?", "would vote", "would not vote"
		}
		return fmt.Sprintf("%s (term %d)", ask, q.Term), func(frame []byte) string {
			var r raft.RequestVoteResponse
			switch ok := answer(frame, &r); {
			case !ok:
				return ""
			case r.Granted:
				return fmt.Sprintf("%s (term %d)", yes, r.Term)
			}
			return fmt.Sprintf("%s (term %d)", no, r.Term)
		}
	case appendEntries:
		var q raft.AppendEntriesRequest
		if _, err := decode(frame[1:], &q); err != nil {
			return "", nil
		}
		text, yes := heartbeat, heard
		if n := len(q.Entries); n > 0 {
			var what []string
			for _, l := range q.Entries {
				switch l.Type {
				case raft.LogCommand:
					what = append(what, string(l.Data))
				case raft.LogNoop:
					what = append(what, "no-op")
				default:
					what = append(what, "who the nodes are")
				}
			}
			last := q.Entries[n-1].Index
			text = fmt.Sprintf("append %s (%s)", upTo(q.Entries[0].Index, last), strings.Join(what, ", "))
			yes = fmt.Sprintf("has %d", last)
		}
		return text, func(frame []byte) string {
			var r raft.AppendEntriesResponse
			switch ok := answer(frame, &r); {
			case !ok:
				return ""
			case r.Success:
				return yes
			}
			return fmt.Sprintf("not appended (term %d, log up to %d)", r.Term, r.LastLog)
		}
	}
	return "", nil
}

func upTo(first, last uint64) string {
	if first == last {
		return fmt.Sprint(first)
	}
	return fmt.Sprintf("%d to %d", first, last)
}

// answer reads the struct of a reply that is no error.
func answer(frame []byte, into any) bool {
	var fault string
	n, err := decode(frame, &fault)
	if err != nil || n == 0 || fault != "" {
		return false
	}
	n, err = decode(frame[n:], into)
	return err == nil && n > 0
}
