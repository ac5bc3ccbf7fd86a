"""One counter, many processes: a race, a lock, and a dead holder."""
import fcntl
import multiprocessing as mp
import tempfile
import time

TIMES = 50_000


def add(counter):
    for _ in range(TIMES):
        counter.value += 1           # a read, an addition, a write


def add_locked(counter):
    for _ in range(TIMES):
        with counter.get_lock():     # around all three
            counter.value += 1


def four(target):
    counter = mp.Value("q", 0)
    workers = [mp.Process(target=target, args=(counter,))
               for _ in range(4)]
    for p in workers:
        p.start()
    for p in workers:
        p.join()
    return counter.value


def hold_lock(lock, ready):
    lock.acquire()
    ready.set()
    time.sleep(60)


def hold_file(path, ready):
    with open(path) as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        ready.set()
        time.sleep(60)


def kill_holder(target, what):
    ready = mp.Event()
    p = mp.Process(target=target, args=(what, ready))
    p.start()
    ready.wait()
    p.kill()
    p.join()


def try_file(path):
    with open(path) as f:
        try:
            fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            return False


def state(got_it):
    return "free" if got_it else "still held"


if __name__ == "__main__":
    print("expected:", 4 * TIMES)
    print("without a lock:", four(add))
    print("with get_lock():", four(add_locked))

    lock = mp.Lock()
    kill_holder(hold_lock, lock)
    print("Lock, holder killed:", state(lock.acquire(timeout=0.5)))

    with tempfile.NamedTemporaryFile() as f:
        kill_holder(hold_file, f.name)
        print("flock, holder killed:", state(try_file(f.name)))
