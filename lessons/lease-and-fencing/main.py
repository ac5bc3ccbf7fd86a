"""A lease that runs out unnoticed, and the check that helps."""
import multiprocessing as mp
import os
import signal
import threading
import time
from multiprocessing.managers import BaseManager

LEASE = 0.5                          # seconds


class Services:
    """A locker and a store. Home-made: a real locker is replicated."""

    def __init__(self):
        self.mutex = threading.Lock()
        self.token, self.until = 0, 0.0
        self.fencing, self.seen = False, 0

    def acquire(self):
        with self.mutex:
            now = time.monotonic()
            if now < self.until:
                return None          # lent, as far as we know
            self.token, self.until = self.token + 1, now + LEASE
            return self.token        # it rises with each loan

    def last(self):
        return self.token

    def write(self, token):
        with self.mutex:
            if self.fencing and token < self.seen:
                return "refused"     # this is the fence
            self.seen = max(self.seen, token)
            return "written"

    def reset(self, fencing):
        self.__init__()
        self.fencing = fencing


class Manager(BaseManager):
    pass


Manager.register("Services", Services)


def client(name, services, pause):
    while (token := services.acquire()) is None:
        time.sleep(0.05)
    if pause:                        # no code runs, and time goes by
        os.kill(os.getpid(), signal.SIGSTOP)
    print(f"{name}, token {token}: {services.write(token)}", flush=True)


if __name__ == "__main__":
    with Manager() as manager:
        services = manager.Services()
        for fencing in (False, True):
            services.reset(fencing)
            what = "with fencing" if fencing else "lease only"
            print(what, flush=True)
            args = ("A", services, True)
            a = mp.Process(target=client, args=args)
            a.start()
            while services.last() == 0:
                time.sleep(0.01)     # until A has the lock
            args = ("B", services, False)
            b = mp.Process(target=client, args=args)
            b.start()
            b.join()
            while a.exitcode is None:
                os.kill(a.pid, signal.SIGCONT)
                a.join(0.1)
            assert a.exitcode == b.exitcode == 0
