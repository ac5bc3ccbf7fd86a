"""A peer that is stopped, and one that was killed, from the outside."""
import multiprocessing as mp
import os
import signal
import socket

PATIENCE = 0.5                       # seconds of silence to put up with
LONG = 20                            # never wait for ever


def server(ready):
    """Answer one client after the other."""
    with socket.create_server(("127.0.0.1", 0)) as s:
        ready.send(s.getsockname()[1])
        while True:
            conn, _ = s.accept()
            with conn:
                while data := conn.recv(64):
                    conn.sendall(data)


def listen(conn, patience):
    """All that a client can find out."""
    conn.settimeout(patience)
    try:
        data = conn.recv(64)
    except TimeoutError:
        return "silence"
    except ConnectionResetError:
        return "reset: a kernel says that it has ended"
    if not data:
        return "end of stream: a kernel says that it has ended"
    return "answer: " + data.decode()


if __name__ == "__main__":
    here, there = mp.Pipe()
    p = mp.Process(target=server, args=(there,))
    p.start()
    address = ("127.0.0.1", here.recv())
    with socket.create_connection(address, timeout=LONG) as conn:
        conn.sendall(b"one")
        print("running:", listen(conn, LONG))

        os.kill(p.pid, signal.SIGSTOP)
        conn.sendall(b"two")         # no error: the kernel took it
        print("stopped:", listen(conn, PATIENCE))
        late = socket.create_connection(address, timeout=LONG)
        print("stopped: a new connection was taken")

        os.kill(p.pid, signal.SIGCONT)
        print("goes on:", listen(conn, LONG))

        os.kill(p.pid, signal.SIGKILL)
        print("killed:", listen(conn, LONG))
        late.close()
    p.join()
