"""A block of memory that processes share, and what it does not do."""
import multiprocessing as mp
import struct
import subprocess
import sys
import time
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

SIZE = 1 << 20
ALONE = """if True:
    from multiprocessing.shared_memory import SharedMemory
    print(SharedMemory(create=True, size=100).name, flush=True)
    input()
"""


def add_one(name):
    block = SharedMemory(name=name)          # attach: no copy
    block.buf[0] += 1
    struct.pack_into("d", block.buf, 8, 1.5)
    block.close()                            # for this process


def fill(name, lock, stop):
    block = SharedMemory(name=name)
    old, new = b"\0" * SIZE, b"\1" * SIZE
    while not stop.is_set():
        for data in (old, new):
            if lock is None:
                block.buf[:SIZE] = data
            else:
                with lock:
                    block.buf[:SIZE] = data
    block.close()


def torn(block, lock):
    """Reads that saw a part of one write, a part of another."""
    stop = mp.Event()
    filler = mp.Process(target=fill, args=(block.name, lock, stop))
    filler.start()
    count, end = 0, time.monotonic() + 1
    while time.monotonic() < end:
        if lock is None:
            data = bytes(block.buf[:SIZE])
        else:
            with lock:
                data = bytes(block.buf[:SIZE])
        count += data.count(data[0]) != SIZE
    stop.set()
    filler.join()
    return count


def make(names):
    block = SharedMemory(create=True, size=100)
    block.buf[0] = 7
    names.put(block.name)
    time.sleep(60)


def there(name):
    return Path("/dev/shm", name).exists()   # on Linux


if __name__ == "__main__":
    block = SharedMemory(create=True, size=SIZE)
    block.buf[0] = 42
    p = mp.Process(target=add_one, args=(block.name,))
    p.start()
    p.join()
    print("42, and the child added one:", block.buf[0])
    number, = struct.unpack_from("q", block.buf, 8)
    print("the float 1.5, read as an integer:", number)

    block.buf[:SIZE] = b"\0" * SIZE
    print("torn reads:", torn(block, None))
    print("torn reads, with a lock:", torn(block, mp.Lock()))
    block.close()
    block.unlink()                           # for everybody
    print("unlinked, still there:", there(block.name))

    names = mp.SimpleQueue()
    maker = mp.Process(target=make, args=(names,))
    maker.start()
    name = names.get()
    maker.kill()
    maker.join()
    print("its maker was killed, still there:", there(name))
    left = SharedMemory(name=name)
    print("what is in it:", left.buf[0])
    left.close()
    left.unlink()
    print("unlinked, still there:", there(name))

    pipe = subprocess.PIPE
    program = subprocess.Popen([sys.executable, "-c", ALONE], text=True,
                               stdin=pipe, stdout=pipe, stderr=pipe)
    name = program.stdout.readline().strip()
    print("another program made one:", there(name))
    program.kill()
    program.communicate()                    # its tracker ends, too
    print("that was killed, still there:", there(name))
