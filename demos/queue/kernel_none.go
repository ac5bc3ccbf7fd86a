//go:build !linux && !darwin

package queue

import "os"

// inPipe is not told by this system: the depth is counted from what the workers
// report.
func inPipe(*os.File) (n int, told bool) { return 0, false }
