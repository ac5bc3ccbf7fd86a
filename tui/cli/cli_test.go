package cli_test

import (
	"context"
	"os"
	"slices"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"edu/procession/demos"
	"edu/procession/demos/cluster/broker"
	"edu/procession/demos/demo"
	"edu/procession/demos/early"
	"edu/procession/demos/python"
	"edu/procession/demos/remote"
	"edu/procession/demos/stage"
	"edu/procession/lessons"
	"edu/procession/tui/cli"
)

// The commands are tested as a person uses them: see testdata/script.
func TestMain(m *testing.M) {
	_ = early.Demos // workers of the program under test have started by now
	demo.Early(demos.All)
	testscript.Main(m, map[string]func(){
		"procession": func() {
			os.Exit(cli.Main(context.Background(), os.Args[1:], cli.Config{
				Demos: append(slices.Clip(demos.All), python.Demo{Listing: lessons.PythonListing}), Start: stage.Start,
				Guards: func() []demo.Check { return append(stage.Guards(), python.Check()) }, Sweep: stage.Sweep,
				Join: func(ctx context.Context, j cli.Join) error {
					return broker.Joining{URL: j.URL, Token: j.Token, Name: j.Name, Creds: j.Creds, Tell: j.Tell, Jobs: remote.Jobs()}.Work(ctx)
				},
				Version: stage.Version, In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
			}))
		},
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			for _, dir := range []string{"STATE", "DATA", "CONFIG", "CACHE"} {
				e.Setenv("XDG_"+dir+"_HOME", e.WorkDir+"/"+dir)
			}
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("NO_COLOR", "1")
			return nil
		},
	})
}
