//go:build unix

package cli

import (
	"os"
	"os/exec"
)

// sane gives the terminal its line editing and echo back.
func sane() error {
	cmd := exec.Command("stty", "sane")
	cmd.Stdin = os.Stdin
	return cmd.Run()
}
