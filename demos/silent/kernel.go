package silent

import (
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// states are those of TCP, as /proc/net/tcp numbers them.
var states = [...]string{"", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING"}

// tcpState is what the kernel says of a process's connection by its two ends: a
// state, or that there is none. It is "" where the kernel does not tell.
func tcpState(pid int, local, remote string) string {
	table, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/tcp", pid))
	if err != nil {
		return ""
	}
	return stateIn(string(table), local, remote)
}

func stateIn(table, local, remote string) string {
	from, to := written(local), written(remote)
	if from == nil || to == nil {
		return ""
	}
	for line := range strings.Lines(table) {
		w := strings.Fields(line)
		if len(w) < 4 || !slices.Contains(from, w[1]) || !slices.Contains(to, w[2]) {
			continue
		}
		var n int
		if _, err := fmt.Sscanf(w[3], "%X", &n); err == nil && n > 0 && n < len(states) && states[n] != "LISTEN" {
			return states[n]
		}
	}
	return "not there any more"
}

// written is an address as the table may have it: it is a number in the byte order
// of the machine. Nil is for what is none.
func written(addr string) []string {
	at, err := netip.ParseAddrPort(addr)
	if err != nil || !at.Addr().Is4() {
		return nil
	}
	ip := at.Addr().As4()
	return []string{
		fmt.Sprintf("%02X%02X%02X%02X:%04X", ip[3], ip[2], ip[1], ip[0], at.Port()),
		fmt.Sprintf("%02X%02X%02X%02X:%04X", ip[0], ip[1], ip[2], ip[3], at.Port()),
	}
}
