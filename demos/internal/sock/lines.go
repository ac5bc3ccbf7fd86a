package sock

import (
	"bytes"
	"fmt"
	"io"
)

// MaxLine is the longest line that a Lines takes, in bytes.
const MaxLine = 4 << 10

// Lines reads lines from a Conn that something else is waited for besides: after
// [Wait] says that it is ready, Fill reads what is there, once, and Next hands
// out the lines that are complete.
type Lines struct {
	C   *Conn
	buf []byte
}

// Fill reads once, which waits when there is nothing to read.
func (l *Lines) Fill() error {
	if len(l.buf) > MaxLine {
		return fmt.Errorf("a line of over %d bytes", MaxLine)
	}
	var b [512]byte
	n, err := l.C.Read(b[:])
	l.buf = append(l.buf, b[:n]...)
	return err
}

// Next is the next complete line, without its end, if there is one.
func (l *Lines) Next() (string, bool) {
	line, rest, ok := bytes.Cut(l.buf, []byte{'\n'})
	if ok {
		l.buf = rest
		return string(line), true
	}
	return "", false
}

// Line waits for the next line.
func (l *Lines) Line() (string, error) {
	for {
		if line, ok := l.Next(); ok {
			return line, nil
		}
		if err := l.Fill(); err != nil {
			if err == io.EOF && len(l.buf) > 0 {
				err = io.ErrUnexpectedEOF
			}
			return "", err
		}
	}
}
