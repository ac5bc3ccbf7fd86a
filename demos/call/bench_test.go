//go:build linux

package call

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"testing"
	"time"

	"edu/procession/demos/internal/sock"
)

const envBench = "PROCESSION_TEST_CALLEE" // "pipe", "unix" or "tcp KEY ADDRESS"

// benchCallee is the life of a callee of the benchmarks: this test binary again,
// with its connection as descriptors from 3 on.
func benchCallee() {
	var by, key, at string
	if fmt.Sscan(os.Getenv(envBench), &by, &key, &at); by == "" {
		return
	}
	runtime.LockOSThread()
	var c *sock.Conn
	var err error
	switch way(by) {
	case pipe:
		c = sock.Pipes(os.NewFile(3, "calls"), os.NewFile(4, "replies"))
	case unix:
		c = sock.Socket(os.NewFile(3, "calls"))
	default:
		var addr sock.Addr
		if addr, err = sock.ParseAddr(at); err == nil {
			c, err = sock.Dial(sock.Addr{Host: 1}, addr, sock.Key(key))
		}
	}
	if err == nil {
		err = serve(c, nil, nil)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func BenchmarkFunction(b *testing.B) {
	var x, sum int64
	for b.Loop() {
		sum += square(x)
		x++
	}
}

func BenchmarkGoroutine(b *testing.B) {
	calls, replies := make(chan int64), make(chan int64)
	go func() {
		for x := range calls {
			replies <- square(x)
		}
	}()
	defer close(calls)
	var x int64
	for b.Loop() {
		calls <- x
		if <-replies != x*x {
			b.Fatal("a wrong result")
		}
		x++
	}
}

func BenchmarkPipe(b *testing.B) { benchProcess(b, pipe) }
func BenchmarkUnix(b *testing.B) { benchProcess(b, unix) }
func BenchmarkTCP(b *testing.B)  { benchProcess(b, tcp) }

func benchProcess(b *testing.B, by way) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), envBench+"="+string(by))
	cmd.Stderr = os.Stderr
	var fs files
	defer fs.close()
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	var c *sock.Conn
	var l *sock.Listener
	key := sock.NewKey()
	switch by {
	case pipe:
		calls, toCalls, err := fs.pipe()
		must(err)
		replies, toReplies, err := fs.pipe()
		must(err)
		cmd.ExtraFiles = []*os.File{calls, toReplies}
		c = sock.Pipes(fs.keep(replies), fs.keep(toCalls))
	case unix:
		here, there, err := fs.pair()
		must(err)
		cmd.ExtraFiles = []*os.File{there}
		c = sock.Socket(fs.keep(here))
	case tcp:
		var err error
		l, err = sock.Listen(sock.Addr{Host: 1})
		must(err)
		defer l.Close()
		cmd.Env = append(cmd.Env, fmt.Sprintf("%s=tcp %s %s", envBench, key, l.Addr()))
	}
	must(cmd.Start())
	fs.close()
	fs = nil
	if l != nil {
		var err error
		c, err = l.Accept(key)
		must(err)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	x := int64(1)
	var f figures // ns/op is the mean, which a busy machine's tail pulls up
	for b.Loop() {
		t := time.Now()
		y, err := ask(c, uint64(x), x)
		f = append(f, float64(time.Since(t)))
		must(err)
		if y != x*x {
			b.Fatal("a wrong result")
		}
		x++
	}
	c.Close()
	must(cmd.Wait())
	slices.Sort(f)
	b.ReportMetric(f.median(), "median-ns")
	b.ReportMetric(f.p99(), "p99-ns")
}
