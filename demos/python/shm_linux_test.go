package python

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"edu/procession/demos/board"
	"edu/procession/demos/stage/stagetest"
)

const shm = `import multiprocessing as mp, os, time
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory

if __name__ == "__main__":
    block = SharedMemory("%s", create=True, size=100)
    tracker = resource_tracker._resource_tracker._pid
    child = mp.Process(target=time.sleep, args=(60,))
    child.start()
    while os.getpgid(tracker) != tracker:
        time.sleep(0.01)
    print("made", flush=True)
    child.join()
`

// Shared memory goes with a run that is broken off, though all that used it are
// killed: Python's resource tracker is left the time to unlink it.
func TestSharedMemoryGoes(t *testing.T) {
	have(t)
	name := fmt.Sprintf("procession-test-%d", os.Getpid())
	t.Cleanup(func() { os.Remove("/dev/shm/" + name) })
	run := stagetest.Start(t, Demo{}, options(file(t, fmt.Sprintf(shm, name))))
	stagetest.Until(t, run, "it is made", func(b *board.Board) bool {
		for _, l := range b.Lines {
			if strings.TrimSpace(l.Text) == "made" {
				return true
			}
		}
		return false
	})
	if _, err := os.Stat("/dev/shm/" + name); err != nil {
		t.Fatal(err)
	}
	run.Stop()
	<-run.Done()
	if _, err := os.Stat("/dev/shm/" + name); err == nil {
		t.Error("the block is still there")
	}
}
