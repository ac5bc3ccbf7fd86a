"""A record of two cells: many readers, one writer."""
import contextlib
import multiprocessing as mp


class RWLock:
    """Readers share it. Who comes while the writer waits, waits."""

    def __init__(self):
        self.readers = mp.Value("i", 0)  # with a lock of its own
        self.room = mp.Semaphore(1)      # empty, or taken
        self.turnstile = mp.Semaphore(1)

    @contextlib.contextmanager
    def reading(self):
        with self.turnstile:             # pass it, no more
            pass
        with self.readers.get_lock():
            self.readers.value += 1
            if self.readers.value == 1:
                self.room.acquire()      # the first one for all
        yield
        with self.readers.get_lock():
            self.readers.value -= 1
            if self.readers.value == 0:
                self.room.release()      # the last one

    @contextlib.contextmanager
    def writing(self):
        with self.turnstile, self.room:  # and stay in both
            yield


def slow(n):
    for _ in range(300):
        n += 0
    return n


def read(record, lock, over, torn):
    while not over.is_set():
        with lock.reading() if lock else contextlib.nullcontext():
            left = slow(record[0])
            right = record[1]
        if left != right:
            with torn.get_lock():
                torn.value += 1


def write(record, lock):
    for n in range(1, 301):
        with lock.writing() if lock else contextlib.nullcontext():
            record[0] = n
            record[1] = slow(n)


def run(lock):
    record = mp.Array("q", 2, lock=False)
    over, torn = mp.Event(), mp.Value("i", 0)
    readers = [mp.Process(target=read, args=(record, lock, over, torn))
               for _ in range(2)]
    for p in readers:
        p.start()
    write(record, lock)
    over.set()
    for p in readers:
        p.join()
    return f"{record[1]} writes, torn reads: {torn.value}"


if __name__ == "__main__":
    print("without a lock:", run(None))
    print("readers and writer:", run(RWLock()))
