package shared

import (
	"os"
	"strconv"
	"strings"
)

// resident reads what the kernel counts of a mapping of a file: what is in this
// process's memory, and its share of that, in bytes.
func resident(pid int, path string) (rss, pss int64, ok bool) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/smaps")
	if err != nil {
		return 0, 0, false
	}
	in := false
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		switch {
		case len(f) >= 5 && strings.Contains(f[0], "-"):
			in = strings.HasSuffix(strings.TrimSuffix(strings.TrimSpace(line), " (deleted)"), path)
			ok = ok || in
		case in && len(f) == 3 && f[2] == "kB":
			n, _ := strconv.ParseInt(f[1], 10, 64)
			switch f[0] {
			case "Rss:":
				rss += n << 10
			case "Pss:":
				pss += n << 10
			}
		}
	}
	return rss, pss, ok
}
