package stage

import (
	"fmt"
	"os"
	"path/filepath"
)

// For tests of the sweep.
var (
	Leases    = leases
	StartTime = startTime
)

// WriteLease leaves behind what a killed program does.
func WriteLease(token string, live map[int]int64) {
	path := filepath.Join(leases(), token)
	os.WriteFile(path+".lock", nil, 0o600)
	f, _ := os.Create(path)
	defer f.Close()
	for pid, start := range live {
		fmt.Fprintln(f, pid, start)
	}
}
