//go:build !windows

package progress

import (
	"errors"
	"os"
	"syscall"
)

// syncDir returns when the names in dir are on disk, as far as the file system
// offers that.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}
