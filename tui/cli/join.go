package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"edu/procession/demos/safe"
)

// Join is what a program needs to work for a stage elsewhere.
type Join struct {
	URL, Token, Name, Creds string
	Tell                    func(format string, args ...any)
}

// envToken spares the invitation the command line, which others on this machine see.
const envToken = "PROCESSION_JOIN"

func (a *app) joinCmd() *cobra.Command {
	var j Join
	cmd := &cobra.Command{
		Use:   "join URL",
		Short: "Work for a stage that runs elsewhere: on another machine, or in another terminal",
		Long: "Makes this program a node whose worker shows up on a stage elsewhere, takes tasks\n" +
			"there and sends results back. The stage shows URL and token; the token is of one run.\n" +
			"It keeps strangers out and says by which key the stage is known. From another machine\n" +
			"all is encrypted (TLS); on this one it is, too.",
		Example: `  # here: a stage that takes workers from this machine; with 0.0.0.0, from others as well
  procession demo remote-manager --listen 127.0.0.1:4222

  # there: what the stage shows in its log, and at its key i
  procession join nats://127.0.0.1:4222 --token TOKEN

  # by way of a NATS server that is there anyway
  procession demo remote-manager --nats nats://192.0.2.7:4222
  procession join nats://192.0.2.7:4222 --token TOKEN`,
		Args: need("join URL --token TOKEN", "the address of a stage"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if j.Token == "" {
				j.Token = os.Getenv(envToken)
			}
			if j.Token == "" {
				return unusable("a token is needed: --token TOKEN, as the stage shows it, or in %s", envToken)
			}
			j.URL = args[0]
			j.Tell = func(format string, args ...any) {
				fmt.Fprintln(a.Out, safe.Line(fmt.Sprintf(format, args...), 500))
			}
			ctx, stop := context.WithCancelCause(cmd.Context())
			defer stop(nil)
			sigs := make(chan os.Signal, 1)
			signal.Notify(sigs, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
			defer signal.Stop(sigs)
			go func() {
				select {
				case sig := <-sigs:
					stop(caught{sig})
				case <-ctx.Done():
				}
			}()
			err := a.Join(ctx, j)
			var c caught
			if errors.As(context.Cause(ctx), &c) {
				if s, ok := c.Signal.(syscall.Signal); ok {
					return status{128 + int(s), nil}
				}
			}
			if err != nil {
				return status{1, err}
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&j.Token, "token", "", "the `TOKEN` that the stage shows (or in "+envToken+")")
	f.StringVar(&j.Name, "name", "", "a `NAME` for the worker; the stage puts j- before it")
	f.StringVar(&j.Creds, "nats-creds", "", "a `FILE` with credentials, for a NATS server that is no stage's own")
	return cmd
}

// caught is a signal as the cause of an end.
type caught struct{ os.Signal }

func (c caught) Error() string { return c.String() }
