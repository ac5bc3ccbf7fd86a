"""A pre-fork web server: who counts the hits?"""
import http.client
import multiprocessing as mp
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer

WORKERS, HITS = 4, 100
hits = 0                      # a global: each process has its own
counter = None                # a Value: one, for all of them


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        global hits
        time.sleep(0.02)      # what a page has to wait for
        if self.path == "/global":
            hits += 1
            n = hits
        else:
            with counter.get_lock():   # the update and the reading
                counter.value += 1
                n = counter.value
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{os.getpid()} {n}".encode())

    def log_message(self, *args):
        pass                  # no line for each hit


def serve(listener, value, ready):
    global counter
    counter = value
    server = HTTPServer(listener.getsockname(), Page,
                        bind_and_activate=False)
    server.socket.close()
    server.socket = listener  # the master's, and every worker's
    ready.release()
    server.serve_forever()


def start(listener, value, ready):
    p = mp.Process(target=serve, args=(listener, value, ready),
                   daemon=True)          # it ends with its master
    p.start()
    ready.acquire()           # it accepts
    return p


def hit(port, path):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    c.request("GET", path)
    pid, n = c.getresponse().read().split()
    c.close()
    return int(pid), int(n)


def hit_all(port):
    """100 hits for each path, 6 at a time: (pid, number)."""
    with ThreadPoolExecutor(6) as clients:
        return {path: list(clients.map(hit, [port] * HITS,
                                       [path] * HITS))
                for path in ("/global", "/shared")}


def report(path, replies):
    pids = [pid for pid, _ in replies]
    numbers = [n for _, n in replies]
    print(f"{path}: {len(replies)} hits, "
          f"{len(set(pids))} pids, largest reply {max(numbers)}, "
          f"{len(numbers) - len(set(numbers))} told before")
    print("  hits by pid:", sorted(pids.count(p) for p in set(pids)))


if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    value, ready = mp.Value("q", 0), mp.Semaphore(0)
    workers = [start(listener, value, ready) for _ in range(WORKERS)]

    before = hit_all(port)
    for path, replies in before.items():
        report(path, replies)

    dead = workers.pop()
    dead.kill()
    dead.join()
    workers.append(start(listener, value, ready))
    print("a worker is killed, the master has started another")
    for path, replies in hit_all(port).items():
        report(path, before[path] + replies)

    for p in workers:
        p.terminate()
        p.join()
