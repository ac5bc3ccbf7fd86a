"""Any two majorities meet in a node. Two halves need not."""
import multiprocessing as mp
from itertools import combinations


def replica(conn):
    """A node: it keeps the latest version that it was given."""
    value = (0, "nothing")
    while True:
        try:
            told = conn.recv()
        except EOFError:
            return
        if told is not None:
            value = max(value, told)
        conn.send(value)


def ask(conns, told=None):
    for conn in conns:
        conn.send(told)
    return [conn.recv() for conn in conns]


def write(side, needed, version, value):
    """Acknowledged when enough nodes have it."""
    return len(ask(side, (version, value))) >= needed


def cut(n, split, needed):
    """Both sides of a cut write, and then the cut is healed."""
    pipes = [mp.Pipe() for _ in range(n)]
    nodes = [mp.Process(target=replica, args=(theirs,), daemon=True)
             for _, theirs in pipes]
    for p in nodes:
        p.start()
    conns = [mine for mine, _ in pipes]
    acks = [write(conns[:split], needed, 1, "a"),
            write(conns[split:], needed, 2, "b")]
    reads = {max(ask(some))[1] for some in combinations(conns, needed)}
    for p in nodes:
        p.terminate()
        p.join()
    return acks, sorted(reads)


def main():
    for n, split, needed, rule in [(5, 2, 3, "a majority"),
                                   (4, 2, 2, "a half"),
                                   (4, 2, 3, "a majority")]:
        acks, reads = cut(n, split, needed)
        print(f"{n} nodes, {split}|{n - split}, {rule}: "
              f"a acknowledged: {acks[0]}, b: {acks[1]}; "
              f"read later: {reads}")


if __name__ == "__main__":
    main()
