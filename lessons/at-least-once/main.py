"""A lost acknowledgement, a retry, and what an id is good for."""
import multiprocessing as mp
import os
import socket
import sqlite3
import tempfile
import uuid

PATIENCE = 1.0                       # seconds


def bank(path, ready, ids):
    """Do what is asked, and answer; the second answer is lost."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("CREATE TABLE paid (id TEXT, amount INTEGER)")
    duplicates, number = 0, 0
    with socket.create_server(("127.0.0.1", 0)) as server:
        ready.send(server.getsockname()[1])
        while True:
            conn, _ = server.accept()
            with conn:
                request = conn.recv(64).decode().split()
                if not request:
                    break            # the client has finished
                key, amount = request
                number += 1
                seen = db.execute(
                    "SELECT 1 FROM paid WHERE id = ?", (key,))
                if ids and seen.fetchone():
                    duplicates += 1
                else:                # the deed and its mark, in one
                    db.execute("INSERT INTO paid VALUES (?, ?)",
                               (key, int(amount)))
                try:
                    if number == 2:
                        conn.recv(1)     # silent until the client goes
                    else:
                        conn.sendall(b"done")
                except OSError:
                    pass                 # the client has given up
    count, balance = db.execute(
        "SELECT count(*), sum(amount) FROM paid").fetchone()
    db.close()
    ready.send((number, count, duplicates, balance))


def pay(port, amount):
    key = uuid.uuid4().hex           # the same in every attempt
    for attempt in range(1, 10):
        try:
            with socket.create_connection(("127.0.0.1", port),
                                          timeout=PATIENCE) as conn:
                conn.sendall(f"{key} {amount}".encode())
                if conn.recv(16):
                    return attempt
        except OSError:
            pass                     # lost? late? done? unknown
    raise RuntimeError("not acknowledged")


if __name__ == "__main__":
    for ids in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            here, there = mp.Pipe()
            path = os.path.join(folder, "bank")
            p = mp.Process(target=bank, args=(path, there, ids))
            p.start()
            port = here.recv()
            attempts = [pay(port, 10) for _ in range(3)]
            socket.create_connection(("127.0.0.1", port)).close()
            requests, effects, duplicates, balance = here.recv()
            p.join()
        print("with ids:" if ids else "without ids:", attempts,
              "attempts,", requests, "requests,", effects, "effects,",
              duplicates, "duplicates, balance", balance)
