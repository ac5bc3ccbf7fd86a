"""The life of a process: started, stopped, ended, collected."""
import multiprocessing as mp
import os
import signal
import sys
import time


def work(first_words):
    first_words.send(os.getpid())
    time.sleep(60)


def fail():
    sys.exit(3)


def ms_since(t):
    return f"{(time.perf_counter() - t) * 1000:.1f} ms"


if __name__ == "__main__":
    here, there = mp.Pipe()
    p = mp.Process(target=work, args=(there,))
    t = time.perf_counter()
    p.start()
    print("start() came back after", ms_since(t))
    pid = here.recv()
    print("the child's first words after", ms_since(t))

    os.kill(pid, signal.SIGSTOP)     # Unix: frozen, but not ended
    print("stopped: is_alive() says", p.is_alive())
    os.kill(pid, signal.SIGCONT)

    p.terminate()                    # asks: SIGTERM
    p.join(timeout=10)               # waits, and collects the status
    print("terminated: exit code", p.exitcode)

    q = mp.Process(target=fail)
    q.start()
    q.join()                         # join() raises nothing: look
    print("failed: exit code", q.exitcode)
    sys.exit((p.exitcode, q.exitcode) != (-signal.SIGTERM, 3))
