"""Word count by map and reduce: a pool whose workers share a disk."""
import argparse
import ast
import collections
import json
import multiprocessing as mp
import os
import re
import signal
import tarfile
import tempfile
import typing
import zlib

# What is counted: the sources of Python's own library.
FILES = [m.__file__ for m in (argparse, ast, collections, json,
                              mp, os, re, tarfile, tempfile, typing)]
REDUCES = 3


def words(path):
    with open(path, encoding="utf-8") as f:
        return re.findall(r"[a-z]+", f.read().lower())


def partition(word):                 # hash() may differ by process
    return zlib.crc32(word.encode()) % REDUCES


def commit(path, counts):
    temp = f"{path}-{os.getpid()}.tmp"
    with open(temp, "w", encoding="utf-8") as f:
        json.dump(counts, f)
    os.replace(temp, path)           # whole, or not there


def map_task(task):
    n, path, folder, crash = task
    parts = [collections.Counter() for _ in range(REDUCES)]
    for word in words(path):
        parts[partition(word)][word] += 1
    if crash:
        os.kill(os.getpid(), signal.SIGKILL)
    for r, counts in enumerate(parts):
        commit(f"{folder}/map-{n}-{r}", counts)
    return n


def reduce_task(task):
    r, maps, folder = task
    total = collections.Counter()
    for n in range(maps):
        with open(f"{folder}/map-{n}-{r}", encoding="utf-8") as f:
            total.update(json.load(f))
    commit(f"{folder}/out-{r}", total)
    return r


def results(pool, function, tasks):
    """Yield what comes, until nothing comes for three seconds."""
    it = pool.imap_unordered(function, tasks)
    for _ in tasks:
        try:
            yield it.next(timeout=3)
        except mp.TimeoutError:      # the pool never says who died
            return


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, mp.Pool(3) as pool:
        maps = [(n, path, folder, n == 2)
                for n, path in enumerate(FILES)]
        done = list(results(pool, map_task, maps))
        missing = sorted(set(range(len(maps))) - set(done))
        print("nothing for 3 s; missing:", missing)
        again = [(n, FILES[n], folder, False) for n in missing + [0]]
        done += results(pool, map_task, again)
        print("map 0 was done", done.count(0), "times")

        tasks = [(r, len(maps), folder) for r in range(REDUCES)]
        total = collections.Counter()
        for r in results(pool, reduce_task, tasks):
            with open(f"{folder}/out-{r}", encoding="utf-8") as f:
                total.update(json.load(f))
    one = collections.Counter(w for path in FILES for w in words(path))
    print("most frequent:", [w for w, _ in total.most_common(3)])
    print("the answer of one loop:", total == one)
