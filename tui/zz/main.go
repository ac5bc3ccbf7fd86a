// Temporary: tries the interface.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"edu/procession/demos"
	"edu/procession/demos/demo"
	_ "edu/procession/demos/early"
	"edu/procession/demos/stage"
	"edu/procession/demos/trace"
	"edu/procession/lessons"
	"edu/procession/lessons/progress"
	"edu/procession/tui"
)

func main() {
	demo.Early(demos.All)
	c, err := lessons.Load("en")
	if err != nil {
		fmt.Println("lessons:", err)
	}
	st, err := progress.Open("/tmp/tuimod/progress.json")
	if err != nil {
		fmt.Println(err)
	}
	cfg := tui.Config{Course: c, Demos: demos.All, Start: stage.Start, Progress: st, Version: "try"}
	if len(os.Args) > 2 && os.Args[1] == "replay" {
		f, _ := os.Open(os.Args[2])
		h, ev, err := trace.Read(f)
		cfg.Replay = &tui.Replay{Name: os.Args[2], Header: h, Events: ev, Fault: err}
	} else if len(os.Args) > 1 {
		cfg.Open = os.Args[1]
	}
	err = tui.Run(context.Background(), cfg)
	st.Close()
	if x := (*tui.Exit)(nil); errors.As(err, &x) {
		fmt.Fprintln(os.Stderr, x.Text)
		os.Exit(x.Code)
	} else if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
