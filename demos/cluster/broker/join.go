package broker

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"edu/procession/demos/trace"
)

// Workers that this program did not start join with an invitation, which the stage
// shows. It is a code of 80 bits and, where the broker is on stage, the
// fingerprint of its key: "CODE.FINGERPRINT". The code is good for one question, on
// a connection of its own: "may I?". The master's answer has a name that nobody
// has, and the key of that name, with which the worker connects as every other.

// Protocol is the version of what a program that joins and the master say to each
// other.
const Protocol = "procession-join-1"

// joiner is the name of a connection that asks to join.
const joiner = "join"

// joined is what the names of those that joined begin with: no worker of the stage
// has such a name.
const joined = "j-"

// Limits of joining.
const (
	codeSize   = 10 // bytes
	maxGuests  = 64 // that may join one master
	maxJoiners = 8  // who ask at a time: one more, and the first is cut off

	arriving = 10 * time.Second // a name is kept for one who was let in and is not heard
)

// visitor is one that was let in, and when.
type visitor struct {
	trace.Join
	since time.Time
}

var base = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// code is the first part of the invitation.
func (s Secret) code() string { return base.EncodeToString(s.sum("join")[:codeSize]) }

// asking is the subject on which those with the code ask. It does not give it away.
func asking(code string) string {
	sum := sha256.Sum256([]byte("procession " + code))
	return "procession.join." + hex.EncodeToString(sum[:8])
}

// answers is where the one who asks hears, and nobody else.
func answers(public string) string { return "_JOIN." + public }

// request is the question, reply the answer.
type request struct {
	Protocol string `json:"protocol"`
	Name     string `json:"name,omitempty"` // that it would like
	Host     string `json:"host"`
	OS       string `json:"os"`
	PID      int    `json:"pid"`
}

type reply struct {
	Error string            `json:"error,omitempty"` // a sentence
	Name  string            `json:"name"`
	Seed  string            `json:"seed,omitempty"`
	Space string            `json:"space"`
	Lease time.Duration     `json:"lease_ns"`
	Demo  string            `json:"demo"`
	Args  map[string]string `json:"args,omitempty"`
}

// Invitation is what somebody needs to join, and where; "" where nobody can.
func (b *Broker) Invitation() (at, token string) {
	if b.existing != nil {
		u := *b.existing
		u.User = nil
		return u.String(), b.secret.code()
	}
	if b.c.Listen == "" {
		return "", ""
	}
	return "nats://" + reachable(b.addr), b.secret.code() + "." + brief(b.Fingerprint())
}

// brief writes a fingerprint in fewer letters: 80 columns hold a token.
func brief(pin string) string {
	b, _ := hex.DecodeString(pin)
	return base.EncodeToString(b)
}

// reachable is an address that others can dial, where one listens at all.
func reachable(at string) string {
	host, port, err := net.SplitHostPort(at)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsUnspecified() {
		return at
	}
	own, _ := net.InterfaceAddrs()
	for _, a := range own {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && !n.IP.IsLoopback() {
			return net.JoinHostPort(n.IP.String(), port)
		}
	}
	return net.JoinHostPort("127.0.0.1", port)
}

// CheckListen says what is wrong with a Config.Listen.
func CheckListen(s string) error {
	host, port, err := net.SplitHostPort(s)
	n, bad := strconv.Atoi(port)
	if s != "" && (err != nil || host == "" || bad != nil || n < 0 || n > 65535) {
		return errors.New("an address to listen at, such as 127.0.0.1:4222 or 0.0.0.0:4222; port 0 is any that is free")
	}
	return nil
}

// listenAt says where the server is to listen, and tries whether that can be.
func listenAt(s string) (host, port string, err error) {
	if err := CheckListen(s); err != nil {
		return "", "", err
	}
	host, port, _ = net.SplitHostPort(s)
	l, err := net.Listen("tcp", s)
	if err != nil {
		return "", "", fmt.Errorf("the broker cannot listen at %s: %w; choose another address, or port 0 for any that is free", s, err)
	}
	l.Close()
	if port == "0" {
		port = ""
	}
	return host, port, nil
}

// portOf is the port of an address.
func portOf(at string) string {
	_, port, _ := net.SplitHostPort(at)
	return port
}

// lets says whether a connection that asks to join may, and to do what.
func (a *auth) lets(c server.ClientAuthentication) (may *server.Permissions, ok bool) {
	o := c.GetOpts()
	code := a.secret.code()
	key, err := nkeys.FromPublicKey(o.Nkey)
	sig, bad := base64.RawURLEncoding.DecodeString(o.Sig)
	if subtle.ConstantTimeCompare([]byte(o.Token), []byte(code)) != 1 || err != nil || bad != nil || key.Verify(c.GetNonce(), sig) != nil {
		return nil, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.asking = append(a.asking, c.GetID()); len(a.asking) > maxJoiners {
		go a.server.DisconnectClientByID(a.asking[0])
		a.asking = a.asking[1:]
	}
	return &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: []string{asking(code)}},
		Subscribe: &server.SubjectPermission{Allow: []string{answers(o.Nkey) + ".>"}},
	}, true
}

// Invite has the queue take workers from elsewhere from now on, who are told the
// demo and what its workers have to know. Call it before Collect.
func (q *Queue) Invite(demo string, args map[string]string) error {
	q.demo, q.args = demo, args
	if _, err := q.rc.ChanSubscribe(asking(q.a.Secret.code()), q.asks); err != nil {
		return err
	}
	return q.rc.FlushTimeout(5 * time.Second)
}

// welcome answers one who asks to join.
func (q *Queue) welcome(m *nats.Msg) {
	var r request
	if len(m.Data) > 4<<10 || json.Unmarshal(m.Data, &r) != nil {
		return
	}
	a := q.admit(r)
	b, _ := json.Marshal(a)
	m.Respond(b)
}

func (q *Queue) admit(r request) (a reply) {
	for id, g := range q.guests {
		w := q.workers[id]
		if w == nil && time.Since(g.since) > arriving || w != nil && time.Since(w.heard) > time.Minute {
			delete(q.guests, id)
		}
	}
	name := joined + r.Name
	switch {
	case r.Protocol != Protocol:
		return reply{Error: fmt.Sprintf("this stage speaks %s, and you speak %.40q: both ends need the same version of procession", Protocol, r.Protocol)}
	case r.Name != "" && !isWorker(name):
		return reply{Error: "a name is of small letters, digits and hyphens, 30 at most"}
	case q.here(trace.ID(name)):
		return reply{Error: fmt.Sprintf("%s is here already: choose another name", name)}
	case len(q.guests) >= maxGuests:
		return reply{Error: fmt.Sprintf("%d have joined, as many as fit", maxGuests)}
	case r.Name == "":
		var b [4]byte
		rand.Read(b[:])
		name = joined + base.EncodeToString(b[:])[:6]
	}
	a = reply{Name: name, Space: q.a.Space, Lease: q.a.Lease, Demo: q.demo, Args: q.args}
	if !q.a.Guest {
		var err error
		if a.Seed, err = q.a.Secret.seed(name); err != nil {
			return reply{Error: "no key could be made"}
		}
	}
	delete(q.workers, trace.ID(name))
	q.guests[trace.ID(name)] = &visitor{trace.Join{Node: trace.ID(name), Host: r.Host, OS: r.OS, PID: r.PID}, time.Now()}
	return a
}

// here says that somebody has that name who is not silent.
func (q *Queue) here(id trace.ID) bool {
	w := q.workers[id]
	return w != nil && !w.silent || w == nil && q.guests[id] != nil
}

// came tells of a worker that joined when it is first heard.
func (q *Queue) came(id trace.ID) {
	if !strings.HasPrefix(string(id), joined) {
		return
	}
	g := q.guests[id]
	if g == nil { // the master before this one has let it in
		g = &visitor{trace.Join{Node: id, Host: "another machine", OS: "unknown"}, time.Now()}
		q.guests[id] = g
	}
	q.tell(g.Join)
}

// left tells that a worker that had joined has said goodbye.
func (q *Queue) left(id trace.ID) {
	if q.guests[id] != nil {
		delete(q.guests, id)
		q.tell(trace.Leave{Node: id, Why: "it left, as it says"})
	}
}

// Joining is how a program joins as a worker.
type Joining struct {
	protocol string // "": [Protocol]

	URL   string // HOST:PORT, or with nats:// or tls:// before it
	Token string // the invitation
	Name  string // that it would like, "" for any
	Creds string // a file of credentials, for a server that is not on a stage
	// Jobs has for each demo that can be joined what its workers do, made from what
	// the master tells them.
	Jobs map[string]func(args map[string]string) func(context.Context, Task) (any, error)
	Tell func(format string, args ...any) // a line of what happens
}

// patience is how long one that joined waits for a broker that is silent.
const patience = 2 * time.Minute

// Work works for a stage until its work is over, then it returns nil, or until ctx
// is done, which is said to the stage. Every error is a sentence.
func (j Joining) Work(ctx context.Context) error {
	a, err := j.access()
	if err != nil {
		return err
	}
	r, err := j.ask(ctx, a)
	if err != nil {
		return err
	}
	make := j.Jobs[r.Demo]
	if make == nil {
		return fmt.Errorf("the stage plays %.60q, which nobody can join from here: both ends need the same version of procession", r.Demo)
	}
	a.Seed, a.Space, a.Lease = r.Seed, r.Space, r.Lease
	name := trace.ID(r.Name)
	j.Tell("joined %s as %s: its workers' tasks come here, too", r.Demo, name)

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	hush := time.AfterFunc(time.Hour, func() {
		cancel(fmt.Errorf("the stage has been silent for %v: it may be over", patience))
	})
	hush.Stop()
	defer hush.Stop()
	tell := func(d trace.Data) {
		switch d := d.(type) {
		case trace.Belief:
			if d.Is != "" {
				hush.Reset(patience)
				j.Tell("no connection to the stage; trying again")
			} else if hush.Stop() {
				j.Tell("connected again")
			}
		case trace.Say:
			j.Tell("%s", d.Text)
		}
	}
	do := make(r.Args)
	err = Work(ctx, name, a, tell, func(ctx context.Context, t Task) (any, error) {
		v, err := do(ctx, t)
		if err != nil {
			j.Tell("task %d, attempt %d: %v", t.Task, t.Attempt, err)
		} else {
			j.Tell("task %d, attempt %d: done", t.Task, t.Attempt)
		}
		return v, err
	})
	switch {
	case err == nil:
		j.Tell("the work is over")
	case context.Cause(ctx) != nil && !errors.Is(context.Cause(ctx), context.Canceled):
		return context.Cause(ctx)
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, ErrCutOff):
		return fmt.Errorf("the stage has cut %s off", name)
	}
	return err
}

// access is where to join, from what was given.
func (j Joining) access() (a Access, err error) {
	at := j.URL
	if !strings.Contains(at, "://") {
		at = "nats://" + at
	}
	u, err := url.Parse(at)
	if err != nil || u.Scheme != "nats" && u.Scheme != "tls" || u.Hostname() == "" {
		return a, errors.New("the address of a stage looks like nats://192.0.2.7:4222; the stage shows it")
	}
	if u.Port() == "" {
		u.Host += ":4222"
	}
	code, pin, onStage := strings.Cut(strings.TrimSpace(j.Token), ".")
	if b, err := base.DecodeString(code); err != nil || len(b) != codeSize || len(code) != base.EncodedLen(codeSize) {
		return a, errors.New("this is no token: copy the whole of what the stage shows")
	}
	sum, err := base.DecodeString(pin)
	if onStage && (err != nil || len(sum) != sha256.Size) {
		return a, errors.New("the fingerprint after the point of the token is not whole: copy all that the stage shows")
	}
	return Access{URL: u.String(), Pin: hex.EncodeToString(sum), Guest: !onStage, Creds: j.Creds}, nil
}

// ask asks the master to be let in.
func (j Joining) ask(ctx context.Context, a Access) (r reply, err error) {
	code, _, _ := strings.Cut(strings.TrimSpace(j.Token), ".")
	key, err := nkeys.CreateUser()
	if err != nil {
		return r, err
	}
	public, _ := key.PublicKey()
	more := []nats.Option{nats.CustomInboxPrefix(answers(public)), nats.NoReconnect()}
	once := a
	once.Guest = true // it is asked once, whoever it is
	if !a.Guest {
		once.Creds = ""
		more = append(more, signed(key), nats.Token(code))
	}
	nc, err := dial(once, joiner, nil, more...)
	switch {
	case errors.As(err, new(refusal)) && !a.Guest:
		return r, fmt.Errorf("the stage at %s does not know this token: each run has its own", shown(a.URL))
	case err != nil:
		return r, err
	}
	defer nc.Close()
	host, _ := os.Hostname()
	b, _ := json.Marshal(request{cmp.Or(j.protocol, Protocol), j.Name, host, runtime.GOOS, os.Getpid()})
	var m *nats.Msg
	for end := time.Now().Add(10 * time.Second); ; {
		m, err = nc.RequestWithContext(ctx, asking(code), b)
		if err == nil || !errors.Is(err, nats.ErrNoResponders) || time.Now().After(end) {
			break
		}
		t := time.NewTimer(200 * time.Millisecond)
		select {
		case <-t.C: // the master may be about to start
		case <-ctx.Done():
		}
	}
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return r, fmt.Errorf("nobody at %s waits for workers with this token: each run has its own", shown(a.URL))
	case err != nil && ctx.Err() != nil:
		return r, ctx.Err()
	case err != nil:
		return r, fmt.Errorf("the stage at %s does not answer: %w", shown(a.URL), err)
	case json.Unmarshal(m.Data, &r) != nil:
		return r, fmt.Errorf("what answers at %s is no stage of procession", shown(a.URL))
	case r.Error != "":
		return r, fmt.Errorf("the stage refuses: %s", r.Error)
	case !isWorker(r.Name):
		return r, fmt.Errorf("what answers at %s is no stage of procession", shown(a.URL))
	}
	return r, nil
}
