"""A zombie, an orphan, and what daemon=True does not do."""
import multiprocessing
import os
import signal
import time

# Spawn: so that a child is our own, and not a fork server's.
mp = multiprocessing.get_context("spawn")


def look(pid):
    """State and parent of a process, by the kernel's table (Linux)."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            state, ppid = f.read().rpartition(")")[2].split()[:2]
    except (FileNotFoundError, ProcessLookupError):
        return "gone", 0
    return state, int(ppid)


def nap():
    time.sleep(60)


def parent(pipe, returns):
    """Has a daemon, and returns from its main, or does not."""
    d = mp.Process(target=nap, daemon=True)
    d.start()
    pipe.send(d.pid)
    if not returns:
        time.sleep(60)


def zombie():
    p = mp.Process(target=int)           # ends at once
    p.start()
    os.waitid(os.P_PID, p.pid, os.WEXITED | os.WNOWAIT)  # only looks
    print("ended, not joined:", look(p.pid)[0])
    os.kill(p.pid, signal.SIGKILL)       # no error, and no effect
    print("after SIGKILL:", look(p.pid)[0])
    p.join()                             # collects the status
    print("joined:", look(p.pid)[0], "with exit code", p.exitcode)


def orphan():
    here, there = mp.Pipe()
    p = mp.Process(target=parent, args=(there, False))
    p.start()
    daemon = here.recv()
    print("the daemon is a child of p:", look(daemon)[1] == p.pid)
    p.kill()
    p.join()
    state, ppid = look(daemon)
    print("p was killed, the daemon is gone:", state == "gone")
    print("it is a child of p:", ppid == p.pid, "but of", ppid)
    os.kill(daemon, signal.SIGKILL)      # nobody else would end it


def orderly():
    here, there = mp.Pipe()
    p = mp.Process(target=parent, args=(there, True))
    p.start()
    daemon = here.recv()
    p.join()
    print("p returned, the daemon is gone:", look(daemon)[0] == "gone")


if __name__ == "__main__":
    zombie()
    orphan()
    orderly()
