package gossip

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/hashicorp/go-msgpack/v2/codec"
)

// The first bytes of memberlist's messages, as far as they are read here. They are
// part of its protocol.
const (
	indirectPing = 1
	suspectMsg   = 3
	aliveMsg     = 4
	deadMsg      = 5
	pushPull     = 6
	compound     = 7
	hasCRC       = 12
)

// claim is what a message says of a node. The fields are memberlist's.
type claim struct {
	Node        string
	Incarnation uint32
	From        string // suspect, dead: by whose word
	SourceNode  string // indirect ping: who asks for it
}

// messages are those that a packet carries. What is no packet carries none.
func messages(b []byte) (all [][]byte) {
	if len(b) > 5 && b[0] == hasCRC {
		b = b[5:]
	}
	if len(b) < 2 {
		return nil
	}
	if b[0] != compound {
		return [][]byte{b}
	}
	n, b := int(b[1]), b[2:]
	for i, at := 0, 2*n; i < n && len(b) >= 2*n; i++ {
		size := int(binary.BigEndian.Uint16(b[2*i:]))
		if len(b) < at+size {
			break
		}
		if size > 1 {
			all = append(all, b[at:at+size])
		}
		at += size
	}
	return all
}

// describe is the text of a packet for the log: the news that it carries, and
// whether one node asks another to ping a third. Pings and answers without news are
// not logged, only counted: there are too many to be read.
func describe(b []byte) (string, bool) {
	var says []string
	for _, m := range messages(b) {
		var c claim
		switch m[0] {
		case indirectPing, suspectMsg, aliveMsg, deadMsg:
			if codec.NewDecoderBytes(m[1:], &codec.MsgpackHandle{}).Decode(&c) != nil {
				continue
			}
		}
		switch m[0] {
		case indirectPing:
			says = append(says, fmt.Sprintf("%s asks: ping %s", c.SourceNode, c.Node))
		case suspectMsg:
			says = append(says, fmt.Sprintf("%s suspect (%s)", c.Node, c.From))
		case aliveMsg:
			says = append(says, fmt.Sprintf("%s alive, incarnation %d", c.Node, c.Incarnation))
		case deadMsg:
			if c.From == c.Node {
				says = append(says, c.Node+" left")
			} else {
				says = append(says, fmt.Sprintf("%s failed (%s)", c.Node, c.From))
			}
		}
	}
	return strings.Join(says, "; "), len(says) > 0
}
