//go:build unix

package tui

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/sys/unix"
)

// signals ends the program on HUP, INT, QUIT and TERM with the terminal
// restored, suspends it on TSTP and ctrl+z, and draws it anew when it goes on
// after a STOP, which nobody can catch.
//
// Suspending is done here and not by Bubble Tea, which raises TSTP: once Go has
// been asked to notify of TSTP, signal.Reset does not give it its default effect
// back, the process is not stopped, and the wait for CONT never ends.
type signals struct {
	ch chan os.Signal
	p  *tea.Program

	mu   sync.Mutex
	end  os.Signal
	owed int // CONTs that end a suspension of ours
}

func newSignals() *signals { return &signals{ch: make(chan os.Signal, 4)} }

// watch listens until the returned function is called.
func (s *signals) watch(p *tea.Program) (stop func()) {
	s.p = p
	signal.Notify(s.ch, syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGTSTP, syscall.SIGCONT)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			case sig := <-s.ch:
				s.take(sig, done)
			}
		}
	}()
	return func() { signal.Stop(s.ch); close(done) }
}

func (s *signals) take(sig os.Signal, done <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case sig == syscall.SIGTSTP:
		go s.suspend()
	case sig == syscall.SIGCONT && s.owed > 0:
		s.owed--
	case sig == syscall.SIGCONT:
		go s.redraw()
	default:
		s.end = sig
		go s.p.Quit()
		go func() { // a terminal that takes nothing must not hold us
			select {
			case <-done:
			case <-time.After(2 * time.Second):
				s.p.Kill()
			}
		}()
	}
}

// got is the signal that ended the program.
func (s *signals) got() os.Signal {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end
}

// filter takes ctrl+z from Bubble Tea.
func (s *signals) filter(_ tea.Model, msg tea.Msg) tea.Msg {
	if _, ok := msg.(tea.SuspendMsg); ok {
		go s.suspend()
		return nil
	}
	return msg
}

// suspend gives the terminal back, stops our process group and, once somebody
// continues it, takes the terminal again.
func (s *signals) suspend() {
	if !hasShell() {
		s.p.Send(noticeMsg("There is no shell behind this window to go back to. ctrl+c leaves."))
		return
	}
	s.mu.Lock()
	s.owed++
	s.mu.Unlock()
	if s.p.ReleaseTerminal() == nil {
		syscall.Kill(0, syscall.SIGSTOP)
	}
	s.p.RestoreTerminal()
	s.p.Send(noticeMsg(""))
}

// redraw takes a terminal that others may have used.
func (s *signals) redraw() {
	if s.p.ReleaseTerminal() == nil {
		s.p.RestoreTerminal()
		s.p.Send(noticeMsg(""))
	}
}

// hasShell reports whether somebody in our session could continue us. Without,
// a STOP would last for ever.
func hasShell() bool {
	mine, err := unix.Getsid(0)
	if err != nil || mine == os.Getpid() {
		return false
	}
	theirs, err := unix.Getsid(os.Getppid())
	return err == nil && theirs == mine
}

func number(s os.Signal) int {
	if n, ok := s.(syscall.Signal); ok {
		return int(n)
	}
	return 1
}
