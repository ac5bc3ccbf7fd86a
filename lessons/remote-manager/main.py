"""Master and workers over TCP: a queue that forgets who has what."""
import multiprocessing as mp
import os
import queue
import secrets
import signal
import time
from multiprocessing.managers import BaseManager

tasks, results = queue.Queue(), queue.Queue()   # in the server process


def get_tasks():             # found by its name; a lambda has none
    return tasks


def get_results():
    return results


class Server(BaseManager):   # owns the queues
    pass


class Client(BaseManager):   # knows their names
    pass


Server.register("get_tasks", callable=get_tasks)
Server.register("get_results", callable=get_results)
Client.register("get_tasks")
Client.register("get_results")


def worker(address, key):
    m = Client(address=address, authkey=key)
    m.connect()              # TCP, as from another machine
    todo, answers = m.get_tasks(), m.get_results()
    while (task := todo.get()) is not None:
        n, seconds = task    # now it is nowhere but here
        answers.put(("has", n, os.getpid()))
        time.sleep(seconds)
        answers.put(("done", n, n * n))


if __name__ == "__main__":
    key = secrets.token_bytes(16)            # not in the source
    m = Server(address=("127.0.0.1", 0), authkey=key)
    m.start()
    todo, answers = m.get_tasks(), m.get_results()
    for n in range(6):
        todo.put((n, 30 if n == 0 else 0.1))  # task 0 is a long one
    workers = [mp.Process(target=worker, args=(m.address, key))
               for _ in range(2)]
    for w in workers:
        w.start()

    done, killed = {}, False
    while len(done) < 6:
        try:
            what, n, x = answers.get(timeout=2 if killed else None)
        except queue.Empty:
            missing = [n for n in range(6) if n not in done]
            print("no result for 2 s; missing:", missing)
            for n in missing:                # the master's guess
                todo.put((n, 0.1))
            continue
        if what == "done":
            done[n] = x
        elif n == 0 and not killed:
            os.kill(x, signal.SIGKILL)
            killed = True
            print("killed the worker that has task 0")
    print("results:", [done[n] for n in range(6)])

    for _ in workers:
        todo.put(None)
    for w in workers:
        w.join()
    m.shutdown()
