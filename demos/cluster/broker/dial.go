package broker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"

	"edu/procession/demos/trace"
)

// wait is how long a node that starts waits for the broker on stage.
const wait = 2 * time.Minute

// noServer says that nobody answered, as opposed to a refusal.
func noServer(err error) bool {
	return errors.Is(err, nats.ErrNoServers) || errors.Is(err, nats.ErrTimeout) || errors.Is(err, io.EOF)
}

// dial connects as name and stays connected for good: who is told of it with
// tell. A first connection that is refused is an error; with a server that is not of
// this stage, one that nobody answers, too.
func dial(a Access, name string, tell func(trace.Data), more ...nats.Option) (*nats.Conn, error) {
	if tell == nil {
		tell = func(trace.Data) {}
	}
	opts := []nats.Option{
		nats.Name(name), nats.Timeout(2 * time.Second),
		nats.MaxReconnects(-1), nats.ReconnectWait(100 * time.Millisecond), nats.ReconnectJitter(50*time.Millisecond, 50*time.Millisecond),
		nats.PingInterval(500 * time.Millisecond), nats.MaxPingsOutstanding(2),
		nats.IgnoreDiscoveredServers(), nats.DontRandomize(), nats.PermissionErrOnSubscribe(true),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { tell(trace.Say{Text: err.Error(), Stream: "log"}) }),
		nats.DisconnectErrHandler(func(c *nats.Conn, _ error) {
			if !c.IsClosed() {
				tell(trace.Belief{About: "broker", Is: "no connection"})
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { tell(trace.Belief{About: "broker"}) }),
	}
	if a.Pin != "" {
		opts = append(opts, nats.Secure(pinned(a.Pin)))
	}
	switch {
	case a.Guest && a.Creds == "":
	case a.Guest:
		opts = append(opts, nats.UserCredentials(a.Creds))
	case a.Secret != "":
		k, err := a.Secret.key(name)
		if err != nil {
			return nil, err
		}
		opts = append(opts, signed(k))
	case a.Seed != "":
		k, err := nkeys.FromSeed([]byte(a.Seed))
		if err != nil {
			return nil, fmt.Errorf("the key of %s: %w", name, err)
		}
		opts = append(opts, signed(k))
	}
	nc, err := nats.Connect(a.URL, append(opts, more...)...)
	for end := time.Now().Add(wait); err != nil && !a.Guest && noServer(err) && time.Now().Before(end); {
		time.Sleep(100 * time.Millisecond) // it was killed, and may be started again
		nc, err = nats.Connect(a.URL, append(opts, more...)...)
	}
	if err != nil {
		return nil, sentence(a.URL, err)
	}
	return nc, nil
}

func signed(k nkeys.KeyPair) nats.Option {
	public, _ := k.PublicKey()
	return nats.Nkey(public, k.Sign)
}

// refusal is a sentence: the server lets nobody in with these credentials.
type refusal string

func (r refusal) Error() string { return string(r) }

// sentence says of a first connection that failed what to do.
func sentence(at string, err error) error {
	at = shown(at)
	switch {
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked):
		return refusal(fmt.Sprintf("the NATS server at %s refuses these credentials: check them, and what their user may do", at))
	case errors.Is(err, ErrPin):
		return fmt.Errorf("the NATS server at %s is not the one that you were told of: %w", at, ErrPin)
	case errors.Is(err, os.ErrNotExist), errors.Is(err, os.ErrPermission):
		return fmt.Errorf("the file of credentials cannot be read: %w", err)
	}
	if noServer(err) {
		return fmt.Errorf("no NATS server answers at %s: is it running, and is the address right?", at)
	}
	return fmt.Errorf("the NATS server at %s cannot be used: %w", at, err)
}

// shown is an address without its password.
func shown(at string) string {
	if u, err := url.Parse(at); err == nil {
		return u.Redacted()
	}
	return at
}

// visit connects to an existing server once, to see whether it can serve.
func visit(ctx context.Context, a Access) error {
	nc, err := dial(a, teacher, nil)
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if _, err = js.AccountInfo(ctx); err != nil {
		return noJetStream(a.URL, err)
	}
	return nil
}

func noJetStream(at string, err error) error {
	if errors.Is(err, jetstream.ErrJetStreamNotEnabled) || errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount) {
		return fmt.Errorf("the NATS server at %s has no JetStream, which is to hold the tasks: start it with -js, or choose another", shown(at))
	}
	return fmt.Errorf("the NATS server at %s makes no queue for the tasks: %w", shown(at), err)
}
