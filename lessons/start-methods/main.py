"""fork, forkserver, spawn: what a child has of its parent."""
import multiprocessing as mp
import os
import tempfile
import threading
import time

COUNT = 0                # main() makes it 42
LOCK = threading.Lock()  # a thread of the program holds it


def look(there, file, which):
    """Says, in the child, what is here."""
    there.send("here")
    try:
        s = os.fstat(file)
        has_file = (s.st_dev, s.st_ino) == which
    except OSError:
        has_file = False  # no such descriptor here
    there.send({
        "parent": os.getppid(),
        "COUNT": COUNT,
        "threads": threading.active_count(),
        "file open": has_file,
        "lock free": LOCK.acquire(timeout=0.2),
        "NOTE": os.environ.get("NOTE"),
    })
    time.sleep(0.7)  # time to look at it from outside


def hold(over):
    with LOCK:
        over.wait()


def start(ctx, name, file):
    here, there = ctx.Pipe()
    s = os.fstat(file.fileno())
    p = ctx.Process(target=look, name=name, args=(
        there, file.fileno(), (s.st_dev, s.st_ino)))
    os.environ["NOTE"] = name
    t = time.perf_counter()
    p.start()
    there.close()
    here.recv()
    took = (time.perf_counter() - t) * 1000
    return p, took, here.recv()


def main():
    global COUNT
    COUNT = 42
    over = threading.Event()
    threading.Thread(target=hold, args=(over,), name="holder",
                     daemon=True).start()
    with tempfile.TemporaryFile() as file:
        for method in ("fork", "forkserver", "spawn"):
            ctx = mp.get_context(method)
            p, took1, a = start(ctx, method + "-1", file)
            q, took2, b = start(ctx, method + "-2", file)
            print(method)
            for what in ("COUNT", "threads", "file open", "lock free"):
                print(f"  {what}: {a[what]}")
            print(f"  NOTE: {a['NOTE']}, then {b['NOTE']}")
            print("  their parent is this program:",
                  a["parent"] == os.getpid())
            print("  their parent is the same:",
                  a["parent"] == b["parent"])
            print(f"  first word: {took1:.0f} ms, then {took2:.0f} ms")
            p.join()
            q.join()
            print("  exit codes:", p.exitcode, q.exitcode)
    over.set()


if __name__ == "__main__":
    main()
