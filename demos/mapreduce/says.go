package mapreduce

import (
	"fmt"
	"time"

	"edu/procession/demos/trace"
)

// order is what the master tells a worker.
type order struct {
	Job     int           `json:"job"`
	Task    int           `json:"task"`
	Attempt int           `json:"attempt"`
	Maps    int           `json:"maps"`
	Reduces int           `json:"reduces"`
	Work    time.Duration `json:"work_ns"`          // that it is to wait, for eyes
	Folder  string        `json:"folder,omitempty"` // that all share
	From    int           `json:"from,omitempty"`   // a map's part of the book there
	To      int           `json:"to,omitempty"`
	Text    string        `json:"text,omitempty"`   // where nothing is shared: that part itself
	Pieces  []string      `json:"pieces,omitempty"` // or a reduce's share of every map's result
}

// String is the order for the log.
func (o order) String() string {
	if o.Task < o.Maps {
		return fmt.Sprintf("%s: %d kB of text", nameOf(o.Task, o.Maps), len(o.Text)/1000)
	}
	return fmt.Sprintf("%s: its share of %d maps", nameOf(o.Task, o.Maps), len(o.Pieces))
}

// answer is what a worker says.
type answer struct {
	Is      string        `json:"is"`
	Name    trace.ID      `json:"name,omitempty"` // hello
	Job     int           `json:"job,omitempty"`  // done: the order's
	Task    int           `json:"task,omitempty"`
	Attempt int           `json:"attempt,omitempty"`
	Took    time.Duration `json:"took_ns,omitempty"`
	Files   int64         `json:"files,omitempty"`  // bytes that it read and wrote in the shared folder
	Pieces  []string      `json:"pieces,omitempty"` // the result, where nothing is shared
	Error   string        `json:"error,omitempty"`
}

// What an answer is.
const (
	saysHello = "hello"
	saysAlive = "alive"
	saysDone  = "done"
)

// String is the answer for the log.
func (a answer) String() string {
	if a.Is != saysDone {
		return a.Is
	}
	return fmt.Sprintf("result of task %d", a.Task)
}

// fact is what the master tells the play, and what happened to a worker.
type fact struct {
	Is      string   `json:"is"`
	Who     trace.ID `json:"who,omitempty"`
	Task    int      `json:"task,omitempty"`
	Attempt int      `json:"attempt,omitempty"`
	Back    []int    `json:"back,omitempty"` // tasks that wait again
	Text    string   `json:"text,omitempty"`
	Numbers numbers  `json:"numbers"`
	Moved   int64    `json:"moved"` // bytes of messages
	Files   int64    `json:"files"` // bytes in the shared folder
	Sum     *sum     `json:"sum,omitempty"`
	exit    *trace.Exit
}

// What a fact is.
const (
	isBegan  = "began"  // a job has
	isGiven  = "given"  // a task, to a worker
	isCopied = "copied" // a backup copy of one
	isResult = "result" // the first of a task
	isAgain  = "again"  // a duplicate
	isBack   = "back"   // tasks of a worker that has ended
	isSilent = "silent" // a worker is, and its tasks wait again
	isHeard  = "heard"  // it is no longer
	isMapped = "mapped" // all maps are done
	isOver   = "over"   // the job is
	isBroken = "broken" // it cannot go on
	isEnd    = "end"    // the coordinator tells no more
	isExited = "exited" // a process has ended, by the kernel's word
)

// sum is how a job came out.
type sum struct {
	Makespan    time.Duration `json:"makespan_ns"`
	Words       int           `json:"words"`
	Distinct    int           `json:"distinct"`
	Differences int           `json:"differences"`
	Unfinished  int           `json:"unfinished"`
	Top         []tally       `json:"top"`
}

func nameOf(task, maps int) string {
	if task < maps {
		return fmt.Sprintf("map %d", task)
	}
	return fmt.Sprintf("reduce %d", task-maps)
}
