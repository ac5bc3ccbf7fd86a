"""A few at a time, and all together: a semaphore and a barrier."""
import multiprocessing as mp
import threading
import time


def worker(me, permits, barrier, inside, peak, done):
    for part in range(1, 4):
        with permits:                    # two at a time
            with inside.get_lock():
                inside.value += 1
                peak.value = max(peak.value, inside.value)
            time.sleep(0.02)
            with inside.get_lock():
                inside.value -= 1
        done[me] = part
        barrier.wait()                   # until all have come
        assert min(done) >= part         # so nobody is behind


def hold(permits, ready):
    permits.acquire()
    ready.set()
    time.sleep(60)


if __name__ == "__main__":
    permits, barrier = mp.Semaphore(2), mp.Barrier(4)
    inside, peak = mp.Value("i", 0), mp.Value("i", 0)
    done = mp.Array("i", 4)
    workers = [mp.Process(target=worker, args=(
        i, permits, barrier, inside, peak, done)) for i in range(4)]
    for p in workers:
        p.start()
    for p in workers:
        p.join()
    print("more than two at once:", peak.value > 2)
    print("parts:", list(done), "codes:", [p.exitcode for p in workers])

    permits, ready = mp.Semaphore(1), mp.Event()
    p = mp.Process(target=hold, args=(permits, ready))
    p.start()
    ready.wait()
    p.kill()                             # with its permit
    p.join()
    print("a permit is left:", permits.acquire(timeout=0.5))

    barrier = mp.Barrier(2)              # the other one never comes
    try:
        barrier.wait(timeout=0.5)
    except threading.BrokenBarrierError:
        print("barrier: broken, for all who come:", barrier.broken)
