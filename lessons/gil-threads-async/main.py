"""Compute or wait: by threads, by processes, in an event loop."""
import asyncio
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

JOBS = 4
N = 1_500_000                     # rounds of a job that computes


def compute(n):
    x = 0
    for i in range(n):
        x += i * i


def wait(_):
    time.sleep(0.3)               # an answer from elsewhere


def cpu():
    return sum(os.times()[:4])    # ours, and of children that ended


def measured(label, f):
    t, c = time.perf_counter(), cpu()
    f()
    took = time.perf_counter() - t
    cores = (cpu() - c) / took    # how many were used, on average
    print(f"{label}: {took:.2f} s, {cores:.1f} cores")


def serial(work):
    for _ in range(JOBS):
        work(N)


def pooled(pool, work):           # processes: with their start and end
    with pool:
        list(pool.map(work, [N] * JOBS))


async def wait_async():
    await asyncio.sleep(0.3)      # others run meanwhile


async def compute_inside():
    compute(N)                    # no await: nobody else runs


async def compute_outside(pool):
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(pool, compute, N)


async def beat(gaps):
    last = time.perf_counter()
    while True:
        await asyncio.sleep(0.01)
        now = time.perf_counter()
        gaps.append(now - last)
        last = now


async def with_heart(label, work, *args):
    gaps = []
    heart = asyncio.create_task(beat(gaps))
    await asyncio.sleep(0.1)
    t = time.perf_counter()
    await asyncio.gather(*(work(*args) for _ in range(JOBS)))
    took = time.perf_counter() - t
    await asyncio.sleep(0.1)      # let it beat once more
    heart.cancel()
    print(f"asyncio, {label}: {took:.2f} s,",
          f"longest heartbeat gap {max(gaps):.3f} s")


async def main():
    await with_heart("wait", wait_async)
    await with_heart("compute inside", compute_inside)
    with ProcessPoolExecutor(JOBS) as pool:
        await with_heart("compute outside", compute_outside, pool)


if __name__ == "__main__":
    # Python 3.13 and later can tell; before, there is always a lock.
    locked = getattr(sys, "_is_gil_enabled", lambda: True)()
    print("interpreter lock:", "on" if locked else "off")
    for work in (compute, wait):
        name = work.__name__
        measured(name + ", serial", lambda: serial(work))
        threads = ThreadPoolExecutor(JOBS, thread_name_prefix="thread")
        measured(name + ", threads", lambda: pooled(threads, work))
        processes = ProcessPoolExecutor(JOBS)
        measured(name + ", processes", lambda: pooled(processes, work))
    asyncio.run(main())
