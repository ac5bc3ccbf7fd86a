"""The broker dies: a queue in its memory, and a journal in a file."""
import multiprocessing as mp
import os
import queue
import signal
import sqlite3
import tempfile
import uuid
from multiprocessing.connection import Client, Listener
from multiprocessing.managers import BaseManager

tasks = queue.Queue()                # in the memory of the server


def get_tasks():
    return tasks


class Server(BaseManager):
    pass


Server.register("get_tasks", callable=get_tasks)


def in_memory():
    m = Server(address=("127.0.0.1", 0))
    m.start()
    todo = m.get_tasks()
    for n in range(5):
        todo.put(n)
    print("in memory:", todo.qsize(), "tasks")
    server = mp.active_children()[0]
    os.kill(server.pid, signal.SIGKILL)
    server.join()
    try:
        todo.put(5)
    except (EOFError, OSError) as e:
        print("put raises", type(e).__name__)
    try:
        Server(address=m.address).connect()
    except OSError as e:
        print("connect raises", type(e).__name__)
    with Server(address=("127.0.0.1", 0)) as new:
        print("a new server:", new.get_tasks().qsize(), "tasks")


def broker(path, ready, key, fails):
    """A task is in the file before the answer says so."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("CREATE TABLE IF NOT EXISTS tasks"
               " (id TEXT PRIMARY KEY, body INTEGER)")
    with Listener(("127.0.0.1", 0), authkey=key) as listener:
        ready.send(listener.address)
        while True:
            with listener.accept() as conn:
                task = conn.recv()
                if task is None:
                    break
                new = db.execute("INSERT OR IGNORE INTO tasks"
                                 " VALUES (?, ?)", task).rowcount
                if fails and task[1] == 2:   # stored, not answered
                    os.kill(os.getpid(), signal.SIGKILL)
                conn.send("stored" if new else "known by its id")
    db.close()


class Journal:
    """The client: reconnects, and sends again until answered."""

    def __init__(self, path):
        self.path, self.key = path, os.urandom(16)
        self.start(fails=True)

    def start(self, fails):
        here, there = mp.Pipe()
        self.process = mp.Process(
            target=broker, args=(self.path, there, self.key, fails))
        self.process.start()
        self.address = here.recv()

    def ask(self, task):
        with Client(self.address, authkey=self.key) as conn:
            conn.send(task)
            return conn.recv() if task else None

    def put(self, body):
        task = (uuid.uuid4().hex, body)      # one id, all attempts
        for attempt in range(1, 10):
            try:
                return self.ask(task), attempt
            except (EOFError, OSError):      # stored or not: unknown
                self.process.join()
                self.start(fails=False)      # an operator, in life
        raise RuntimeError("not acknowledged")


def in_a_file(path):
    j = Journal(path)
    for n in range(5):
        answer, attempt = j.put(n)
        print(f"task {n}: {answer}, attempt {attempt}")
    j.ask(None)
    j.process.join()
    db = sqlite3.connect(path)
    print("in the file:", db.execute(
        "SELECT count(*) FROM tasks").fetchone()[0], "tasks")
    db.close()


if __name__ == "__main__":
    in_memory()
    with tempfile.TemporaryDirectory() as folder:
        in_a_file(os.path.join(folder, "journal"))
