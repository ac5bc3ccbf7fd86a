"""Three tasks, two workers: who ran what? And where is the error?"""
import multiprocessing as mp
import os
import time


def task(n):
    time.sleep(0.2)
    if n == 99:
        raise ValueError(f"bad input {n}")
    return n, os.getpid()


if __name__ == "__main__":
    with mp.Pool(processes=2) as pool:
        pool.map(task, [0, 0])       # let the workers start first
        t = time.perf_counter()
        for n, pid in pool.map(task, [1, 2, 3], chunksize=1):
            print(f"task {n} ran in process {pid}")
        print(f"three tasks of 0.2 s: {time.perf_counter() - t:.2f} s")

        r = pool.apply_async(task, (99,))
        r.wait()                 # it has failed; did you see anything?
        print("ready:", r.ready(), "successful:", r.successful())
        try:
            r.get()              # the error waits here
        except ValueError as e:
            print("get() raised:", repr(e))
        pool.close()                 # no more tasks ...
        pool.join()                  # ... and all workers have ended
