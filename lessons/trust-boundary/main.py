"""authkey guards the handshake; recv() unpickles, and so runs code."""
import hmac
import json
import multiprocessing as mp
import pickle
import secrets
import socket
import tempfile
import threading
from multiprocessing.connection import Client, Listener
from pathlib import Path


class Trap(str):
    """Its pickle is a call, made by whoever unpickles it."""

    def __reduce__(self):
        return Path.touch, (Path(str(self)),)


def sign(key, body):
    return hmac.digest(key, body, "sha256") + body


def check(key, frame, after):
    """The number and the content of a message that may be believed."""
    mac, body = frame[:32], frame[32:]
    if not hmac.compare_digest(mac, hmac.digest(key, body, "sha256")):
        raise ValueError("signature")
    number, message = json.loads(body)
    if number <= after:
        raise ValueError("number")
    return number, message


def bank(ready, key):
    with Listener(("127.0.0.1", 0), authkey=key) as listener:
        ready.send(listener.address)
        for _ in range(3):
            try:
                with listener.accept() as conn:
                    conn.send(f"got {conn.recv()}")
            except mp.AuthenticationError:
                pass                 # of a stranger; the next may come
        last = 0
        with listener.accept() as conn:
            while frame := conn.recv_bytes():
                try:
                    last, message = check(key, frame, last)
                    conn.send_bytes(f"got {message}".encode())
                except (ValueError, TypeError):
                    conn.send_bytes(b"refused")


def eve(listener, address, seen):
    """Pass on what a client and the bank say, and keep it."""
    near, _ = listener.accept()
    far = socket.create_connection(address)

    def pass_on(src, dst):
        while data := src.recv(65536):
            seen.append(data)
            dst.sendall(data)
        dst.shutdown(socket.SHUT_WR)

    back = threading.Thread(target=pass_on, args=(far, near))
    back.start()
    pass_on(near, far)
    back.join()
    near.close()
    far.close()


if __name__ == "__main__":
    key = secrets.token_bytes(32)
    here, there = mp.Pipe()
    p = mp.Process(target=bank, args=(there, key))
    p.start()
    address = here.recv()

    seen = []
    with socket.create_server(("127.0.0.1", 0)) as door:
        t = threading.Thread(target=eve, args=(door, address, seen))
        t.start()
        with Client(door.getsockname(), authkey=key) as conn:
            conn.send(["pay 10", "shop"])
            print("the bank", conn.recv())
        t.join()
    print("eve can read the order:", b"pay 10" in b"".join(seen))
    print("eve can read the key:", key in b"".join(seen))
    try:
        Client(address, authkey=b"a guess")
    except mp.AuthenticationError:
        print("a wrong key: refused")

    with tempfile.TemporaryDirectory() as folder:
        one, two = Path(folder, "one"), Path(folder, "two")
        with Client(address, authkey=key) as conn:
            conn.send(Trap(one))
            conn.recv()
        print("recv() has touched a file:", one.exists())

        good = sign(key, json.dumps([1, "pay 10"]).encode())
        with Client(address, authkey=key) as conn:
            for what, frame in [
                ("altered", good[:-2] + b'0"]'),
                ("a trap", sign(key, pickle.dumps(Trap(two)))),
                ("good", good),
                ("good, once more", good),
            ]:
                conn.send_bytes(frame)
                print(f"JSON, {what}:", conn.recv_bytes().decode())
            conn.send_bytes(b"")
        print("a file was touched:", two.exists())
    p.join()
