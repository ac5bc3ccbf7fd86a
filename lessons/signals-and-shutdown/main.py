"""SIGTERM: with a handler, without one, and who ignores it."""
import multiprocessing
import os
import signal
import subprocess
import sys
import time

# Spawn: a child has no copies of the pipes of others, so that the end
# of the server is the end of its workers' pipes.
mp = multiprocessing.get_context("spawn")
GRACE = 2  # seconds


def worker(pipe, deaf):
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server's affair
    leave = signal.SIG_IGN if deaf else lambda *_: sys.exit(0)
    signal.signal(signal.SIGTERM, leave)
    try:
        while True:
            n = pipe.recv()
            time.sleep(0.05)
            pipe.send(n * n)
    except (EOFError, OSError):          # the server is gone
        pass


def server(told, handler, deaf_ones):
    os.setpgid(0, 0)                     # a group of its own
    stop = []
    if handler:                          # it only takes a note
        signal.signal(signal.SIGTERM, lambda *_: stop.append(1))
        signal.signal(signal.SIGINT, lambda *_: stop.append(1))
    hands = []
    for deaf in deaf_ones:
        here, there = mp.Pipe()
        p = mp.Process(target=worker, args=(there, deaf))
        p.start()
        there.close()
        hands.append((p, here))
    accepted = done = 0
    while not stop:                      # take no more when told so
        for _, pipe in hands:
            pipe.send(accepted)
            accepted += 1
        for _, pipe in hands:            # what was accepted is done
            pipe.recv()
            done += 1
        if accepted == len(hands):
            told.send("at work")
    for p, _ in hands:
        p.terminate()                    # SIGTERM
    for p, _ in hands:
        p.join(timeout=GRACE)
        if p.exitcode is None:
            p.kill()                     # SIGKILL
            p.join()
    told.send((accepted - done, [p.exitcode for p, _ in hands]))


def shut_down(name, handler, deaf_ones, send):
    here, there = mp.Pipe()
    p = mp.Process(target=server, args=(there, handler, deaf_ones))
    p.start()
    there.close()
    here.recv()
    time.sleep(0.1)
    send(p.pid)
    try:
        lost, codes = here.recv()
        print(f"{name}: lost {lost}, workers' exit codes {codes}")
    except EOFError:
        print(f"{name}: it said nothing more")
    p.join()
    print(f"{name}: the server's exit code is {p.exitcode}")


if __name__ == "__main__":
    def term(pid):
        os.kill(pid, signal.SIGTERM)

    def ctrl_c(pid):
        os.killpg(pid, signal.SIGINT)    # to all in the group

    shut_down("SIGTERM", True, (False, True), term)
    shut_down("Ctrl+C", True, (False,), ctrl_c)
    shut_down("no handler", False, (False,), term)
    try:
        signal.signal(signal.SIGKILL, print)
    except OSError:
        print("SIGKILL: no handler is possible")
    shell = "sh -c 'kill -TERM $$'; echo $?"
    out = subprocess.run(["sh", "-c", shell],
                         capture_output=True, text=True)
    print("to a shell, ended by SIGTERM is", out.stdout.strip())
