package lessons

import (
	"slices"
	"strings"
	"testing"
)

// gaugesOf is what the six demos of the first two chapters report. The whole
// program's tests compare with the demos themselves; here it catches a typing
// slip in a lesson.
var gaugesOf = map[string][]string{
	"what-is-distributed": {"last-heard", "answers", "detection", "suspicions", "false-alarms"},
	"burners":             {"speedup", "workers", "cores", "cpu-time", "makespan", "serial", "count-parent", "count-child"},
	"same-call":           {"function", "goroutine", "pipe", "unix", "tcp", "node-injected", "pipe-p99", "unix-p99", "tcp-p99", "node-injected-p99", "pipe-vs-function", "outcome-unknown"},
	"process-life":        {"start", "join", "start-join", "exit-code", "unreaped"},
	"python":              {"start", "fork", "forkserver-first", "forkserver", "spawn", "processes"},
	"starts":              {"spawn", "first-job", "next-job", "decode-first", "decode", "round-trip", "inherited", "refused"},
	"pool-of-workers":     {"makespan", "serial", "speedup", "utilisation", "tasks-per-second", "lost", "failed", "executions", "handoff", "redelivery", "duplicates"},
	"queue-pipe-event":    {"messages-per-second", "handoff", "handoff-p99", "pipe-capacity", "depth-max", "blocked-put", "blocked-get", "empty-lied", "event-release", "lost", "redelivery", "duplicates"},
	"quorum-split-brain":  {"first-leader", "new-leader", "acknowledged", "unknown", "refused", "acknowledged-lost", "caught-up"},
	"gossip-membership":   {"first-suspicion", "first-failed", "all-failed", "left-known", "refuted", "joined", "messages", "indirect-pings", "false-suspicions", "false-failed"},
	"queue-is-finite":     {"capacity", "hangs-from", "grown-unbounded", "grown-bounded", "took-unbounded", "took-bounded"},
	"silent-errors":       {"jobs", "happened", "learnt-none", "learnt-wait", "learnt-codes", "learnt-each"},
	"manager-proxy":       {"own", "unix", "tcp", "tcp-vs-own", "tcp-rate", "lost-updates", "lost-adds"},
	"trust":               {"read-handshake", "read-signed", "read-tls", "forged-accepted", "forged-refused", "strangers-refused", "open-handshake", "open-signed", "open-tls", "call-handshake", "call-signed", "call-tls"},
	"remote-manager":      {"done", "executions", "redelivered", "duplicates", "lost", "first-task", "redelivery", "broker-back", "master-back"},
	"deadlock":            {"transfers", "circle", "before-deadlock"},
	"producers-consumers": {"put", "taken", "overwritten", "nothing", "waited", "circle"},
	"readers-writers":     {"reads", "writes", "torn", "overtaken", "together", "waited"},
	"semaphore-barrier":   {"parts", "laps", "inside", "waited"},
	"at-least-once":       {"payments", "requests", "effects", "duplicates", "too-much", "retries", "slowest"},
	"brokers":             {"acknowledged", "done", "sent-again", "recognised", "duplicates", "new-leader", "longest-wait", "lost"},
	"silent-peer":         {"detection", "end-of-file", "connect", "suspicions", "false-alarms"},
	"whose-clock":         {"writes", "lost-writes", "concurrent", "one-way", "backwards", "offset-a", "offset-b", "offset-store"},
	"lease-and-fencing":   {"counter", "accepted", "lost-updates", "stale-accepted", "stale-refused", "wrong-belief"},
	"zombies":             {"zombies", "zombie-age", "orphans", "inherited", "exit-code"},
	"shutdown":            {"last-exit", "done", "lost", "refused", "escalations", "exit-code"},
	"mapreduce":           {"makespan", "words-per-second", "differences", "executions", "re-executions", "backups", "duplicates", "crossed", "files", "unfinished", "sequential"},
	"web-workers":         {"hits", "largest-reply", "wrong-replies", "unanswered", "hits-min", "hits-max", "p50", "p99", "counting"},
	"workloads":           {"cores", "makespan-cpu-serial", "makespan-io-serial", "speedup-cpu-goroutines", "speedup-io-goroutines", "speedup-cpu-turns", "speedup-io-turns", "speedup-cpu-processes", "speedup-io-processes", "speedup-cpu-loop", "speedup-io-loop", "speedup-cpu-handover", "gap-cpu-goroutines", "gap-cpu-loop", "gap-io-loop", "gap-cpu-handover"},
	"race-and-lock":       {"counter", "expected", "lost-updates", "lost-share", "each", "blocked"},
}

// The course is whole in every language that it has, and the languages say the
// same.
func TestCourse(t *testing.T) {
	english, err := Load(base)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(english.Terms); n < 30 {
		t.Errorf("the glossary has %d terms, wants 30 and more", n)
	}
	watched := map[string][]string{}
	for i, l := range english.Lessons() {
		if l.Number != i+1 {
			t.Errorf("%s has the number %d, wants %d", l.ID, l.Number, i+1)
		}
		watched[l.Demo] = append(watched[l.Demo], l.Watch...)
	}
	for demo, gauges := range gaugesOf {
		for _, g := range gauges {
			if !slices.Contains(watched[demo], g) {
				t.Errorf("%s reports %q, and no lesson mentions it", demo, g)
			}
		}
	}
	for _, lang := range Languages() {
		c, err := Load(lang)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, p := range append(Problems(c, gaugesOf), parallel(english, c)...) {
			t.Error(p)
		}
	}
}

func TestLoadUnknownLanguage(t *testing.T) {
	_, err := Load("tlh")
	if err == nil || !strings.Contains(err.Error(), "there is: en") {
		t.Errorf("got %v, want an error that says which languages there are", err)
	}
}

func TestFill(t *testing.T) {
	look := func(g string) (string, bool) {
		v, ok := map[string]string{"speedup": "1.62 ×", "empty": ""}[g]
		return v, ok
	}
	for _, tt := range []struct{ body, want string }{
		{`no gauge`, `no gauge`},
		{`{{gauge "speedup"}}`, `1.62 ×`},
		{`from {{gauge "speedup"}} to {{gauge "speedup"}}.`, `from 1.62 × to 1.62 ×.`},
		{`so {{gauge "lost"}}`, `so not measured yet`},
		{`measured as [{{gauge "empty"}}]`, `measured as []`},
		{`{{gauge speedup}} {{ gauge "speedup" }} {{other "speedup"}} {{`, `{{gauge speedup}} {{ gauge "speedup" }} {{other "speedup"}} {{`},
	} {
		if got := Fill(tt.body, look); got != tt.want {
			t.Errorf("Fill(%q) = %q, want %q", tt.body, got, tt.want)
		}
	}
	if got := Fill(`{{gauge "speedup"}}`, nil); got != NotMeasured {
		t.Errorf("Fill without a run = %q, want %q", got, NotMeasured)
	}
}

// The numbers of one listing do not pass for those of another.
func TestMeasured(t *testing.T) {
	c := mustLoad(t)
	for id, want := range map[string]string{"start-methods": "python start-methods", "process-life": "process-life"} {
		if l, _ := c.Lesson(id); l.Measured() != want {
			t.Errorf("what %s measures is kept under %q, wants %q", id, l.Measured(), want)
		}
	}
}

func TestTerm(t *testing.T) {
	c := mustLoad(t)
	for _, name := range []string{"zombie", "Zombie", "僵尸进程"} {
		if got, ok := c.Term(name); !ok || got.Name != "zombie" {
			t.Errorf("Term(%q) = %q, %v", name, got.Name, ok)
		}
	}
	if _, ok := c.Term(""); ok {
		t.Error("the empty name is a term")
	}
}

func TestSearch(t *testing.T) {
	c := mustLoad(t)
	for _, tt := range []struct{ query, lesson, inLine string }{
		{"the life of a process", "process-life", "The life of a process"},
		{"zombie", "zombie-orphan-daemon", "A zombie"},
		{"ZOMBIE Collected", "process-life", "zombie"},
		{"僵尸", "process-life", "zombie (僵尸进程)"},
		{"maxsize full", "queue-pipe-event", "maxsize"},
		{"SetReadDeadline", "what-is-distributed", "SetReadDeadline"},
		{"handoff-p99", "queue-pipe-event", "handoff-p99"},
		{"copy-on-write", "what-is-multiprocessing", "copy-on-write"},
	} {
		hits := c.Search(tt.query)
		if len(hits) == 0 {
			t.Errorf("Search(%q) found nothing", tt.query)
			continue
		}
		if h := hits[0]; h.Lesson.ID != tt.lesson || !strings.Contains(h.Line, tt.inLine) {
			t.Errorf("Search(%q) found first %s: %q, want %s: %q", tt.query, h.Lesson.ID, h.Line, tt.lesson, tt.inLine)
		}
		for i, h := range hits {
			if h.Part.Kind == "" || h.Line == "" {
				t.Errorf("Search(%q): hit %d has no place: %+v", tt.query, i, h)
			}
			if i > 0 && h.Score > hits[i-1].Score {
				t.Errorf("Search(%q): hit %d is better than the one before", tt.query, i)
			}
		}
	}
	for _, query := range []string{"", "  ", "zombie paxos"} {
		if hits := c.Search(query); len(hits) > 0 {
			t.Errorf("Search(%q) found %q", query, hits[0].Line)
		}
	}
}

// A search must not give an answer away before the learner has given one.
func TestSearchKeepsReplies(t *testing.T) {
	c := mustLoad(t)
	for _, l := range c.Lessons() {
		for _, q := range l.Questions {
			for _, ch := range q.Choices {
				why, _, _ := strings.Cut(ch.Why, "\n")
				if hits := c.Search(why); len(hits) > 0 && hits[0].Line == why {
					t.Errorf("%s: the search finds the reply %q", q.ID, why)
				}
			}
		}
	}
}

func TestNearest(t *testing.T) {
	c := mustLoad(t)
	for id, want := range map[string]string{
		"process-life":       "process-life",
		"process-lief":       "process-life",
		"proces":             "process-life",
		"4":                  "process-life",
		"pool":               "pool-of-workers",
		"qeue":               "queue-pipe-event",
		"Queue-Pipe":         "queue-pipe-event",
		"what-is-distribted": "what-is-distributed",
		"multiprocessing":    "what-is-multiprocessing",
	} {
		if got := c.Nearest(id); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", id, got, want)
		}
	}
	for _, id := range []string{"", "99", "\x00\xff", strings.Repeat("x", 1000)} {
		if got := c.Nearest(id); got == "" {
			t.Errorf("Nearest(%.9q) names no lesson", id)
		}
	}
	if got := (&Course{}).Nearest("x"); got != "" {
		t.Errorf("Nearest in an empty course = %q", got)
	}
}

func mustLoad(t testing.TB) *Course {
	t.Helper()
	c, err := Load(base)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		mustLoad(b)
	}
}

func BenchmarkSearch(b *testing.B) {
	c := mustLoad(b)
	c.Search("warm")
	for b.Loop() {
		c.Search("queue full event")
	}
}
