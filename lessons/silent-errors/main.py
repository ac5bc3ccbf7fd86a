"""An error happens in a worker. Who hears of it, if nobody asks?"""
import concurrent.futures as cf
import multiprocessing as mp
import sys
import threading
import time

sys.stderr = sys.stdout              # tracebacks beside what we print


def half(n):
    time.sleep(0.1)                  # work
    if n % 2:
        raise ValueError(f"{n} is odd")
    return n // 2


def swallow(n):
    try:
        return half(n)
    except Exception:                # the error ends here
        return None


def in_a_process():
    p = mp.Process(target=half, args=(3,))
    p.start()                        # its traceback: on stderr
    p.join()                         # no error here
    print("Process: join() came back, exit code", p.exitcode)


def in_a_pool():
    with mp.Pool(2) as pool:
        r = pool.apply_async(half, (3,))
        r.wait()                     # no error here, and none on stderr
        print("apply_async: nothing; successful:", r.successful())
        try:
            pool.map(half, [2, 3, 4, 5, 6], chunksize=1)
        except ValueError as e:
            print("map raised:", e, "and gave no result at all")
        results, raised = pool.imap(half, [2, 3, 4, 5, 6]), []
        for _ in range(5):
            try:
                raised.append(next(results))
            except ValueError as e:
                raised.append(str(e))
        print("imap, one by one:", raised)
        heard = []
        r = pool.apply_async(half, (7,), error_callback=heard.append)
        r.wait()
        print("error_callback heard:", heard)
        print("swallowed:", pool.map(swallow, [2, 3, 4]))


def callback_that_raises():
    """It runs in a thread of the pool, which dies of it."""
    called = threading.Event()

    def divide(n):
        called.set()
        return n / 0

    try:
        with mp.Pool(1) as pool:
            pool.apply_async(half, (2,), callback=divide)
            called.wait()
            later = pool.apply_async(half, (4,))
            later.wait(timeout=1)
            print("bad callback: a later result comes:", later.ready())
    except AssertionError:
        print("bad callback: the pool cannot even be left")


def in_an_executor():
    with cf.ProcessPoolExecutor(2) as executor:
        asked = [executor.submit(half, n) for n in (2, 3)]
    print("executor: left without an error")     # it has waited
    print("asked now:", [repr(f.exception()) for f in asked])


def in_a_thread():
    heard = []
    threading.excepthook = lambda args: heard.append(args.exc_value)
    t = threading.Thread(target=half, args=(3,))
    t.start()
    t.join()                         # no error here
    print("Thread: join() came back; excepthook heard:", heard)


if __name__ == "__main__":
    in_a_process()
    in_a_pool()
    callback_that_raises()
    in_an_executor()
    in_a_thread()
