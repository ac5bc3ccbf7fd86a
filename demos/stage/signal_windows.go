package stage

import (
	"os"

	"edu/procession/demos/demo"
)

func send(pid int, s demo.Signal) error {
	if s != demo.SigKill {
		return demo.ErrNotHere
	}
	p, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	defer p.Release()
	return p.Kill()
}
