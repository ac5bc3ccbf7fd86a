package cli

import (
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"edu/procession/demos/demo"
)

// pythonDemo is the demo that plays a program.
const pythonDemo = "python"

// play finds what name stands for: a demo or, by a lesson's id, its demo with its
// settings, before which those of the command line go. In Python it is the listing
// of that lesson, or of the first that runs the demo.
func (a *app) play(name, lang string, o *options) (demo.Demo, error) {
	if err := word("lang", lang, "go", "python"); err != nil {
		return nil, err
	}
	l, isLesson := a.course.Lesson(name)
	d, err := a.demo(name)
	if err != nil && !isLesson {
		return nil, err
	}
	if lang == "python" {
		for _, other := range a.course.Lessons() {
			if l == nil && other.Demo == name {
				l = other
			}
		}
		if l == nil {
			return nil, unusable("no lesson runs %s, so there is no Python listing of it", name)
		}
		o.sets = append(o.sets, "lesson="+l.ID)
		return a.demo(pythonDemo)
	}
	if err == nil {
		return d, nil
	}
	var sets []string
	for _, k := range slices.Sorted(maps.Keys(l.Set)) {
		sets = append(sets, k+"="+l.Set[k])
	}
	o.sets = append(sets, o.sets...)
	return a.demo(l.Demo)
}

func (a *app) runCmd() *cobra.Command {
	var t telling
	cmd := &cobra.Command{
		Use:   "run FILE.py [-- ARGUMENT...]",
		Short: "Run a Python program on stage: your own, as it is",
		Long: "Runs a Python program and shows what it does with multiprocessing, concurrent.futures,\n" +
			"threading and asyncio: its processes with the kernel's states, tasks, queues and locks.\n" +
			"Nothing in the program changes. You can stop and kill its processes; nothing survives it.",
		Example: `  # what is my pool doing?
  procession run pool.py

  # with arguments, in a pipe, and with one of its workers killed
  procession run sum.py --do 'kill Worker-1@500ms' --plain -- 1000 8

  # say yourself which of its processes goes next, or let a hundred schedules be played
  procession run counter.py --step
  procession run counter.py --explore 100

  # the same program, its processes started the other ways
  procession run pool.py --set start=spawn`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return unusable("it takes a program: procession run FILE.py")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := a.demo(pythonDemo)
			if err != nil {
				return err
			}
			t.o.sets = append(t.o.sets, "file="+args[0], "args="+demo.Quote(args[1:]))
			opt, err := t.parse(cmd, d.Info())
			if err != nil {
				return err
			}
			return a.tell(cmd.Context(), d, opt, t)
		},
	}
	t.flags(cmd)
	return cmd
}
