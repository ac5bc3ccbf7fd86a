// Procession is a course in the terminal: distributed systems versus
// multiprocessing, shown on real processes. See package tui/cli for the commands.
package main

import (
	"context"
	"os"
	"runtime"
	"slices"

	"edu/procession/demos"
	"edu/procession/demos/cluster/broker"
	"edu/procession/demos/demo"
	_ "edu/procession/demos/early" // first: a worker does not get further than this
	"edu/procession/demos/python"
	"edu/procession/demos/remote"
	"edu/procession/demos/stage"
	"edu/procession/lessons"
	"edu/procession/tui/cli"
)

// A role is played on the process's main thread, whose state the kernel tells first.
func init() { runtime.LockOSThread() }

func main() {
	demo.Early(demos.All) // roles that need the network
	runtime.UnlockOSThread()
	all := append(slices.Clip(demos.All), python.Demo{Listing: lessons.PythonListing})
	os.Exit(cli.Main(context.Background(), os.Args[1:], cli.Config{
		Demos: all, Start: stage.Start, Guards: func() []demo.Check { return append(stage.Guards(), python.Check()) }, Sweep: stage.Sweep,
		Join: join, Version: stage.Version, In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
	}))
}

// join works for a stage elsewhere: of the demos that can be joined.
func join(ctx context.Context, j cli.Join) error {
	return broker.Joining{URL: j.URL, Token: j.Token, Name: j.Name, Creds: j.Creds, Tell: j.Tell, Jobs: remote.Jobs()}.Work(ctx)
}
