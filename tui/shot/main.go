// Shot takes a picture of the real program.
//
// It starts a command under a pseudo-terminal, answers it as a terminal would,
// presses keys, waits for words to appear, and writes what is then on the screen:
// as SVG into a file that ends in .svg, as text into any other. The pictures of
// the README are made so:
//
//	go run ./tui/shot -size 120x40 -keys 'enter,until:Predict,shot:lesson.svg'
//	go run ./tui/shot -keys 'until:worker-1,k,until:KILL' -o life.svg -- ./procession demo process-life
//
// Without a command it builds and runs the module in the current folder.
//
// What -keys may hold, one after the other, with commas between:
//
//	a  enter  esc  space  tab  up  pgdown  ctrl+c  comma   a key
//	type:words           several keys
//	until:TEXT           wait until TEXT is on the screen; fail after -patience
//	gone:TEXT            wait until it is not
//	wait:300ms           wait, where nothing is there to wait for
//	click:10:5           a click on column 10, row 5, from 0
//	size:80x24           another size of the window
//	shot:FILE            a picture now
package main

import (
	"errors"
	"flag"
	"fmt"
	"image/color"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
)

func main() {
	o := options{}
	flag.StringVar(&o.size, "size", "120x40", "columns and rows")
	flag.StringVar(&o.keys, "keys", "", "what to press, comma separated")
	flag.StringVar(&o.out, "o", "", "where to write the last picture; - prints it as text")
	flag.BoolVar(&o.light, "light", false, "a light terminal")
	flag.DurationVar(&o.patience, "patience", 15*time.Second, "how long to wait for a text")
	flag.Parse()
	if err := run(o, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "shot:", err)
		os.Exit(1)
	}
}

type options struct {
	size, keys, out string
	light           bool
	patience        time.Duration
}

// screen is a terminal with a program in it.
type screen struct {
	o       options
	tty     *os.File
	mu      sync.Mutex
	em      *vt.SafeEmulator
	changed chan struct{} // closed and replaced at each output
}

func run(o options, argv []string) error {
	if len(argv) == 0 {
		dir, err := os.MkdirTemp("", "shot")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		bin := filepath.Join(dir, "procession")
		if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
			return fmt.Errorf("building: %w\n%s", err, out)
		}
		argv = []string{bin}
	}
	w, h, err := size(o.size)
	if err != nil {
		return err
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "COLORTERM=truecolor")
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: uint16(w), Rows: uint16(h)})
	if err != nil {
		return err
	}
	s := &screen{o: o, em: vt.NewSafeEmulator(w, h), tty: tty, changed: make(chan struct{})}
	s.em.SetDefaultForegroundColor(ink(o.light))
	s.em.SetDefaultBackgroundColor(paper(o.light))
	go io.Copy(tty, s.em) // what a terminal answers
	ended := make(chan struct{})
	go func() { s.watch(); close(ended) }()

	err = s.press(o.keys)
	if err == nil && o.out != "" {
		err = s.picture(o.out)
	}
	cmd.Process.Signal(os.Interrupt)
	tty.Write([]byte("\x03"))
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		cmd.Process.Kill()
	}
	tty.Close()
	cmd.Wait()
	return err
}

// watch feeds the emulator until the program closes its terminal.
func (s *screen) watch() {
	buf := make([]byte, 32<<10)
	for {
		n, err := s.tty.Read(buf)
		s.mu.Lock()
		s.em.Write(buf[:n])
		close(s.changed)
		s.changed = make(chan struct{})
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.em.String()
}

func (s *screen) change() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// settle waits until the screen has changed, if it does, and then has stood
// still for a moment, or moves for good.
func (s *screen) settle(since <-chan struct{}) {
	select {
	case <-since:
	case <-time.After(400 * time.Millisecond):
	}
	end := time.After(500 * time.Millisecond)
	for {
		select {
		case <-s.change():
		case <-time.After(80 * time.Millisecond):
			return
		case <-end:
			return
		}
	}
}

// until waits for a text to be there, or not.
func (s *screen) until(text string, there bool) error {
	end := time.After(s.o.patience)
	for {
		c := s.change()
		if strings.Contains(s.text(), text) == there {
			return nil
		}
		select {
		case <-c:
		case <-end:
			return fmt.Errorf("waited %v for %q to be there=%v; the screen is\n%s", s.o.patience, text, there, s.text())
		}
	}
}

func (s *screen) press(keys string) error {
	s.settle(s.change())
	for _, k := range strings.Split(keys, ",") {
		word, arg, _ := strings.Cut(strings.TrimSpace(k), ":")
		before := s.change()
		var err error
		switch word {
		case "":
		case "until":
			err = s.until(arg, true)
		case "gone":
			err = s.until(arg, false)
		case "wait":
			var d time.Duration
			if d, err = time.ParseDuration(arg); err == nil {
				time.Sleep(d)
			}
		case "size":
			var w, h int
			if w, h, err = size(arg); err == nil {
				s.em.Resize(w, h)
				err = pty.Setsize(s.tty, &pty.Winsize{Cols: uint16(w), Rows: uint16(h)})
			}
		case "shot":
			err = s.picture(arg)
		case "click":
			var x, y int
			if _, err = fmt.Sscanf(arg, "%d:%d", &x, &y); err == nil {
				fmt.Fprintf(s.tty, "\x1b[<0;%d;%dM\x1b[<0;%d;%dm", x+1, y+1, x+1, y+1)
			}
		case "type":
			_, err = s.tty.WriteString(arg)
		default:
			var seq string
			if seq, err = sequence(word); err == nil {
				_, err = s.tty.WriteString(seq)
			}
		}
		if err != nil {
			return fmt.Errorf("%s: %w", k, err)
		}
		s.settle(before)
	}
	return nil
}

var named = map[string]string{
	"enter": "\r", "esc": "\x1b", "tab": "\t", "shift+tab": "\x1b[Z", "space": " ", "comma": ",", "backspace": "\x7f",
	"up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D",
	"home": "\x1b[H", "end": "\x1b[F", "pgup": "\x1b[5~", "pgdown": "\x1b[6~",
}

// sequence is what a terminal sends for a key.
func sequence(key string) (string, error) {
	if s, ok := named[key]; ok {
		return s, nil
	}
	if c, ok := strings.CutPrefix(key, "ctrl+"); ok && len(c) == 1 {
		return string(c[0] & 0x1f), nil
	}
	if len([]rune(key)) == 1 {
		return key, nil
	}
	return "", errors.New("no such key")
}

func size(s string) (w, h int, err error) {
	if _, err = fmt.Sscanf(s, "%dx%d", &w, &h); err != nil || w < 1 || h < 1 || w > 1000 || h > 1000 {
		return 0, 0, fmt.Errorf("a size is like 120x40, not %q", s)
	}
	return w, h, nil
}

func (s *screen) picture(file string) error {
	if file == "-" {
		_, err := fmt.Println(s.text())
		return err
	}
	out := s.text() + "\n"
	if strings.HasSuffix(file, ".svg") {
		s.mu.Lock()
		out = svg(s.em, s.o.light)
		s.mu.Unlock()
	}
	return os.WriteFile(file, []byte(out), 0o644)
}

func ink(light bool) color.Color   { return grey(light, 0x20, 0xd8) }
func paper(light bool) color.Color { return grey(light, 0xfb, 0x16) }

func grey(light bool, l, d uint8) color.Color {
	if light {
		d = l
	}
	return color.RGBA{d, d, d, 0xff}
}
