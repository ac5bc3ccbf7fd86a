"""Last write wins: by whose clock?"""
import multiprocessing as mp
import time


def writer(store, offset, wait_for):
    """Read until wait_for is there, then write what follows it."""
    count = 0                        # the Lamport clock
    while True:
        count += 1
        store.send(("read", None, None, count))
        value, theirs = store.recv()
        count = max(count, theirs) + 1
        if value == wait_for:
            break
        time.sleep(0.01)
    count += 1
    wall = time.time() + offset      # injected: this clock is wrong
    store.send(("write", value + 1, wall, count))
    store.recv()                     # "yes, yes", whatever comes of it


def keep(writers, lamport):
    """The store keeps the write with the later stamp."""
    count, value, stamp = 0, 0, 0
    for w in writers:                # one after the other
        while True:
            try:
                op, new, wall, theirs = w.recv()
            except EOFError:
                break
            count = max(count, theirs) + 1
            theirs_stamp = theirs if lamport else wall
            if op == "write" and theirs_stamp > stamp:
                value, stamp = new, theirs_stamp
            count += 1
            w.send((value, count))
    return value


if __name__ == "__main__":
    for lamport in (False, True):
        ends, workers = [], []
        for offset, wait_for in ((0, 0), (-5, 1)):
            here, there = mp.Pipe()
            args = (there, offset, wait_for)
            p = mp.Process(target=writer, args=args)
            p.start()
            there.close()            # so that its end is seen
            ends.append(here)
            workers.append(p)
        value = keep(ends, lamport)
        for p in workers:
            p.join()
        print("Lamport clocks:" if lamport else "wall clocks:",
              "a wrote 1, b read 1 and wrote 2; x is", value)
