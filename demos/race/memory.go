package race

import (
	"os"
	"sync/atomic"
	"unsafe"

	"edu/procession/demos/internal/share"
)

// page is what the processes share. Each field has a cache line of its own.
type page struct {
	counter int64
	_       [56]byte
	word    uint32 // of the mutex: 0 free, 1 held, 2 held and waited for
	_       [60]byte
	done    [4]struct {
		n int64
		_ [56]byte
	}
}

const pageSize = 4096

// shared makes a page of memory as a file, which workers map too.
func shared() (*page, *os.File, error) {
	b, f, err := share.Memory(pageSize)
	if err != nil {
		return nil, nil, err
	}
	return (*page)(unsafe.Pointer(&b[0])), f, nil
}

func mapped(f *os.File) (*page, error) {
	b, err := share.Map(f, pageSize)
	if err != nil {
		return nil, err
	}
	return (*page)(unsafe.Pointer(&b[0])), nil
}

// reset makes everything nought, the mutex too.
func (p *page) reset() {
	atomic.StoreInt64(&p.counter, 0)
	atomic.StoreUint32(&p.word, 0)
	for i := range p.done {
		atomic.StoreInt64(&p.done[i].n, 0)
	}
}

// finished is how many additions have been done, by the workers' own counts.
func (p *page) finished() (n int64) {
	for i := range p.done {
		n += atomic.LoadInt64(&p.done[i].n)
	}
	return n
}
