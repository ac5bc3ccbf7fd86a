package python

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"edu/procession/demos/board"
	"edu/procession/demos/stage/stagetest"
	"edu/procession/demos/trace"
)

// say is all that a program printed, and what was said of it.
func say(b *board.Board) string {
	var s strings.Builder
	for _, l := range b.Lines {
		s.WriteString(strings.TrimSpace(l.Text) + "\n")
	}
	return s.String()
}

// A worker that lives for one short task is on stage, its task is its own, and no
// task is lost that was done: what a process said counts, though it has ended.
func TestShortLives(t *testing.T) {
	t.Parallel()
	have(t)
	got := stagetest.Play(t, Demo{}, options(file(t, `import multiprocessing as mp, os

def work(n):
    return n

def one():
    pass

if __name__ == "__main__":
    with mp.Pool(3, maxtasksperchild=1) as p:
        print(sum(p.imap_unordered(work, range(30))))
        p.close()
        p.join()
    for n in range(10):
        p = mp.Process(target=one, name="one-%d" % n)
        p.start()
        p.join()
`), "start", "fork"))
	b := got.Board
	if v := b.Verdict; got.Err != nil || v == nil || !v.OK || b.Counts[board.TaskDone] != 30 || b.Counts[board.TaskLost] != 0 {
		t.Fatalf("%v, %+v: %v", got.Err, v, b.Counts)
	}
	did := map[string]int{}
	for _, task := range b.Tasks {
		did[string(task.Worker)]++
	}
	if len(did) != 30 || did["main"] > 0 {
		t.Errorf("30 workers for one task each; on stage did them %v", did)
	}
	ones := 0
	for _, p := range b.Procs {
		if strings.HasPrefix(string(p.ID), "one-") && !strings.Contains(string(p.ID), "·") {
			ones++
		}
		if p.Reaped == 0 {
			t.Errorf("%s has no end", p.ID)
		}
	}
	if ones != 10 {
		t.Errorf("%d of 10 short processes are on stage", ones)
	}
}

// What is told of a program is so, and what it does is what it would do alone:
// numbers that cannot be printed, exceptions that cannot be, an exception that nobody
// asks for, tasks that are cancelled, descriptors that are closed and used again.
func TestTruth(t *testing.T) {
	t.Parallel()
	have(t)
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	if err := os.WriteFile(filepath.Join(dir, "other.py"), []byte("import concurrent.futures as c\nwith c.ThreadPoolExecutor(1) as e:\n    e.submit(int, '7').result()\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "truth.py")
	if err := os.WriteFile(path, []byte(`import asyncio, multiprocessing as mp, os, subprocess, sys, threading, time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing.pool import ThreadPool

class Odd(Exception):
    def __str__(self):
        raise RuntimeError("no words")

def work(n):
    if n == 1:
        raise Odd()
    return n > 0

async def boom():
    raise ValueError("nobody asks")

async def both():
    t, u = asyncio.create_task(asyncio.sleep(600)), asyncio.create_task(boom())
    await asyncio.sleep(0.01)
    t.cancel()

def threads():
    with ThreadPool(2) as p:
        p.map(time.sleep, [600, 600], 1)

if __name__ == "__main__":
    with mp.Pool(1) as p:
        print("big", p.apply(work, (10 ** 5000,)))
        try:
            p.apply(work, (1,))
        except Odd:
            print("odd")
    asyncio.run(both())
    gate = threading.Event()
    with ThreadPoolExecutor(1) as e:
        e.submit(gate.wait)
        late = e.submit(work, 2)
        late.cancel()
        gate.set()
    q = mp.JoinableQueue()
    q.put("x"); q.get(); q.task_done(); q.join()
    s = mp.SimpleQueue()
    s.put(1); s.get()
    subprocess.run([sys.executable, os.path.join(os.path.dirname(__file__), "other.py")])
    p = mp.Process(target=threads)
    p.start()
    time.sleep(0.5)
    p.kill()
    p.join()
    os.closerange(3, 200)
    fd = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY, 0o600)
    assert fd < 200
    with ThreadPoolExecutor(1) as e:
        e.submit(work, 2).result()
    os.write(fd, b"its own")
`), 0o600); err != nil {
		t.Fatal(err)
	}
	got := stagetest.Play(t, Demo{}, options(path, "start", "fork", "args", out))
	b, said := got.Board, say(got.Board)
	if v := b.Verdict; got.Err != nil || v == nil || !v.OK {
		t.Fatalf("%v, %+v\n%s", got.Err, v, said)
	}
	for _, want := range []string{"big True", "odd", "Task exception was never retrieved"} {
		if !strings.Contains(said, want) {
			t.Errorf("it did not print %q:\n%s", want, said)
		}
	}
	notes := map[string]int{}
	for _, task := range b.Tasks {
		notes[task.State.String()+" "+task.Note]++
	}
	for want, n := range map[string]int{"failed Odd": 1, "failed ValueError: nobody asks": 1, "failed CancelledError": 1,
		"failed cancelled before it ran": 1, "lost its process ended with signal KILL": 2, "done int('7')": 1} {
		if notes[want] != n {
			t.Errorf("%d tasks are %q, want %d; there are %v", notes[want], want, n, notes)
		}
	}
	if p := b.Proc("other.py"); p == nil || p.Role != "other.py" || p.Parent != "main" {
		t.Errorf("another program: %+v", p)
	}
	for _, id := range []string{"q", "s"} {
		if q := b.Queue(trace.ID(id)); q == nil || q.Puts != 1 || q.Gets != 1 {
			t.Errorf("the queue %s: %+v", id, q)
		}
	}
	if text, err := os.ReadFile(out); err != nil || string(text) != "its own" {
		t.Errorf("its file: %q, %v", text, err)
	}
}

// A call of a proxy is a message to the manager's server and one back, each sent by
// the word of the one and received by the word of the other, also where the server
// is a program of its own, known by another name of this machine.
func TestCalls(t *testing.T) {
	t.Parallel()
	have(t)
	got := stagetest.Play(t, Demo{}, options(file(t, `import multiprocessing as mp, subprocess, sys
from multiprocessing.managers import BaseManager

class Box(BaseManager):
    pass

def serve():
    import queue
    q = queue.Queue()
    Box.register("box", callable=lambda: q)
    server = Box(address=("0.0.0.0", 0), authkey=b"k").get_server()
    print(server.address[1], flush=True)
    server.serve_forever()

def client(port):
    Box.register("box")
    box = Box(address=("localhost", port), authkey=b"k")
    box.connect()
    q = box.box()
    q.put("a")
    print(q.get())

if __name__ == "__main__":
    if sys.argv[1:]:
        serve()
    server = subprocess.Popen([sys.executable, __file__, "serve"], stdout=subprocess.PIPE, text=True)
    p = mp.Process(target=client, args=(int(server.stdout.readline()),), name="client")
    p.start()
    p.join()
    with mp.Manager() as manager:
        d = manager.dict()
        for n in range(300):
            d["n"] = n
    server.terminate()
    server.wait()
`), "start", "fork"))
	b := got.Board
	if v := b.Verdict; got.Err != nil || v == nil || !v.OK {
		t.Fatalf("%v, %+v\n%s", got.Err, v, say(b))
	}
	sent, calls := map[string]bool{}, 0
	for _, e := range got.Events {
		m, ok := e.Data.(trace.Msg)
		switch {
		case !ok:
		case m.Is == trace.KindSend:
			sent[m.Msg] = true
			if e.Who != m.From {
				t.Errorf("%s tells of what %s sent", e.Who, m.From)
			}
		case !sent[m.Msg] || e.Who != m.To || m.Took < 0:
			t.Errorf("%s received %+v, that was not sent to it", e.Who, m)
		default:
			delete(sent, m.Msg)
			if m.From == "client" && m.To == "program.py" || m.From == "program.py" && m.To == "client" {
				calls++
			}
		}
	}
	if calls != 4 || len(sent) > 0 {
		t.Errorf("two calls and their answers: %d; never received: %v", calls, sent)
	}
	if !strings.Contains(say(b), "so often that it tells of some only") {
		t.Errorf("300 calls are told, and that not all are is not:\n%s", say(b))
	}
	roles := map[string]bool{}
	for _, p := range b.Procs {
		roles[p.Role] = true
	}
	if !roles["manager server, fork"] || !roles["process, fork"] {
		t.Errorf("the cast: %v", roles)
	}
}
