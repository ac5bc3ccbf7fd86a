"""A worker is killed in mid-task: what becomes of the task?"""
import multiprocessing as mp
import os
import signal
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

ATTEMPTS = 3


def task(n, attempt=1):
    """Task 1 kills whoever tries it, task 2 only the first."""
    if n == 1 or n == 2 and attempt == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return n * n


def in_a_pool():
    with mp.Pool(2) as pool:
        before = {p.pid for p in mp.active_children()}
        asked = [pool.apply_async(task, (n,)) for n in (0, 1, 3)]
        print("Pool: task 0 is", asked[0].get(timeout=20))
        print("Pool: task 3 is", asked[2].get(timeout=20))
        try:
            asked[1].get(timeout=1)
        except mp.TimeoutError:
            print("Pool: of task 1, nothing: no result, no error")
        after = {p.pid for p in mp.active_children()}
        print("Pool: a new worker came:", bool(after - before))


def in_an_executor():
    with ProcessPoolExecutor(2) as executor:
        try:
            executor.submit(task, 1).result(timeout=20)
        except BrokenProcessPool:
            print("executor: task 1 raises BrokenProcessPool")
        try:
            executor.submit(task, 3)
        except BrokenProcessPool:
            print("executor: it takes no task any more")


def work(results, n, attempt):
    results.send(task(n, attempt))


def supervised(n):
    """Who holds the task is known: so its death can be dealt with."""
    for attempt in range(1, ATTEMPTS + 1):
        here, there = mp.Pipe(duplex=False)
        p = mp.Process(target=work, args=(there, n, attempt))
        p.start()
        there.close()                # else the end is never seen
        try:
            value = here.recv()
        except EOFError:             # the kernel: it has ended
            p.join()
            continue
        p.join()
        return f"{value}, attempt {attempt}"
    return f"given up: {ATTEMPTS} attempts, exit code {p.exitcode}"


if __name__ == "__main__":
    in_a_pool()
    in_an_executor()
    for n in range(4):
        print(f"supervisor: task {n}:", supervised(n))
