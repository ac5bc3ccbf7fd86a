package progress

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// faulty is a disk on which each call from the one numbered fail fails with
// err; a write leaves half of its data.
type faulty struct {
	osDisk
	calls, fail int
	err         error
}

func (d *faulty) next() error {
	d.calls++
	if d.err != nil && d.calls >= d.fail {
		return d.err
	}
	return nil
}

func (d *faulty) write(name string, data []byte) error {
	if err := d.next(); err != nil {
		os.WriteFile(name, data[:len(data)/2], 0o600)
		return err
	}
	return d.osDisk.write(name, data)
}

func (d *faulty) link(old, new string) error {
	if err := d.next(); err != nil {
		return err
	}
	return d.osDisk.link(old, new)
}

func (d *faulty) rename(old, new string) error {
	if err := d.next(); err != nil {
		return err
	}
	return d.osDisk.rename(old, new)
}

func (d *faulty) sync(dir string) error {
	if err := d.next(); err != nil {
		return err
	}
	return d.osDisk.sync(dir)
}

// Rules 1 and 2: whatever the step at which everything ends, the file holds
// the last change that was acknowledged, or the one that was being made.
func TestCrashAtEachStep(t *testing.T) {
	const updates = 3
	total := updates * 5
	for step := 1; step <= total+1; step++ {
		path := filepath.Join(t.TempDir(), "progress.json")
		d := &faulty{fail: step, err: errors.New("power cut")}
		s, err := open(path, d, time.Now)
		must(t, err)
		acked := 0
		for i := 1; i <= updates; i++ {
			if s.Update(part(i)) != nil {
				break
			}
			acked = i
		}
		if step > total && acked != updates {
			t.Fatalf("only %d of %d updates in %d steps: is the table of steps too short?", acked, updates, total)
		}
		s.lock.Unlock() // what the kernel does for a dead process

		s, err = Open(path)
		must(t, err)
		wantNotice(t, s)
		if got := s.State().Lesson("a").Part; got < acked || got > acked+1 {
			t.Errorf("step %d: part %d, acknowledged %d", step, got, acked)
		}
		if _, err := read(path + ".bak"); acked > 1 && err != nil {
			t.Errorf("step %d: backup: %v", step, err)
		}
		must(t, s.Update(part(9)))
		must(t, s.Close())
	}
}

// Rule 6.
func TestFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "progress.json")
	d := &faulty{}
	s, err := open(path, d, time.Now)
	must(t, err)
	must(t, s.Update(part(1)))

	d.err = &os.PathError{Op: "write", Path: "/home/ann/secret", Err: syscall.ENOSPC}
	if err := s.Update(part(2)); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("update: %v", err)
	}
	wantNotice(t, s, syscall.ENOSPC.Error(), "kept in memory and tried again")
	if strings.Contains(s.Notice(), "/home") {
		t.Errorf("notice names a path: %q", s.Notice())
	}
	wantPart(t, s, 2)
	for op, err := range map[string]error{"reset": s.Reset(), "update": s.Update(part(3))} {
		if err == nil {
			t.Errorf("%s on a full disk", op)
		}
	}
	wantPart(t, s, 3)
	if st, err := read(path); err != nil || st.Lesson("a").Part != 1 {
		t.Errorf("file: part %d, %v", st.Lesson("a").Part, err)
	}

	d.err = nil
	must(t, s.Close()) // tries once more
	wantNotice(t, s)
	s = mustOpen(t, path)
	wantNotice(t, s)
	wantPart(t, s, 3)
}

// A real device that is always full.
func TestDevFull(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full")
	}
	path := filepath.Join(t.TempDir(), "progress.json")
	s := mustOpen(t, path)
	must(t, s.Update(part(1)))
	must(t, os.Symlink("/dev/full", path+".tmp"))
	if err := s.Update(part(2)); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("update: %v", err)
	}
	must(t, os.Remove(path+".tmp"))
	must(t, s.Update(part(3)))
	wantNotice(t, s)
}

// noLinks is a file system without hard links, such as FAT.
type noLinks struct{ osDisk }

func (noLinks) link(string, string) error { return syscall.EPERM }

func TestDiskWithoutLinks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "progress.json")
	s, err := open(path, noLinks{}, time.Now)
	must(t, err)
	must(t, s.Update(part(1)))
	must(t, s.Update(part(2)))
	must(t, s.Reset())
	must(t, s.Close())
	if st, err := read(path + ".bak"); err != nil || st.Lesson("a").Part != 2 {
		t.Errorf("backup: part %d, %v", st.Lesson("a").Part, err)
	}
}

const childEnv = "PROCESSION_PROGRESS_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		child(path)
	}
	os.Exit(m.Run())
}

// child updates for ever and prints each part once it is acknowledged.
func child(path string) {
	s, err := Open(path)
	if err != nil || s.ReadOnly() || s.Notice() != "" {
		fmt.Println("cannot work:", err, s.Notice())
		os.Exit(1)
	}
	for i := s.State().Lesson("a").Part + 1; ; i++ {
		err := s.Update(func(st *State) {
			st.Read("a", i, time.Now())
			st.Ran("a", Run{Demo: "d", Seed: uint64(i)}, map[string]Gauge{"n": {float64(i), ""}})
		})
		if err != nil {
			fmt.Println("update:", err)
			os.Exit(1)
		}
		fmt.Println(i)
	}
}

// Rule 1, with a real process and a real kill: the moment is a random number
// of acknowledged changes and a random while after it.
func TestKill(t *testing.T) {
	exe, err := os.Executable()
	must(t, err)
	path := at(t)
	rng := rand.New(rand.NewPCG(1, 2))
	acked := 0
	for i := range 40 {
		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), childEnv+"="+path)
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		lines := bufio.NewReader(out)
		for range rng.IntN(12) {
			line, err := lines.ReadString('\n')
			must(t, err)
			acked = number(t, line)
		}
		var spin atomic.Int64
		for range rng.IntN(400_000) {
			spin.Add(1)
		}
		must(t, cmd.Process.Kill())
		rest, err := io.ReadAll(lines)
		must(t, err)
		cmd.Wait()
		for line := range strings.Lines(string(rest)) {
			acked = number(t, line)
		}

		s, err := Open(path)
		must(t, err)
		wantNotice(t, s)
		l := s.State().Lesson("a")
		if l.Part < acked || l.Part > acked+1 {
			t.Errorf("kill %d: part %d, acknowledged %d", i, l.Part, acked)
		}
		if n := len(l.Runs); n > 0 && l.Runs[n-1].Seed != uint64(l.Part) {
			t.Errorf("kill %d: run %d of part %d", i, l.Runs[n-1].Seed, l.Part)
		}
		must(t, s.Close())
	}
	if acked < 40 {
		t.Errorf("only %d changes were acknowledged in 40 lives", acked)
	}
}

func number(t *testing.T, line string) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatalf("the child says %q", line)
	}
	return n
}
