"""Only bytes cross: which functions can another process be given?"""
import multiprocessing as mp
import pickle
import time

FACTOR = 1  # main() makes it 10


def square(n):
    return n * n


def times(n):
    return n * FACTOR


def call(function, n, there):
    there.send(function(n))
    time.sleep(0.3)  # time to look at it from outside


def attempt(ctx, what, function, n):
    here, there = ctx.Pipe(duplex=False)
    p = ctx.Process(target=call, args=(function, n, there),
                    name=ctx.get_start_method() + "-" + what)
    try:
        p.start()
    except (pickle.PicklingError, AttributeError) as error:
        return f"refused ({type(error).__name__})"
    there.close()
    value = here.recv()
    p.join()
    assert p.exitcode == 0
    return value


def main():
    global FACTOR
    FACTOR = 10

    def nested(n):
        return n * n

    data = pickle.dumps(square)
    print("square as bytes:", data)
    print("its name is in there:", b"square" in data)
    print("its code is in there:", square.__code__.co_code in data)

    for method in ("fork", "forkserver", "spawn"):
        ctx = mp.get_context(method)
        print(method)
        print("  square(7):", attempt(ctx, "square", square, 7))
        print("  a lambda:",
              attempt(ctx, "lambda", lambda n: n * n, 7))
        print("  a nested function:", attempt(ctx, "nested", nested, 7))
        print("  times(7):", attempt(ctx, "times", times, 7))


if __name__ == "__main__":
    main()
