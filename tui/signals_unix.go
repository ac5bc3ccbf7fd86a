//go:build unix

package tui

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"
)

// signals ends the program on HUP, INT, QUIT and TERM with the terminal
// restored, suspends it on TSTP, and draws it anew when it goes on after a STOP,
// which nobody can catch.
type signals struct {
	ch chan os.Signal

	mu        sync.Mutex
	end       os.Signal
	suspended bool // by Bubble Tea, which will see to the terminal itself
}

func newSignals() *signals { return &signals{ch: make(chan os.Signal, 4)} }

// watch listens until the returned function is called.
func (s *signals) watch(p *tea.Program) (stop func()) {
	signal.Notify(s.ch, syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGTSTP, syscall.SIGCONT)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			case sig := <-s.ch:
				switch sig {
				case syscall.SIGTSTP:
					p.Send(tea.SuspendMsg{})
				case syscall.SIGCONT:
					s.mu.Lock()
					own := s.suspended
					s.mu.Unlock()
					if !own && p.ReleaseTerminal() == nil {
						p.RestoreTerminal()
					}
				default:
					s.mu.Lock()
					s.end = sig
					s.mu.Unlock()
					go p.Quit()
					go func() { // a terminal that takes nothing must not hold us
						select {
						case <-done:
						case <-time.After(2 * time.Second):
							p.Kill()
						}
					}()
				}
			}
		}
	}()
	return func() { signal.Stop(s.ch); close(done) }
}

// got is the signal that ended the program.
func (s *signals) got() os.Signal {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end
}

func (s *signals) mark(suspended bool) {
	s.mu.Lock()
	s.suspended = suspended
	s.mu.Unlock()
}

// filter lets TSTP have its default effect while Bubble Tea suspends the
// process by it; caught, it would never stop us, and the wait for CONT never end.
func (s *signals) filter(_ tea.Model, msg tea.Msg) tea.Msg {
	switch msg.(type) {
	case tea.SuspendMsg:
		if !hasShell() {
			return noticeMsg("There is no shell behind this window to go back to. Leave with ctrl+c.")
		}
		s.mark(true)
		signal.Reset(syscall.SIGTSTP)
	case tea.ResumeMsg:
		s.mark(false)
		signal.Notify(s.ch, syscall.SIGTSTP)
	}
	return msg
}

// hasShell reports whether somebody in our session could continue us. Without,
// the kernel ignores TSTP.
func hasShell() bool {
	mine, err := syscall.Getpgid(0)
	if err != nil {
		return false
	}
	for pid := os.Getppid(); pid > 1; {
		if sid(pid) != sid(0) {
			return false
		}
		if pg, err := syscall.Getpgid(pid); err != nil || pg != mine {
			return err == nil
		}
		// The parent is of our group, as "go run" is: whoever started it decides.
		// Its parent is not told portably; believe that it is a shell.
		return true
	}
	return false
}

func sid(pid int) int {
	r, _, _ := syscall.RawSyscall(syscall.SYS_GETSID, uintptr(pid), 0, 0)
	return int(r)
}

func number(s os.Signal) int {
	if n, ok := s.(syscall.Signal); ok {
		return int(n)
	}
	return 1
}
