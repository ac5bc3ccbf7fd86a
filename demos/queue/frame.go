package queue

import (
	"encoding/binary"
	"errors"
)

// frameSize is the size of an item in the pipe. It divides a page, and a few of
// them fit into one atomic write.
const frameSize = 64

// pipeBuf is how much may be written at once where several write: POSIX promises
// that so much is never split; Linux keeps that up to 4096.
const pipeBuf = 512

// frame is an item on its way:
//
//	0  item    its number
//	8  stamp   when it was put, by the machine's monotonic clock
//	16 nonce   follows from the run's seed and the number
//	24 filler  follows from the nonce
//	56 sum     of all before it
type frame [frameSize]byte

var errTorn = errors.New("what came out of the pipe is not an item that was put in")

// mix spreads a number over 64 bits (the last steps of SplitMix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func (f *frame) word(i int) uint64       { return binary.LittleEndian.Uint64(f[8*i:]) }
func (f *frame) set(i int, x uint64)     { binary.LittleEndian.PutUint64(f[8*i:], x) }
func (f *frame) item() uint32            { return uint32(f.word(0)) }
func (f *frame) stamp() int64            { return int64(f.word(1)) }
func nonce(seed uint64, n uint32) uint64 { return mix(seed ^ uint64(n)<<1) }

func (f *frame) sum() uint64 {
	h := uint64(14695981039346656037)
	for i := range 7 {
		h = (h ^ f.word(i)) * 0x9e3779b97f4a7c15
		h ^= h >> 29
	}
	return h
}

// seal makes f the item n of a run, put at stamp.
func (f *frame) seal(seed uint64, n uint32, stamp int64) {
	x := nonce(seed, n)
	f.set(0, uint64(n))
	f.set(1, uint64(stamp))
	f.set(2, x)
	for i := 3; i < 7; i++ {
		f.set(i, x*uint64(i))
	}
	f.set(7, f.sum())
}

// check fails unless f is, byte for byte, an item that was sealed for this run.
func (f *frame) check(seed uint64) error {
	if f.word(7) != f.sum() || f.word(2) != nonce(seed, f.item()) {
		return errTorn
	}
	return nil
}
