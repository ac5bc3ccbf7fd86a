package broker

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nkeys"

	"edu/procession/demos/demo"
	"edu/procession/demos/trace"
)

// Secret is what the broker and the master of a run share. Keys of workers and
// tokens of leases are made from it, so none has to be kept.
type Secret string

// NewSecret makes one of 256 bits.
func NewSecret() Secret {
	var b [32]byte
	rand.Read(b[:])
	return Secret(hex.EncodeToString(b[:]))
}

func (s Secret) sum(parts ...string) []byte {
	h := hmac.New(sha256.New, []byte(s))
	for _, p := range parts {
		fmt.Fprintf(h, "%d %s ", len(p), p)
	}
	return h.Sum(nil)
}

// key is the nkey of a name: a worker's, "teacher" or "relay".
func (s Secret) key(name string) (nkeys.KeyPair, error) {
	seed, err := nkeys.EncodeSeed(nkeys.PrefixByteUser, s.sum("key", name))
	if err != nil {
		return nil, err
	}
	return nkeys.FromSeed(seed)
}

// seed is the secret half of that.
func (s Secret) seed(name string) (string, error) {
	k, err := s.key(name)
	if err != nil {
		return "", err
	}
	seed, err := k.Seed()
	return string(seed), err
}

// token vouches that the master gave this task to this worker.
func (s Secret) token(worker trace.ID, task, attempt int) string {
	return base64.RawURLEncoding.EncodeToString(s.sum("lease", string(worker), fmt.Sprint(task), fmt.Sprint(attempt))[:16])
}

func (s Secret) holds(token string, worker trace.ID, task, attempt int) bool {
	return subtle.ConstantTimeCompare([]byte(token), []byte(s.token(worker, task, attempt))) == 1
}

// Access is all that a node needs to speak with the broker.
type Access struct {
	URL    string        `json:"url"`              // of its own door, or of an existing server
	Seed   string        `json:"seed,omitempty"`   // a worker's key
	Secret Secret        `json:"secret,omitempty"` // the master's alone
	Pin    string        `json:"pin,omitempty"`    // speak TLS, with the server of this fingerprint alone
	Guest  bool          `json:"guest,omitempty"`  // the server is not of this stage
	Creds  string        `json:"creds,omitempty"`  // a file of credentials there
	Space  string        `json:"space"`            // what all subjects and streams begin with
	Lease  time.Duration `json:"lease_ns"`
}

// arg is the argument of a role that holds its Access.
const arg = "broker"

// AccessOf is what [Broker.Args] gave to a role.
func AccessOf(w *demo.Worker) (Access, error) {
	var a Access
	if err := json.Unmarshal([]byte(w.Arg(arg)), &a); err != nil {
		return a, fmt.Errorf("%s was not told where the broker is", w.Name())
	}
	return a, nil
}

func (a Access) args() map[string]string {
	b, _ := json.Marshal(a)
	return map[string]string{arg: string(b)}
}

func (a Access) up(worker trace.ID, verb string) string {
	return a.Space + ".up." + string(worker) + "." + verb
}
func (a Access) down(worker trace.ID) string { return a.Space + ".down." + string(worker) }
func (a Access) ctl() string                 { return a.Space + ".ctl" }
