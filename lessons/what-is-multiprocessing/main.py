"""Two questions: whose variable is it, and do two cores help?"""
import multiprocessing as mp
import time

COUNT = 0               # what a fresh import of this file gives


def child(out):
    global COUNT
    before, COUNT = COUNT, 999
    out.put((before, COUNT))


def burn(n):
    x = 0
    for i in range(n):
        x += i


def timed(label, f):
    t = time.perf_counter()
    f()
    seconds = time.perf_counter() - t
    print(f"{label}: {seconds:.2f} s")
    return seconds


def two_processes():
    ps = [mp.Process(target=burn, args=(N,)) for _ in range(2)]
    for p in ps:
        p.start()
    for p in ps:
        p.join()


N = 4_000_000

if __name__ == "__main__":
    COUNT = 42
    out = mp.SimpleQueue()
    p = mp.Process(target=child, args=(out,))
    p.start()
    before, after = out.get()
    p.join()
    print("start method:", mp.get_start_method())
    print(f"child: COUNT was {before}, is {after}")
    print(f"parent: COUNT is {COUNT}")

    one = timed("one after the other", lambda: (burn(N), burn(N)))
    two = timed("in two processes", two_processes)
    print(f"speed-up on {mp.cpu_count()} cores: {one / two:.2f}")
    raise SystemExit(p.exitcode)
