package broker

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"edu/procession/demos/cluster"
)

// Frames lets a door see the messages of the NATS protocol, so that they are in
// the log and one of them can be dropped. Of JetStream's own traffic only what
// carries tasks, results and acknowledgements is told.
func Frames() cluster.Frames {
	return cluster.Frames{Split: split, Describe: describe, Max: 2 << 20}
}

var errProtocol = errors.New("this is not the protocol of NATS")

// split finds one line of the protocol, with its payload.
func split(data []byte, atEOF bool) (int, []byte, error) {
	i := bytes.Index(data, []byte("\r\n"))
	if i < 0 {
		if len(data) > 64<<10 {
			return 0, nil, errProtocol
		}
		return 0, nil, nil
	}
	n := i + 2
	if _, size, ok := carries(data[:i]); ok {
		if size < 0 {
			return 0, nil, errProtocol
		}
		n += size + 2
	}
	if n > len(data) {
		return 0, nil, nil
	}
	return n, data[:n], nil
}

// carries says that a line is followed by a payload, on which subject and how
// long. The size is -1 where it is none.
func carries(line []byte) (subject string, size int, ok bool) {
	f := strings.Fields(string(line))
	if len(f) < 3 {
		return "", 0, false
	}
	switch strings.ToUpper(f[0]) {
	case "PUB", "HPUB", "MSG", "HMSG":
		size, err := strconv.Atoi(f[len(f)-1])
		if err != nil || size > 64<<20 {
			size = -1
		}
		return f[1], size, true
	}
	return "", 0, false
}

func describe(frame []byte) (string, bool) {
	line, body, _ := bytes.Cut(frame, []byte("\r\n"))
	subject, _, ok := carries(line)
	if !ok {
		return "", false
	}
	f := strings.Fields(string(line))
	if len(f[0]) == 4 && len(f) > 3 { // HPUB, HMSG: headers come first
		if n, err := strconv.Atoi(f[len(f)-2]); err == nil && n <= len(body) {
			body = body[n:]
		}
	}
	word := strings.Split(subject, ".")
	last := word[len(word)-1]
	if n, err := strconv.Atoi(last); err == nil {
		last = strconv.Itoa(n % PerRound)
	}
	var m struct {
		Task int    `json:"task"`
		Over string `json:"over"`
	}
	switch {
	case strings.HasPrefix(subject, "$JS.ACK.") && strings.Contains(subject, "-raw."):
		return "", false
	case strings.HasPrefix(subject, "$JS.ACK."):
		return "ack", true
	case strings.HasPrefix(subject, "$JS.") || strings.HasPrefix(subject, "_INBOX."):
		return "", false
	case strings.Contains(subject, ".task.") && strings.Contains(string(line), "$JS.ACK."): // pulled, with where to acknowledge it
		return "task " + last, true
	case strings.Contains(subject, ".item.") && strings.Contains(string(line), "$JS.ACK."):
		return "item " + last, true
	case strings.Contains(subject, ".item."):
		return "put " + last, true
	case strings.Contains(subject, ".event"):
		return "event", true
	case last == beats:
		return "", false
	case strings.Contains(subject, ".up.") && last == dones && json.Unmarshal(bytes.TrimSuffix(body, []byte("\r\n")), &m) == nil:
		return "result " + strconv.Itoa(m.Task%PerRound), true
	case strings.Contains(subject, ".up."):
		return last, true
	case strings.Contains(subject, ".down.") && json.Unmarshal(bytes.TrimSuffix(body, []byte("\r\n")), &m) == nil:
		if m.Over != "" {
			return "stored", true
		}
		return "task " + strconv.Itoa(m.Task%PerRound), true
	case strings.HasSuffix(subject, ".ctl"):
		return strings.TrimSpace(string(body)), true
	case strings.Contains(subject, ".task."):
		return "put " + last, true
	case strings.Contains(subject, ".result."):
		return "store " + last, true
	}
	return "", false
}
