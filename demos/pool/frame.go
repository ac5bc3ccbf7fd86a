package pool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// A frame is a kind (one byte), the length of its body (four bytes, little
// endian, as are all numbers) and the body:
//
//	call    to a worker    task…                              4 bytes each
//	began   from a worker  task, gap
//	answer  from a worker  (task, failed, took, length, bytes)…
//
// A gap is eight bytes: the nanoseconds since the worker's last task ended, 0 for
// its first. The bytes of an answer are the result, eight of them, or the words of the error.
// An answer holds the tasks of one call, all of them, in its order.
const (
	kindCall   byte = 'C' // run these tasks
	kindBegan  byte = 'B' // this one is being computed
	kindAnswer byte = 'A' // what became of a call
)

const (
	headSize   = 5             // of a frame
	taskSize   = 4             // of a task in a call
	beganSize  = taskSize + 8  // of a began
	answerSize = 4 + 1 + 8 + 1 // of a task in an answer, before its bytes
	maxChunk   = 1000          // tasks in a call
	maxText    = 80            // bytes of an error
	maxBody    = maxChunk * (answerSize + maxText)
	poisoned   = uint32(1 << 31) // the bit of a task whose argument is bad
)

// answer is what became of one task.
type answer struct {
	task   uint32
	failed bool
	took   time.Duration // by the worker's clock
	value  uint64
	text   string // of the error
}

func appendHead(b []byte, kind byte, size int) []byte {
	return binary.LittleEndian.AppendUint32(append(b, kind), uint32(size))
}

// appendCall appends a call of the tasks; spoilt ones carry the bit poisoned.
func appendCall(b []byte, tasks []uint32) []byte {
	b = appendHead(b, kindCall, taskSize*len(tasks))
	for _, t := range tasks {
		b = binary.LittleEndian.AppendUint32(b, t)
	}
	return b
}

func appendBegan(b []byte, task uint32, gap time.Duration) []byte {
	b = binary.LittleEndian.AppendUint32(appendHead(b, kindBegan, beganSize), task)
	return binary.LittleEndian.AppendUint64(b, uint64(gap))
}

// appendAnswer appends an answer. An error's text is cut to what a frame holds.
func appendAnswer(b []byte, answers []answer) []byte {
	at := len(b)
	b = appendHead(b, kindAnswer, 0)
	for _, a := range answers {
		b = binary.LittleEndian.AppendUint32(b, a.task)
		if a.failed {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
		b = binary.LittleEndian.AppendUint64(b, uint64(a.took))
		if a.failed {
			text := a.text[:min(len(a.text), maxText)]
			b = append(append(b, byte(len(text))), text...)
		} else {
			b = binary.LittleEndian.AppendUint64(append(b, 8), a.value)
		}
	}
	binary.LittleEndian.PutUint32(b[at+1:], uint32(len(b)-at-headSize))
	return b
}

var errFrame = errors.New("not a frame of the pool")

func parseBegan(body []byte) (task uint32, gap time.Duration, err error) {
	if len(body) != beganSize {
		return 0, 0, fmt.Errorf("%w: a began of %d bytes", errFrame, len(body))
	}
	if gap = time.Duration(binary.LittleEndian.Uint64(body[taskSize:])); gap < 0 {
		return 0, 0, fmt.Errorf("%w: a gap of %v", errFrame, gap)
	}
	return binary.LittleEndian.Uint32(body), gap, nil
}

// parseTasks appends the tasks of a call to tasks.
func parseTasks(body []byte, tasks []uint32) ([]uint32, error) {
	if len(body) == 0 || len(body)%taskSize != 0 || len(body) > maxChunk*taskSize {
		return tasks, fmt.Errorf("%w: tasks of %d bytes", errFrame, len(body))
	}
	for ; len(body) > 0; body = body[taskSize:] {
		tasks = append(tasks, binary.LittleEndian.Uint32(body))
	}
	return tasks, nil
}

// parseAnswer appends what an answer tells to answers. Its texts are printable ASCII.
func parseAnswer(body []byte, answers []answer) ([]answer, error) {
	if len(body) == 0 {
		return answers, fmt.Errorf("%w: an empty answer", errFrame)
	}
	for len(body) > 0 {
		if len(body) < answerSize {
			return answers, fmt.Errorf("%w: an answer that is cut off", errFrame)
		}
		a := answer{
			task: binary.LittleEndian.Uint32(body), failed: body[4] == 1,
			took: time.Duration(binary.LittleEndian.Uint64(body[5:])),
		}
		n, status := int(body[13]), body[4]
		body = body[answerSize:]
		if len(body) < n || status > 1 || a.took < 0 {
			return answers, fmt.Errorf("%w: an answer that is cut off or wrong", errFrame)
		}
		switch {
		case !a.failed && n == 8:
			a.value = binary.LittleEndian.Uint64(body)
		case a.failed && n <= maxText && printable(body[:n]):
			a.text = string(body[:n])
		default:
			return answers, fmt.Errorf("%w: a result of %d bytes", errFrame, n)
		}
		body = body[n:]
		answers = append(answers, a)
	}
	return answers, nil
}

func printable(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// inbox takes frames out of a stream of bytes.
type inbox struct {
	from io.Reader
	buf  []byte
	r, w int // buf[r:w] is not consumed
}

// next is the next whole frame that has been read, and false when there is none.
// Its body is good until fill.
func (in *inbox) next() (kind byte, body []byte, ok bool, err error) {
	b := in.buf[in.r:in.w]
	if len(b) < headSize {
		return 0, nil, false, nil
	}
	size := binary.LittleEndian.Uint32(b[1:])
	if size > maxBody {
		return 0, nil, false, fmt.Errorf("%w: %d bytes", errFrame, size)
	}
	if len(b) < headSize+int(size) {
		return 0, nil, false, nil
	}
	in.r += headSize + int(size)
	return b[0], b[headSize : headSize+int(size)], true, nil
}

// fill reads once, and blocks when there is nothing to read. At the end of the
// stream it returns io.EOF, in mid-frame io.ErrUnexpectedEOF.
func (in *inbox) fill() error {
	in.w = copy(in.buf, in.buf[in.r:in.w])
	in.r = 0
	if in.w == len(in.buf) {
		in.buf = append(in.buf, make([]byte, max(8<<10, len(in.buf)))...) // next refuses what would grow without end
	}
	n, err := in.from.Read(in.buf[in.w:])
	in.w += n
	if n > 0 {
		return nil
	}
	if err == io.EOF && in.w > 0 {
		return io.ErrUnexpectedEOF
	}
	return err
}
