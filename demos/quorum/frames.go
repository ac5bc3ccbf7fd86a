package quorum

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/hashicorp/go-msgpack/v2/codec"
	"github.com/hashicorp/raft"

	"edu/procession/demos/cluster"
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

// raftFrames tells of Raft's messages those that carry entries, and those about
// votes, each with its reply. Heartbeats, of which there are many a second, and
// what only says how far the log is agreed upon, pass untold.
func raftFrames() cluster.Frames {
	return cluster.Frames{Split: splitRaft, Max: 1 << 20, Talk: func() func([]byte, bool) (string, bool) {
		var mu sync.Mutex
		var asked []func(reply []byte) (string, bool) // nil: the reply is not told
		return func(frame []byte, back bool) (string, bool) {
			mu.Lock()
			defer mu.Unlock()
			if !back {
				text, reply := question(frame)
				asked = append(asked, reply)
				return text, text != ""
			}
			if len(asked) == 0 {
				return "", false
			}
			reply := asked[0]
			asked = asked[1:]
			if reply == nil {
				return "", false
			}
			return reply(frame)
		}
	}}
}

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
func question(frame []byte) (string, func([]byte) (string, bool)) {
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
		return fmt.Sprintf("%s (term %d)", ask, q.Term), func(frame []byte) (string, bool) {
			var r raft.RequestVoteResponse
			if !answer(frame, &r) {
				return "", false
			}
			if r.Granted {
				return fmt.Sprintf("%s (term %d)", yes, r.Term), true
			}
			return fmt.Sprintf("%s (term %d)", no, r.Term), true
		}
	case appendEntries:
		var q raft.AppendEntriesRequest
		if _, err := decode(frame[1:], &q); err != nil || len(q.Entries) == 0 {
			return "", nil
		}
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
		last := q.Entries[len(q.Entries)-1].Index
		return fmt.Sprintf("append %s (%s)", upTo(q.Entries[0].Index, last), strings.Join(what, ", ")), func(frame []byte) (string, bool) {
			var r raft.AppendEntriesResponse
			if !answer(frame, &r) {
				return "", false
			}
			if r.Success {
				return fmt.Sprintf("has %d", last), true
			}
			return fmt.Sprintf("not appended (term %d, log up to %d)", r.Term, r.LastLog), true
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
	if err != nil || n == 0 || fault != "" || bytes.Equal(frame[n:], nil) {
		return false
	}
	n, err = decode(frame[n:], into)
	return err == nil && n > 0
}
