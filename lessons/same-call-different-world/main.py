"""One call at three distances; then one lost reply with two truths."""
import multiprocessing as mp
import os
import statistics
import tempfile
import time
from multiprocessing.connection import Client, Listener


def double(x):
    return 2 * x


def serve(conn):
    """Answer until the caller says None."""
    while (x := conn.recv()) is not None:
        conn.send(double(x))


def serve_tcp(address):
    serve(Client(address, authkey=mp.current_process().authkey))


def cashier(conn, ledger, dies):
    """Book a payment, but die before or after the deed."""
    amount = conn.recv()
    if dies == "after":
        with open(ledger, "a") as f:
            f.write(f"{amount}\n")
    os._exit(1)                      # the reply is never sent


def ask(conn, x):
    conn.send(x)
    return conn.recv()


def report(what, call, times=2000):
    took = []
    for i in range(times):
        t = time.perf_counter_ns()
        call(i)
        took.append(time.perf_counter_ns() - t)
    print(f"{what}: median {statistics.median(took) / 1000:.2f} us")


if __name__ == "__main__":
    report("function", double)

    here, there = mp.Pipe()
    p = mp.Process(target=serve, args=(there,))
    p.start()
    report("pipe", lambda x: ask(here, x))
    here.send(None)
    p.join()

    key = mp.current_process().authkey   # children inherit it
    with Listener(("127.0.0.1", 0), authkey=key) as listener:
        p = mp.Process(target=serve_tcp, args=(listener.address,))
        p.start()
        with listener.accept() as conn:
            report("loopback", lambda x: ask(conn, x))
            conn.send(None)
            p.join()

    for dies in "before", "after":
        here, there = mp.Pipe()
        with tempfile.NamedTemporaryFile() as f:
            p = mp.Process(target=cashier, args=(there, f.name, dies))
            p.start()
            there.close()            # or the end of file never comes
            try:
                ask(here, 100)
            except EOFError:
                print("pay 100: no reply. Did it happen? UNKNOWN")
            p.join()
            print("  the ledger knows:", len(f.readlines()), "booked")
