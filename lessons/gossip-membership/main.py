"""Who is there? Home-made gossip of heartbeats, to show the idea.

Its lacks: nobody asks a third node before it judges, nobody can
say goodbye, and each message carries the table of all nodes.
"""
import json
import multiprocessing as mp
import os
import random
import signal
import socket
import time

BEAT, PATIENCE = 0.05, 1.0  # seconds
HERE = "127.0.0.1"


def udp():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((HERE, 0))
    return sock


def send(sock, what, port):
    sock.sendto(json.dumps(what).encode(), (HERE, port))


def node(me, sock, others, reader):
    """Raise the own count, gossip all counts, judge by their age."""
    counts = {me: 0}
    risen = {me: time.monotonic()}  # when a count last rose, here
    opinion = {}
    sock.settimeout(BEAT / 5)
    due = 0.0
    while True:
        if time.monotonic() >= due:
            due = time.monotonic() + BEAT
            counts[me] += 1
            for port in random.sample(others, 2):
                send(sock, counts, port)
        try:
            heard = json.loads(sock.recv(65536))
        except OSError:  # nothing came
            heard = {}
        for name, count in heard.items():
            if count > counts.get(name, 0):
                counts[name], risen[name] = count, time.monotonic()
        for name in counts.keys() - {me}:
            old = time.monotonic() - risen[name] > PATIENCE
            now = "failed" if old else "alive"
            if opinion.get(name) != now:
                opinion[name] = now
                send(sock, [me, name, now], reader)


def until(sock, opinions, who, about, want):
    """Wait until all in who say so; return when each began to."""
    began, times = time.monotonic(), {}
    while any(opinions.get((w, a)) != want
              for w in who for a in about if w != a):
        w, a, now = json.loads(sock.recv(1000))
        opinions[w, a] = now
        if w in who and a in about and now == want:
            times[w] = time.monotonic() - began
    return sorted(times.values())


def main():
    names = ["n1", "n2", "n3", "n4", "n5"]
    reader, opinions = udp(), {}
    socks = {name: udp() for name in names}
    ports = {name: s.getsockname()[1] for name, s in socks.items()}
    nodes = {}
    for n in names:
        others = [ports[o] for o in names if o != n]
        nodes[n] = mp.Process(
            target=node, name=n, daemon=True,
            args=(n, socks[n], others, reader.getsockname()[1]))
        nodes[n].start()
    until(reader, opinions, names, names, "alive")
    print("each of five has heard of all others", flush=True)

    began = time.monotonic()
    nodes["n5"].kill()
    nodes["n5"].join()
    print(f"n5 killed: its parent knows after "
          f"{time.monotonic() - began:.3f} s")
    times = until(reader, opinions, names[:4], ["n5"], "failed")
    print(f"the nodes: {times[0]:.2f} s to {times[-1]:.2f} s")

    os.kill(nodes["n4"].pid, signal.SIGSTOP)
    until(reader, opinions, names[:3], ["n4"], "failed")
    print("n4 stopped: failed, say three nodes;",
          "is_alive():", nodes["n4"].is_alive())
    os.kill(nodes["n4"].pid, signal.SIGCONT)
    until(reader, opinions, names[:3], ["n4"], "alive")
    print("n4 goes on: alive, say three nodes")
    for n in names[:4]:
        nodes[n].kill()
        nodes[n].join()


if __name__ == "__main__":
    main()
