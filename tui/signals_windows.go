package tui

import (
	"os"
	"os/signal"
	"sync"

	tea "charm.land/bubbletea/v2"
)

// signals ends the program on an interrupt. Windows has no others.
type signals struct {
	mu  sync.Mutex
	end os.Signal
}

func newSignals() *signals { return &signals{} }

func (s *signals) watch(p *tea.Program) (stop func()) {
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, os.Interrupt)
	done := make(chan struct{})
	go func() {
		select {
		case <-done:
		case sig := <-ch:
			s.mu.Lock()
			s.end = sig
			s.mu.Unlock()
			p.Quit()
		}
	}()
	return func() { signal.Stop(ch); close(done) }
}

func (s *signals) got() os.Signal {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end
}

func (s *signals) filter(_ tea.Model, msg tea.Msg) tea.Msg { return msg }

func number(os.Signal) int { return 2 }
