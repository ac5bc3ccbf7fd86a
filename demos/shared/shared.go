// Package shared is the demo shared-memory: a block of memory that two processes
// map, and what a hand-over costs when nothing is copied.
//
// The process "writer" makes a block: a file with a name, in the run's folder,
// mapped into its memory. The process "reader" maps it by that name. What the one
// writes is what the other reads, in the same pages. (Python's shared memory is the
// same thing with its files in /dev/shm, a file system without a disk.)
//
//   - *Write*: the writer fills the first so many bytes, the reader reads them. The
//     kernel's books on that block, of each process, come after: resident (RSS), and
//     its share of what is resident (PSS: a page that two map counts half for each).
//   - *Read as another type*: the writer writes a float, the reader reads the same
//     eight bytes as an integer. Memory does not know what it holds.
//   - *Both at once*: the writer writes records over and over, the reader reads
//     them, without a lock. A torn one is part old, part new.
//   - *Kill the writer*: nobody unlinks the name. The block stays, and what is in
//     it. *Unlink*: the name goes; the memory stays for those who have it mapped.
//
// What is measured, and how (at full speed at every pace):
//   - pipe-1k to pipe-8m, shared-1k to shared-8m: a hand-over of so many bytes, from
//     before the writer's first write into a pipe until it has read the reader's
//     answer. By pipe, the bytes go through it into the reader's memory; shared, a
//     note of 16 bytes does. Either way the reader then looks at three words of them,
//     which the writer had set before, and answers with their sum, which is checked.
//     Median of at least 11. Reading all of it is the reader's own work, and in
//     neither; nor is making it: that is copy, if it lies elsewhere first.
//   - copy: the writer copies 8 MiB into the block. Median of 11.
//   - rss-…, pss-…: of that mapping, from /proc/PID/smaps (Linux).
//   - records, torn: counted by the reader.
//   - left: the bytes under the block's name after its maker was killed (stat).
//
// The rules are:
//  1. What was read is what was written: every answer is checked, else the run
//     fails (TestShared).
//  2. Both have the block's pages in memory, and their shares add up to one block
//     (TestShared).
//  3. The name outlives a killed writer, and not an unlink (TestKilledWriter); with
//     the run it goes in any case (TestNothingSurvives).
package shared

import (
	"context"
	"fmt"

	"edu/procession/demos/demo"
	"edu/procession/demos/internal/share"
)

// Demo is the demo shared-memory.
type Demo struct{}

var _ demo.Demo = Demo{}

// blockSize is that of the block, in bytes.
const blockSize = 8 << 20

// sizes are what is handed over, and what a write fills.
var sizes = []struct {
	n    int
	name string
	text string
}{{1 << 10, "1k", "1 KiB"}, {32 << 10, "32k", "32 KiB"}, {1 << 20, "1m", "1 MiB"}, {blockSize, "8m", "8 MiB"}}

// Info implements demo.Demo.
func (Demo) Info() demo.Info {
	info := demo.Info{
		Name:  "shared-memory",
		Title: "Memory that two processes share",
		Doc: "A writer and a reader map the same block: what one writes, the other sees, and nothing is copied. A hand-over by pipe and by shared memory, 1 KiB to 8 MiB. " +
			"Then what is lost: no type, no lock, and a name that stays when its maker is killed.",
		Places: []demo.Place{demo.Processes},
		Params: []demo.Param{
			{Name: "size", Doc: "how much a write fills: 1k, 32k, 1m or 8m", Default: "1m", Check: demo.Choice("1k", "32k", "1m", "8m")},
		},
		Actions: []demo.Action{
			{Name: "write", Key: "w", Doc: "the writer fills so many bytes of the block, the reader reads them"},
			{Name: "size", Key: "b", Doc: "how many: 1 KiB, 32 KiB, 1 MiB, 8 MiB"},
			{Name: "type", Key: "i", Doc: "a float is written and read as an integer"},
			{Name: "torn", Key: "a", Doc: "both at once, without a lock"},
			{Name: "unlink", Key: "x", Doc: "take the block's name away"},
			demo.Kill, demo.Stop, demo.Cont,
		},
		Gauges: []demo.Gauge{
			{Name: "pipe-vs-shared", Unit: "×", Doc: "a hand-over of 8 MiB through the pipe against one in shared memory: medians"},
			{Name: "copy", Unit: "µs", Doc: "8 MiB copied into the block by the writer: median"},
			{Name: "rss-writer", Unit: "bytes", Doc: "of the block, resident in the writer's memory (/proc/PID/smaps, Rss)"},
			{Name: "rss-reader", Unit: "bytes", Doc: "of the block, resident in the reader's memory"},
			{Name: "pss-writer", Unit: "bytes", Doc: "of the block, the writer's share of what is resident: a page counts by the number of those who have it (Pss)"},
			{Name: "pss-reader", Unit: "bytes", Doc: "of the block, the reader's share"},
			{Name: "records", Doc: "records of 64 words that the reader read while the writer wrote them"},
			{Name: "torn", Doc: "of them, those that were part of one record and part of another"},
			{Name: "left", Unit: "bytes", Doc: "under the block's name after its maker was killed (stat); 0 after an unlink"},
		},
	}
	for _, s := range sizes {
		info.Gauges = append(info.Gauges,
			demo.Gauge{Name: "pipe-" + s.name, Unit: "µs", Doc: "a hand-over of " + s.text + " through a pipe, until the answer was read: median"},
			demo.Gauge{Name: "shared-" + s.name, Unit: "µs", Doc: "a hand-over of " + s.text + " in shared memory, by a note of 16 bytes, until the answer was read: median"})
	}
	return info
}

// Roles implements demo.Demo.
func (Demo) Roles() map[string]demo.Role {
	return map[string]demo.Role{"writer": writer, "reader": reader}
}

// Play implements demo.Demo.
func (Demo) Play(ctx context.Context, s demo.Stage) error {
	if !share.Here {
		return fmt.Errorf("memory shared by mmap: %w", demo.ErrNotHere)
	}
	pl := &play{s: s, news: make(chan news, 64), over: make(chan struct{}), times: map[string]float64{}}
	defer close(pl.over)
	for i, size := range sizes {
		if size.name == s.Param("size") {
			pl.size = i
		}
	}
	if err := pl.begin(ctx); err != nil {
		return err
	}
	if s.Attended() || s.ScriptEnd() > 0 {
		return pl.attended(ctx)
	}
	return pl.alone(ctx)
}
