package broker

import (
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"edu/procession/demos/trace"
)

// dial connects as name and stays connected for good: who is told of it with
// tell. A first connection that fails is an error.
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
	switch {
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
	case a.Creds != "":
		opts = append(opts, nats.UserCredentials(a.Creds))
	}
	nc, err := nats.Connect(a.URL, append(opts, more...)...)
	if err != nil {
		return nil, sentence(a.URL, err)
	}
	return nc, nil
}

func signed(k nkeys.KeyPair) nats.Option {
	public, _ := k.PublicKey()
	return nats.Nkey(public, k.Sign)
}

// sentence says of a first connection that failed what to do.
func sentence(url string, err error) error {
	switch {
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked):
		return fmt.Errorf("the NATS server at %s refuses these credentials; check the file and what its user may do: %w", url, err)
	}
	return fmt.Errorf("no NATS server answers at %s; is it running, and is the address right? %w", url, err)
}
