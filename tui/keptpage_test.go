package tui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
	"edu/procession/tui/recordings"
)

// keep writes a recording of three seconds, and returns its id.
func keep(t *testing.T, f recordings.Folder, minute int, name string) string {
	t.Helper()
	h := trace.Header{Procession: trace.Format, Demo: name, Place: "processes", Seed: 42, Started: time.Date(2026, 11, 24, 18, minute, 1, 0, time.UTC)}
	file, err := f.Create(h)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var events []trace.Event
	for i, d := range []trace.Data{trace.Say{Text: "one", Stream: "log"}, trace.Say{Text: "two", Stream: "log"}, trace.Verdict{OK: true, Text: "it came out as " + name}} {
		events = append(events, trace.Event{Seq: uint64(i) + 1, At: time.Duration(i+1) * time.Second, Source: trace.Stage, Kind: d.Kind(), Data: d})
	}
	if err := trace.Write(file, h, events); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(filepath.Base(file.Name()), ".jsonl")
}

func keptDrive(t *testing.T, f recordings.Folder) *driver {
	cfg := testConfig()
	cfg.Recordings = f
	d := drive(t, cfg, 80, 24)
	d.press("w")
	return d
}

// TestRecordings lists what was kept, newest first; names one, deletes one after a
// question, marks a moment in one, and plays it from there.
func TestRecordings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := recordings.Folder(t.TempDir())
		for i, name := range []string{"first", "second", "third"} {
			keep(t, f, i, name)
		}
		d := keptDrive(t, f)
		defer d.close()
		d.sees("3 kept", "third                  3.0 s  ✓ it came out as third", "in processes, 3 events")
		if s := d.screen(); strings.Index(s, "third") > strings.Index(s, "second") || strings.Index(s, "second") > strings.Index(s, "first") {
			t.Errorf("not the newest first:\n%s", s)
		}

		d.press("down", "n")
		d.send(tea.PasteMsg{Content: "a b"})
		d.press("enter")
		d.sees("a name has 1 to 40 letters")
		d.press("ctrl+u", "m", "i", "n", "e", "enter")
		d.sees("mine  ✓ it came out as second")

		d.press("d")
		d.sees("The recording mine is deleted for good.")
		d.press("esc")
		d.sees("3 kept")
		d.press("home", "d", "y")
		d.sees("2 kept")

		d.press("enter")
		d.sees("replay ▸ mine", "PLAYING")
		d.press("space", "home", "right", "right", "m")
		d.sees("event 2 of 3", "Marked at 2.00 s")
		d.press("esc")
		d.sees("opens at 2.00 s")
		d.press("enter")
		d.sees("PAUSED", "event 2 of 3")
		d.press("m")
		d.sees("The mark is gone")
		if e, err := f.Find("mine"); err != nil || e.Marked || filepath.Base(e.Path) != "20261124-180101-second-42+mine.jsonl" {
			t.Errorf("%+v, %v", e, err)
		}
	})
}

// TestRecordingsFaults: what is wrong with the folder, or with a file, is a sentence
// on the page.
func TestRecordingsFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		os.WriteFile(file, nil, 0o600)
		d := keptDrive(t, recordings.Folder(file))
		d.sees("Recordings cannot be listed: ", "procession doctor")
		d.press("enter", "n", "d", "down")
		d.close()

		d = keptDrive(t, recordings.Folder(filepath.Join(t.TempDir(), "not there")))
		d.sees("No run has been kept yet")
		d.close()

		f := recordings.Folder(t.TempDir())
		for i, name := range []string{"gone", "empty", "damaged"} {
			keep(t, f, i, name)
		}
		all, _ := f.List()
		b, _ := os.ReadFile(all[0].Path)
		os.WriteFile(all[0].Path, b[:len(b)-20], 0o600)
		os.Truncate(all[1].Path, 0)
		d = keptDrive(t, f)
		defer d.close()
		d.sees("✗ damaged: line 4")
		d.press("enter")
		d.sees("This recording can be played up to its fault: line 4")
		d.press("esc", "down", "enter")
		d.sees("It cannot be played: line 1 of the recording: it is empty.")
		os.Remove(all[2].Path)
		d.press("down", "enter")
		d.sees("It cannot be played: its file cannot be opened: no such file or directory.")
		d.press("n", "x", "enter")
		d.sees("No such recording is kept.")
		d.press("d", "y")
		d.sees("No such recording is kept.")
	})
}

// TestMark marks a moment in the recording of a live run, and says where there is
// none.
func TestMark(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := recordings.Folder(t.TempDir())
		id := keep(t, f, 0, "fake")
		cfg := testConfig()
		cfg.Demo, cfg.Recordings = "fake", f
		d := drive(t, cfg, 80, 24)
		d.pass(time.Second)
		d.press("m")
		d.sees("This run is not kept")
		d.close()

		cfg.Kept = func(demo.Run) string { return id }
		d = drive(t, cfg, 80, 24)
		defer d.close()
		d.pass(time.Second)
		d.press("space", "left", "m")
		d.sees("Marked at ")
		at := d.m.top().(*stagePage).player.at
		if e, err := f.Find(id); err != nil || !e.Marked || e.Mark != at {
			t.Errorf("%+v, %v; it was marked at %v", e, err, at)
		}
	})
}
