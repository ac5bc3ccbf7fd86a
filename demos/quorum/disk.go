package quorum

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/hashicorp/go-msgpack/v2/codec"
	"github.com/hashicorp/raft"
	"go.etcd.io/bbolt"
)

// disk is where a node keeps its log, its term and its vote: a file of bbolt, which
// has them on disk before it says so.
type disk struct{ db *bbolt.DB }

var (
	_ raft.LogStore    = disk{}
	_ raft.StableStore = disk{}
)

var (
	logs  = []byte("log")    // index, big-endian → entry
	state = []byte("stable") // Raft's own names → values
)

// openDisk opens the file, or makes it. A file that another process has open is an
// error: two processes must not be the same node.
func openDisk(path string) (disk, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: 5 * time.Second})
	if err != nil {
		return disk{}, err
	}
	return disk{db}, db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(logs)
		if err == nil {
			_, err = tx.CreateBucketIfNotExists(state)
		}
		return err
	})
}

func key(index uint64) []byte { return binary.BigEndian.AppendUint64(nil, index) }

// end is the index of the first entry or the last, 0 for none.
func (d disk) end(which func(*bbolt.Cursor) ([]byte, []byte)) (index uint64, err error) {
	return index, d.db.View(func(tx *bbolt.Tx) error {
		if k, _ := which(tx.Bucket(logs).Cursor()); k != nil {
			index = binary.BigEndian.Uint64(k)
		}
		return nil
	})
}

// FirstIndex implements raft.LogStore.
func (d disk) FirstIndex() (uint64, error) { return d.end((*bbolt.Cursor).First) }

// LastIndex implements raft.LogStore.
func (d disk) LastIndex() (uint64, error) { return d.end((*bbolt.Cursor).Last) }

// GetLog implements raft.LogStore.
func (d disk) GetLog(index uint64, l *raft.Log) error {
	return d.db.View(func(tx *bbolt.Tx) error {
		v := tx.Bucket(logs).Get(key(index))
		if v == nil {
			return raft.ErrLogNotFound
		}
		return codec.NewDecoderBytes(v, &codec.MsgpackHandle{}).Decode(l)
	})
}

// StoreLog implements raft.LogStore.
func (d disk) StoreLog(l *raft.Log) error { return d.StoreLogs([]*raft.Log{l}) }

// StoreLogs implements raft.LogStore: all of them are on disk, or none.
func (d disk) StoreLogs(all []*raft.Log) error {
	return d.db.Update(func(tx *bbolt.Tx) error {
		for _, l := range all {
			var v []byte
			if err := codec.NewEncoderBytes(&v, &codec.MsgpackHandle{}).Encode(l); err != nil {
				return err
			}
			if err := tx.Bucket(logs).Put(key(l.Index), v); err != nil {
				return err
			}
		}
		return nil
	})
}

// DeleteRange implements raft.LogStore.
func (d disk) DeleteRange(first, last uint64) error {
	return d.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(logs)
		for i := first; i <= last; i++ {
			if err := b.Delete(key(i)); err != nil {
				return err
			}
		}
		return nil
	})
}

// errNone is what Raft knows by its words.
var errNone = errors.New("not found")

// Set implements raft.StableStore.
func (d disk) Set(k, v []byte) error {
	return d.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(state).Put(k, v) })
}

// Get implements raft.StableStore.
func (d disk) Get(k []byte) (v []byte, err error) {
	return v, d.db.View(func(tx *bbolt.Tx) error {
		got := tx.Bucket(state).Get(k)
		if got == nil {
			return errNone
		}
		v = append([]byte{}, got...) // got is the file's, and goes with the transaction
		return nil
	})
}

// SetUint64 implements raft.StableStore.
func (d disk) SetUint64(k []byte, v uint64) error { return d.Set(k, key(v)) }

// GetUint64 implements raft.StableStore.
func (d disk) GetUint64(k []byte) (uint64, error) {
	v, err := d.Get(k)
	if err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint64(v), nil
}
