package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Two programs on this machine: one has a stage, and the other joins it. The
// broker and the master of the stage are killed meanwhile, as its script has it; a
// third program has a wrong token.
func TestJoin(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	command := func(args ...string) (*exec.Cmd, *bytes.Buffer) {
		cmd := exec.CommandContext(ctx, "procession", args...)
		cmd.Env = append(cmd.Environ(), "XDG_STATE_HOME="+t.TempDir())
		var errs bytes.Buffer
		cmd.Stderr = &errs
		return cmd, &errs
	}
	stage, stageErrs := command("demo", "remote-manager", "--listen", "127.0.0.1:0", "--pace", "fast", "--set", "tasks=150", "--plain", "--no-keep")
	out, err := stage.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := stage.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	var told strings.Builder
	var invited []string
	for invited == nil {
		line, err := lines.ReadString('\n')
		told.WriteString(line)
		if err != nil {
			t.Fatalf("no invitation: %s%s", &told, stageErrs)
		}
		invited = regexp.MustCompile(`procession join (\S+) --token (\S+)`).FindStringSubmatch(line)
	}
	worker, workerErrs := command("join", invited[1], "--token", invited[2], "--name", "anna")
	stranger, strangerErrs := command("join", invited[1], "--token", "aaaaaaaaaaaaaaaa"+invited[2][strings.IndexByte(invited[2], '.'):])
	done := make(chan []byte)
	go func() {
		b, err := worker.Output()
		if err != nil {
			t.Errorf("the worker: %v: %s", err, workerErrs)
		}
		done <- b
	}()
	if err := stranger.Run(); err == nil || !strings.Contains(strangerErrs.String(), "does not know this token") {
		t.Errorf("a stranger: %v: %s", err, strangerErrs)
	}
	told.Grow(64 << 10)
	if _, err := lines.WriteTo(&told); err != nil {
		t.Error(err)
	}
	if err := stage.Wait(); err != nil {
		t.Errorf("the stage: %v: %s", err, stageErrs)
	}
	work := string(<-done)
	for text, want := range map[string]string{
		told.String(): `(?s)j-anna joins: pid \d+ on .*j-anna is with us no more: the work was over.*j-anna did [1-9].*\nOK: 150 of 150 tasks done`,
		work:          `(?s)^joined remote-manager as j-anna.*task \d+, attempt \d+: done\n.*the work is over\n$`,
	} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("no %s in:\n%s", want, text)
		}
	}
}
