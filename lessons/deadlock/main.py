"""Two locks, two orders: a deadlock, and the order that prevents it."""
import multiprocessing as mp


def transfer(name, locks, meet, said):
    first, second = locks
    with first:
        meet.wait(timeout=2)         # both hold one now
        if second.acquire(timeout=1):
            second.release()
            said.put(name + ": done")
        else:                        # without a timeout: for ever
            said.put(name + ": gave up waiting")
            meet.wait(timeout=5)     # and keeps the first till then


def both(locks_of_a, locks_of_b, parties):
    meet, said = mp.Barrier(parties), mp.Queue()
    workers = [mp.Process(target=transfer, args=(n, locks, meet, said))
               for n, locks in (("A", locks_of_a), ("B", locks_of_b))]
    for p in workers:
        p.start()
    for line in sorted(said.get() for _ in workers):
        print(" ", line)
    for p in workers:
        p.join()


if __name__ == "__main__":
    one, two = mp.Lock(), mp.Lock()
    print("A takes one, two; B takes two, one:")
    both((one, two), (two, one), 2)
    print("both take one, two:")
    both((one, two), (one, two), 1)  # B cannot be in it at once
