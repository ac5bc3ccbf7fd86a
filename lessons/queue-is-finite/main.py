"""A queue is finite: join before get, and a burst without a bound."""
import multiprocessing as mp
import os
import resource
import sys
import time

MIB = 1 << 20
BURST = 40                           # items of 1 MiB


def capacity():
    """Fill a pipe that nobody reads, and count."""
    r, w = os.pipe()
    os.set_blocking(w, False)        # full is an error, not a wait
    n = 0
    try:
        while True:
            n += os.write(w, bytes(4096))
    except BlockingIOError:
        return n
    finally:
        os.close(r)
        os.close(w)


def put_one(q, size, has_put):
    q.put(bytes(size))               # returns at once, however big
    has_put.set()


def join_first(size):
    q = mp.Queue()
    has_put = mp.Event()
    p = mp.Process(target=put_one, args=(q, size, has_put))
    p.start()
    has_put.wait()
    p.join(timeout=1.5)              # the mistake: before the get
    hangs = p.exitcode is None
    q.get()                          # the cure: now it can end
    p.join()
    return "hangs, until the get" if hangs else "comes back"


def memory():
    """The most that was resident, in MiB: only ever grows."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (MIB if sys.platform == "darwin" else 1024)


def put_many(q, report):
    before = memory()
    for _ in range(BURST):
        q.put(b"x" * MIB)            # with maxsize: waits for room
    report.send(memory() - before)


def burst(maxsize):
    q = mp.Queue(maxsize)            # 0: no bound
    here, there = mp.Pipe(duplex=False)
    p = mp.Process(target=put_many, args=(q, there))
    p.start()
    for _ in range(BURST):
        q.get()
        time.sleep(0.02)             # a slow consumer
    p.join()
    return here.recv()


if __name__ == "__main__":
    n = capacity()
    print(f"a pipe holds {n} bytes")
    for size in (1024, n // 2, n, 16 * n):
        print(f"join before get, {size} bytes: {join_first(size)}")
    for maxsize in (0, 4):
        print(f"{BURST} MiB in a burst, maxsize {maxsize}:",
              f"the producer grew by {burst(maxsize):.0f} MiB")
