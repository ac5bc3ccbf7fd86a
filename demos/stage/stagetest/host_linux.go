package stagetest

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"edu/procession/demos/demo"
	"edu/procession/demos/stage"
)

const envHost = "PROCESSION_TEST_HOST"

// host is the life of a program that runs a demo until it is killed: it prints
// the run's token and waits.
func host(demos []demo.Demo) {
	want := os.Getenv(envHost)
	if want == "" {
		return
	}
	name, rest, _ := strings.Cut(want, " ")
	o := demo.Options{Attended: true, Params: map[string]string{}}
	for kv := range strings.FieldsSeq(rest) {
		k, v, _ := strings.Cut(kv, "=")
		switch k {
		case "place":
			o.Place = demo.Place(v)
			continue
		case "net":
			o.Net = demo.Net(v)
			continue
		}
		o.Params[k] = v
	}
	for _, d := range demos {
		if d.Info().Name == name {
			run, err := stage.Start(d, o)
			if err != nil {
				fmt.Println("error", err)
				os.Exit(1)
			}
			fmt.Println(run.Log().Header().Token)
			<-run.Done()
			fmt.Println("over", run.Err())
			select {}
		}
	}
	fmt.Println("error: no demo", name)
	os.Exit(1)
}

// KillHost runs a demo in a program of its own, lets some of its processes be
// stopped, kills that program with SIGKILL at a random moment, and fails the test
// when any process of the run is there two seconds later. It tells how many
// processes the run had at that moment.
func KillHost(t testing.TB, demoAndParams string, upTo int, rnd *rand.Rand) int {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), envHost+"="+demoAndParams)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	token, _ := bufio.NewReader(out).ReadString('\n')
	token = strings.TrimSpace(token)
	if len(token) != 16 {
		cmd.Process.Kill()
		cmd.Wait()
		t.Fatalf("%s did not start: %q", demoAndParams, token)
	}
	// The moment is the point: at up to so many processes or, where the run has
	// not as many, after a while, and somewhere between two events.
	there := WithToken(token)
	for many, end := 1+rnd.IntN(upTo), time.Now().Add(4*time.Second); len(there) < many && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
		there = WithToken(token)
	}
	time.Sleep(time.Duration(rnd.IntN(50)) * time.Millisecond)
	for _, pid := range there {
		if rnd.IntN(3) == 0 && !isWarden(pid) {
			syscall.Kill(pid, syscall.SIGSTOP)
		}
	}
	time.Sleep(time.Duration(rnd.IntN(20)) * time.Millisecond)
	cmd.Process.Kill()
	cmd.Wait()
	Gone(t, token)
	return len(there)
}

func isWarden(pid int) bool {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return strings.Contains(string(b), "warden")
}
