package payments

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// entry is a line of the bank's file.
type entry struct {
	id, amount, attempt int
	dup                 bool // it was done before: nothing was moved
}

// newFile makes the file, without a name.
func newFile() (*os.File, error) {
	f, err := os.CreateTemp("", "procession-bank")
	if err != nil {
		return nil, fmt.Errorf("no file for the bank: %w", err)
	}
	name := f.Name()
	f.Close()
	f, err = os.OpenFile(name, os.O_RDWR|os.O_APPEND, 0) // two banks in turn write to it
	if err != nil {
		os.Remove(name)
		return nil, fmt.Errorf("no file for the bank: %w", err)
	}
	os.Remove(name) // where a file that is open cannot be removed, close does it
	return f, nil
}

// appendEntry makes an entry durable before it returns.
func appendEntry(f *os.File, e entry) error {
	word := "pay"
	if e.dup {
		word = "dup"
	}
	if _, err := fmt.Fprintf(f, "%s %d %d %d\n", word, e.id, e.amount, e.attempt); err != nil {
		return err
	}
	return f.Sync()
}

// entries reads the file. A last line without an end is one that its writer did
// not live to write: nobody has been told of it.
func entries(f *os.File) (all []entry, whole int64, err error) {
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	b := make([]byte, info.Size())
	if n, err := f.ReadAt(b, 0); err != nil && err != io.EOF {
		return nil, 0, err
	} else {
		b = b[:n]
	}
	for {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			return all, whole, nil
		}
		var e entry
		var word string
		if _, err := fmt.Sscanf(string(b[:i]), "%s %d %d %d", &word, &e.id, &e.amount, &e.attempt); err != nil || word != "pay" && word != "dup" {
			return nil, 0, fmt.Errorf("the bank's file says %.40q", b[:i])
		}
		e.dup = word == "dup"
		all, whole, b = append(all, e), whole+int64(i)+1, b[i+1:]
	}
}
