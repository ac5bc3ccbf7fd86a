"""An object in another process: what is a copy, what does it cost?"""
import multiprocessing as mp
import time


def count_up(shared, n):
    for _ in range(n):
        shared["hits"] = shared["hits"] + 1  # two crossings


def timed(what, operation, n=2000):
    start = time.perf_counter()
    for _ in range(n):
        operation()
    print(f"{what}: {(time.perf_counter() - start) / n * 1e6:.2f} µs")


def main():
    with mp.Manager() as manager:
        shared = manager.dict()
        shared["notes"] = []
        shared["notes"].append("lost")  # appended to a copy
        print("after append:", shared["notes"])
        notes = shared["notes"]
        notes.append("kept")
        shared["notes"] = notes  # put back
        print("put back:", shared["notes"])
        nested = manager.list()  # a list that lives there too
        shared["nested"] = nested
        shared["nested"].append("kept")
        print("a list of the manager's:", list(shared["nested"]))

        shared["hits"] = 0
        both = [mp.Process(target=count_up, args=(shared, 500))
                for _ in range(2)]
        for p in both:
            p.start()
        for p in both:
            p.join()
        assert [p.exitcode for p in both] == [0, 0]
        print("two count to 500 each:", shared["hits"])

        own, value = {"hits": 0}, mp.Value("i", 0)
        timed("own dict", lambda: own["hits"])
        timed("Value in shared memory", lambda: value.value)
        timed("Manager dict", lambda: shared["hits"])


if __name__ == "__main__":
    main()
