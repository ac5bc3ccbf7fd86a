"""Two nodes that share nothing but messages, and what silence means."""
import multiprocessing as mp
import socket
import time

PATIENCE = 0.5                       # seconds of silence to put up with


def node(port):
    """Send heartbeats. One pause is long; nothing is broken."""
    address = ("127.0.0.1", port)
    with socket.create_connection(address, timeout=10) as peer:
        for pause in (0.1, 0.1, 1.3, 0.1):
            time.sleep(pause)
            peer.sendall(b"beat\n")


def watch(conn):
    """All that one node can know of another: what arrives, and when."""
    conn.settimeout(PATIENCE)
    suspect = False
    while True:
        try:
            data = conn.recv(64)
        except TimeoutError:
            if not suspect:
                print("silence: dead, slow, cut off? suspected")
            suspect = True
            continue
        if not data:
            print("end of stream: the kernel closed it")
            return
        print("beat: a false alarm" if suspect else "beat")
        suspect = False


if __name__ == "__main__":
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)        # never wait for ever
        port = server.getsockname()[1]
        p = mp.Process(target=node, args=(port,))
        p.start()
        conn, _ = server.accept()
        with conn:
            watch(conn)
        p.join()
    raise SystemExit(p.exitcode)
