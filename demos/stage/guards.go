package stage

import (
	"fmt"
	"os"
	"runtime"

	"edu/procession/demos/demo"
	"edu/procession/demos/stage/warden"
)

// Guards tells which of the stage's promises hold on this machine. It starts a
// warden to see that one starts.
func Guards() []demo.Check {
	var checks []demo.Check
	add := func(name string, ok bool, good, bad string) {
		text := good
		if !ok {
			text = bad
		}
		checks = append(checks, demo.Check{Name: name, OK: ok, Text: text})
	}
	linux := runtime.GOOS == "linux"
	s, err := newSpawner("doctor", "", func(warden.Notice) {})
	if err == nil {
		s.close()
	}
	add("warden", linux && err == nil,
		"starts, and ends all of a run's processes when the program is killed, stopped ones too",
		map[bool]string{true: fmt.Sprint("does not start: ", err),
			false: "only on Linux; here workers end by themselves when the program is gone, all but stopped ones, which the next start ends"}[linux])
	if linux {
		err := separate()
		add("namespaces", err == nil, "--net namespaces gives each node a network namespace of its own, gone with the run",
			fmt.Sprint(err))
	}
	_, err = os.Stat("/proc/self/stat")
	add("states", err == nil, "the kernel's, from /proc", "what gopsutil can tell; what it cannot reads \"not told by this system\"")
	if linux {
		b, err := os.ReadFile("/proc/self/wchan")
		add("waits", err == nil && len(b) > 0, "the kernel tells what a process waits for", "the kernel does not tell what a process waits for (no /proc/PID/wchan): the workers' own word is shown")
	}
	l := newLease("doctor")
	held := l.lock != nil
	l.drop()
	add("leases", held, "kept in "+leases()+", so that the next start ends what two kills left", "the folder "+leases()+" cannot be written: if program and warden are both killed, workers that are stopped stay")
	return checks
}

// separate tries to make a node's network namespace.
func separate() error {
	s, err := newSpawner("doctor", demo.Namespaces, func(warden.Notice) {})
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.node("probe", nodeAddr(0)); err != nil {
		return noSpaces(err)
	}
	return nil
}
