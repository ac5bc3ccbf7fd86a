//go:build !linux && !darwin

package pipes

import "os"

// In is not told by this system: the depth is counted from what the workers
// report.
func In(*os.File) (n int, told bool) { return 0, false }
