package progress

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// disk is what a save needs of a file system; tests give one that fails.
type disk interface {
	// write creates or replaces name and returns when its content is on disk.
	write(name string, data []byte) error
	// link gives old a second name, which must not exist.
	link(old, new string) error
	// rename replaces new in one step.
	rename(old, new string) error
	// sync returns when the names in dir are on disk.
	sync(dir string) error
}

type osDisk struct{}

var _ disk = osDisk{}

func (osDisk) write(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func (osDisk) link(old, new string) error   { return os.Link(old, new) }
func (osDisk) rename(old, new string) error { return os.Rename(old, new) }
func (osDisk) sync(dir string) error        { return syncDir(dir) }

// save replaces path with data and keeps what it held as .bak. At every moment
// path holds the old or the new content whole. The order is the guarantee: new
// content on disk, backup named, new content named, names on disk.
func save(d disk, path string, data []byte) error {
	if err := d.write(path+".tmp", data); err != nil {
		return err
	}
	if err := keep(d, path, path+".bak"); err != nil {
		return err
	}
	if err := d.rename(path+".tmp", path); err != nil {
		return err
	}
	return d.sync(filepath.Dir(path))
}

// keep gives the content of path the name to as well, in place of what had it.
func keep(d disk, path, to string) error {
	if _, err := os.Lstat(path); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	tmp := to + ".tmp"
	os.Remove(tmp)
	if d.link(path, tmp) != nil { // a file system without hard links
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := d.write(tmp, data); err != nil {
			return err
		}
	}
	err := d.rename(tmp, to)
	os.Remove(tmp) // still there if both were one file: rename does nothing then
	return err
}

func read(path string) (State, error) {
	f, err := os.Open(path)
	if err != nil {
		return State{}, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return State{}, err
	}
	return decode(data)
}
