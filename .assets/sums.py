"""Sums of squares, in a pool: what is it doing?"""
import multiprocessing as mp
import random
import time


def work(n):
    time.sleep(random.uniform(0.1, 0.5))  # waits for something
    return sum(i * i for i in range(400_000 * (n % 4)))


if __name__ == "__main__":
    with mp.Pool(3) as pool:
        for total in pool.imap_unordered(work, range(24)):
            print(total)
