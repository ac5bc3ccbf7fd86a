"""A queue to share work, a pipe to talk, an event to start together."""
import multiprocessing as mp
import os

STOP = None                          # a sentinel: no work looks like it


def produce(queue, first):
    for n in range(first, first + 5):
        queue.put(n)                 # blocks while the queue is full


def consume(event, queue, out):
    event.wait(timeout=10)           # all consumers start together
    while (n := queue.get()) is not STOP:    # never: while not empty()
        out.put((n, os.getpid()))


def echo(conn):
    conn.send(conn.recv().upper())
    conn.close()


if __name__ == "__main__":
    queue, out, event = mp.Queue(maxsize=4), mp.Queue(), mp.Event()
    producers = [mp.Process(target=produce, args=(queue, first))
                 for first in (0, 100)]
    consumers = [mp.Process(target=consume, args=(event, queue, out))
                 for _ in range(3)]
    for p in producers + consumers:
        p.start()
    event.set()
    got = [out.get(timeout=10) for _ in range(10)]   # drain first ...
    for p in producers:
        p.join()                 # ... then join
    for _ in consumers:
        queue.put(STOP)          # one for each consumer
    for p in consumers:
        p.join()
    print("received:", sorted(n for n, pid in got))
    print("by", len({pid for n, pid in got}), "of 3 consumers")

    lies = 0
    for n in range(1000):
        out.put(n)
        lies += out.empty()          # is it in the pipe yet?
        out.get()
    print(f"empty() said True right after put(): {lies} of 1000 times")

    here, there = mp.Pipe()
    p = mp.Process(target=echo, args=(there,))
    p.start()
    there.close()                    # keep one end, or EOF never comes
    here.send("ping")
    print("pipe:", here.recv())
    try:
        here.recv()
    except EOFError:
        print("pipe: end of file, the other end is closed")
    p.join()
