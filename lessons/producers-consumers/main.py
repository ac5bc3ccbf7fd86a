"""A buffer of two slots, made of two semaphores and a lock."""
import multiprocessing as mp

SLOTS = 2


class Buffer:
    def __init__(self):
        self.slots = mp.Array("i", SLOTS)
        self.ends = mp.Array("i", 2)     # in, out
        self.free = mp.Semaphore(SLOTS)
        self.filled = mp.Semaphore(0)
        self.lock = mp.Lock()

    def put(self, item):
        self.free.acquire()              # first a slot,
        with self.lock:                  # then the lock
            self.slots[self.ends[0] % SLOTS] = item
            self.ends[0] += 1
        self.filled.release()

    def get(self):
        self.filled.acquire()
        with self.lock:
            item = self.slots[self.ends[1] % SLOTS]
            self.ends[1] += 1
        self.free.release()
        return item


def produce(buffer, first):
    for n in range(50):
        buffer.put(first + n)


def put_lock_first(buffer, has_lock, over):
    with buffer.lock:
        has_lock.set()
        print("producer, lock in hand, gets a slot:",
              buffer.free.acquire(timeout=0.5), flush=True)
        over.wait()


if __name__ == "__main__":
    buffer = Buffer()
    producers = [mp.Process(target=produce, args=(buffer, first))
                 for first in (100, 200)]
    for p in producers:
        p.start()
    got = [buffer.get() for _ in range(100)]
    for p in producers:
        p.join()
    print("all there, each once:",
          sorted(got) == [*range(100, 150), *range(200, 250)])

    buffer.put(1)
    buffer.put(2)                        # now it is full
    has_lock, over = mp.Event(), mp.Event()
    p = mp.Process(target=put_lock_first, args=(buffer, has_lock, over))
    p.start()
    has_lock.wait()
    buffer.filled.acquire()              # a consumer comes
    got_it = buffer.lock.acquire(timeout=1)
    over.set()
    p.join()
    print("consumer, who would free one, gets the lock:", got_it)
