"""Many small tasks: a loop, a pool, and large things that cross."""
import multiprocessing as mp
import time
from multiprocessing.shared_memory import SharedMemory

TASKS = 20_000
SIZE = 8 << 20                       # 8 MiB
TIMES = 10


def square(x):
    return x * x


def loop():
    start = time.perf_counter()
    results = [square(x) for x in range(TASKS)]
    return time.perf_counter() - start, results


def mapped(pool, chunk):
    start = time.perf_counter()
    results = pool.map(square, range(TASKS), chunksize=chunk)
    return time.perf_counter() - start, results


def read_bytes(tasks, replies):
    for data in iter(tasks.get, None):
        replies.put(sum(data[::4096]))           # a byte of each page


def read_shared(names, replies):
    for name in iter(names.get, None):
        block = SharedMemory(name=name)
        replies.put(sum(block.buf[::4096]))
        block.close()


def each(reader, what):
    """Seconds to hand it over once and have it read."""
    there = mp.Queue()
    back = mp.Queue()
    p = mp.Process(target=reader, args=(there, back))
    p.start()
    for n in range(TIMES + 1):       # the first one is a rehearsal
        if n == 1:
            start = time.perf_counter()
        there.put(what)
        total = back.get()
    took = (time.perf_counter() - start) / TIMES
    there.put(None)
    p.join()
    return took, total


if __name__ == "__main__":
    base, want = min(loop() for _ in range(10))
    print(f"loop: {base * 1000:.1f} ms")

    took = {}
    with mp.Pool(2) as pool:
        pool.map(square, range(2))   # the workers have started
        for chunk in (1, 10, 100, 1000):
            took[chunk], got = mapped(pool, chunk)
            assert got == want
            print(f"Pool(2), chunksize {chunk}:"
                  f" {took[chunk] * 1000:.1f} ms,"
                  f" {took[chunk] / base:.1f} times the loop")
    print("chunksize 1: over 20 times as long:", took[1] > 20 * base)
    print("1000 takes less than 1:", took[1000] < took[1])

    data = bytes(range(256)) * (SIZE // 256)
    block = SharedMemory(create=True, size=SIZE)
    block.buf[:SIZE] = data
    queue, sum1 = each(read_bytes, data)
    shared, sum2 = each(read_shared, block.name)
    block.close()
    block.unlink()
    print(f"8 MiB through a Queue: {queue * 1000:.1f} ms")
    print(f"8 MiB in shared memory: {shared * 1000:.1f} ms")
    print("the same bytes were read:", sum1 == sum2)
    print("sharing takes less:", shared < queue)
