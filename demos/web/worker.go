package web

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/sock"
	"edu/procession/demos/trace"
)

// number is what a process's count is called on stage.
const number = trace.ID("hits")

// polite lets SIGTERM end the process between two requests, not within one.
func polite() *sync.Mutex {
	serving := new(sync.Mutex)
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	go func() {
		<-asked
		serving.Lock()
		os.Exit(0)
	}()
	return serving
}

// worker is the role of the processes that serve. A request is a line: where to
// count, and the number of the hit; the reply says who counted, and how far.
func worker(_ context.Context, w *demo.Worker) error {
	l, err := sock.Inherited(w.File(0))
	if err != nil {
		return err
	}
	at, err := sock.ParseAddr(w.Arg("store"))
	if err != nil {
		return err
	}
	key, work, mine := sock.Key(w.Arg("key")), w.DurationArg("work"), 0
	serving := polite()
	for {
		c, err := l.Accept(key)
		if err != nil {
			return err
		}
		serving.Lock()
		err = func() error {
			line, err := (&sock.Lines{C: c}).Line()
			if err != nil {
				return err // the client is gone
			}
			where, arg, _ := strings.Cut(line, " ")
			hit, err := strconv.Atoi(arg)
			if err != nil {
				return err
			}
			w.Report(trace.Task{Is: trace.KindTaskRun, Task: hit, Attempt: 1})
			began := time.Now()
			w.Sleep(work)
			t := time.Now()
			n := 0
			if where == shared {
				n, err = fromStore(at, key)
			} else {
				mine++
				n = mine
			}
			counting := time.Since(t)
			if err != nil {
				w.Report(trace.Task{Is: trace.KindTaskFail, Task: hit, Took: time.Since(began), Note: "no answer from the store"})
				return err
			}
			w.Report(trace.Belief{About: number, Is: strconv.Itoa(n)})
			w.Report(trace.Task{Is: trace.KindTaskDone, Task: hit, Took: time.Since(began), Note: fmt.Sprintf("it says %d", n)})
			_, err = fmt.Fprintf(c, "%s %d %d\n", w.Name(), n, counting.Nanoseconds())
			return err
		}()
		if err != nil {
			w.Logf("a hit without an answer: %v", err)
		}
		c.Close()
		serving.Unlock()
	}
}

// fromStore has the store add one, and returns what it says.
func fromStore(at sock.Addr, key sock.Key) (int, error) {
	c, err := sock.Dial(at, at, key)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	line, err := (&sock.Lines{C: c}).Line()
	if err != nil {
		return 0, fmt.Errorf("the store: %w", err)
	}
	return strconv.Atoi(line)
}

// store is the role of the process that counts for all. To connect is to ask: it
// adds one, keeps the number in a file and answers with it, one after the other.
// Between a number that is kept and one that is told it may be killed; so a
// number can be missing, and none is given twice.
func store(_ context.Context, w *demo.Worker) error {
	l, err := sock.Inherited(w.File(0))
	if err != nil {
		return err
	}
	f, key, serving := w.File(1), sock.Key(w.Arg("key")), polite()
	var kept [8]byte
	if _, err := f.ReadAt(kept[:], 0); err != nil {
		return err
	}
	n := int(binary.BigEndian.Uint64(kept[:]))
	w.Report(trace.Belief{About: number, Is: strconv.Itoa(n)})
	for {
		c, err := l.Accept(key)
		if err != nil {
			return err
		}
		serving.Lock()
		n++
		binary.BigEndian.PutUint64(kept[:], uint64(n))
		if _, err := f.WriteAt(kept[:], 0); err != nil {
			return err
		}
		fmt.Fprintf(c, "%d\n", n) // who has gone meanwhile does not get it
		w.Report(trace.Belief{About: number, Is: strconv.Itoa(n)})
		c.Close()
		serving.Unlock()
	}
}
