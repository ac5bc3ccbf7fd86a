"""Tells the stage what a Python program does with its processes.

Nothing in the program changes. Some functions of multiprocessing,
concurrent.futures, threading and asyncio are wrapped when the program imports
them; what they do is reported as one JSON line each on an inherited descriptor.
A line is shorter than PIPE_BUF and written with one call, so lines of several
processes do not mix and a process that is killed leaves no half of one.

The rules are:
 1. A wrapper calls what it wraps, once, and returns or raises what that did.
 2. Trouble in here never reaches the program.
 3. Only the standard library, from Python 3.9 on; a module that the program does
    not import is not imported here.
"""
import os
import sys
import time

_fd = -1        # where lines go
_quiet = False  # the stage is gone
_dir = ""       # the run's folder
_step = False   # the stage says who goes next
_main = ""      # the folder of the program's file
_pid = 0        # as _fd was last used: after a fork it is another

_escape = {i: " " for i in range(32)}
_escape[34] = '\\"'
_escape[92] = "\\\\"


def _q(text, most=160):
    """A JSON string."""
    text = str(text)
    if len(text) > most:
        text = text[:most - 1] + "…"
    return '"' + text.translate(_escape).encode("utf-8", "replace").decode("utf-8") + '"'


def _tell(line):
    """Writes one line; blocks while the stage is behind."""
    global _quiet
    if not _quiet:
        try:
            os.write(_fd, line.encode())
        except OSError:
            _quiet = True


def _brief(value, most=40):
    """A value in few letters, without calling the program's code."""
    t = type(value)
    if t is int and value.bit_length() > 256:
        text = "int of %d bits" % value.bit_length()
    elif t in (int, float, bool, type(None)):
        text = repr(value)
    elif t in (str, bytes):
        text = repr(value[:most])
    elif t in (tuple, list):
        text = ", ".join(_brief(v, 12) for v in value[:4]) + (", …" if len(value) > 4 else "")
        text = "(" + text + ")" if t is tuple else "[" + text + "]"
    else:
        text = t.__name__
    return text if len(text) <= most else text[:most - 1] + "…"


def _called(func, args):
    """A call as it is written."""
    try:
        name = getattr(func, "__name__", None) or getattr(getattr(func, "func", None), "__name__", None) or type(func).__name__
        return name + "(" + ", ".join(_brief(a) for a in args[:3]) + ")"
    except Exception:  # of a __getattr__ of the program's
        return type(func).__name__ + "()"


def _why(exc):
    """An exception in words."""
    try:
        text = str(exc)
    except Exception:  # of a __str__ of the program's
        text = ""
    return type(exc).__name__ + (": " + text if text else "")


def _own(name):
    """Whether a file is the program's own, and no library that lies below it."""
    return name.startswith(_main) and "/lib/python" not in name


def _variable(depth, most=3):
    """What the program calls the thing that it makes now: q in "q = Queue()".

    It is empty when that cannot be told, and None when the program's own code is
    not among the callers that are looked at.
    """
    try:
        frame = sys._getframe(depth)
        for _ in range(most):
            name = frame.f_code.co_filename
            if _own(name):
                import linecache
                left, eq, _ = linecache.getline(name, frame.f_lineno).partition("=")
                left = left.strip().rpartition(".")[2]
                return left if eq and left.isidentifier() else ""
            frame = frame.f_back
    except Exception:
        pass
    return None


def _gate(text):
    """In step mode: says what comes next, and waits to be let go."""
    if not _step or _quiet:
        return
    try:
        path = "%s/gate-%d" % (_dir, os.getpid())
        if not os.path.exists(path):
            os.mkfifo(path, 0o600)
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        _tell('{"k":"step","p":%d,"x":%s}\n' % (os.getpid(), _q(text)))
        os.read(fd, 1)
        os.close(fd)
    except OSError:
        pass


def _error(exc, who):
    """Reports an exception with the frames that are the program's own."""
    frames = []
    tb = exc.__traceback__
    while tb is not None and len(frames) < 8:
        code = tb.tb_frame.f_code
        if _own(code.co_filename):
            frames.append("%s:%d in %s" % (code.co_filename.rpartition("/")[2], tb.tb_lineno, code.co_name))
        tb = tb.tb_next
    _tell('{"k":"err","p":%d,"n":%s,"e":%s,"at":[%s]}\n' % (
        os.getpid(), _q(who), _q(_why(exc), 300),
        ",".join(_q(f, 100) for f in frames)))


def _wrap(owner, name, make):
    """Replaces owner.name by make(owner.name), under the same name."""
    try:
        was = getattr(owner, name)
        now = make(was)
        for a in ("__name__", "__qualname__", "__module__", "__doc__"):
            try:
                setattr(now, a, getattr(was, a))
            except (AttributeError, TypeError):
                pass
        setattr(owner, name, now)
    except AttributeError:
        pass  # this version of Python has none


# The processes.


def _util(m):
    def passfds(was):
        def spawnv_passfds(path, args, fds):
            if not _quiet:
                fds = sorted(set(fds) | {_fd})
            return was(path, args, fds)
        return spawnv_passfds

    def leaving(was):
        def _exit_function(*args, **kwargs):
            exc = sys.exc_info()[1]  # of the process's run, on its way out
            process = sys.modules.get("multiprocessing.process")
            if isinstance(exc, Exception) and process:
                _error(exc, process.current_process().name)
            return was(*args, **kwargs)
        return _exit_function
    _wrap(m, "spawnv_passfds", passfds)
    _wrap(m, "_exit_function", leaving)


_waiting = set()  # threads that have said for what


class _waits:
    """Tells what this thread waits for: a barrier, and not the condition in it."""

    def __init__(self, on):
        self._on, self._who = on, (os.getpid(), _tid())

    def __enter__(self):
        self._outer = self._who not in _waiting
        if self._outer:
            _waiting.add(self._who)
            _tell('{"k":"block","p":%d,"t":%d,"x":%s}\n' % (self._who + (_q(self._on),)))

    def __exit__(self, *_):
        if self._outer:
            _waiting.discard(self._who)
            _tell('{"k":"block","p":%d,"t":%d,"x":""}\n' % self._who)


def _method(process):
    """How a process is started."""
    method = getattr(process, "_start_method", None) or getattr(getattr(process, "_popen", None), "method", None)
    if not method and "multiprocessing" in sys.modules:
        method = sys.modules["multiprocessing"].get_start_method(True)
    return method or ""


def _role(process):
    """What a process is for, by the function of the library that it runs."""
    target = getattr(process, "_target", None)
    where = (getattr(target, "__module__", ""), getattr(target, "__name__", ""))
    return {
        ("multiprocessing.pool", "worker"): "pool worker",
        ("concurrent.futures.process", "_process_worker"): "executor worker",
        ("multiprocessing.managers", "_run_server"): "manager server",
    }.get(where, "process")


def _process(m):
    base = m.BaseProcess

    def start(was):
        def start(self):
            _gate("start " + self.name)
            role = _role(self)  # a process that was started no longer has its target
            began = time.perf_counter_ns()  # a clock that all processes here share
            was(self)
            _tell('{"k":"child","p":%d,"c":%d,"n":%s,"m":%s,"x":"%s","ns":%d}\n' % (os.getpid(), self.pid or 0, _q(self.name), _q(_method(self)), role, began))
        return start

    def join(was):
        def join(self, timeout=None):
            _gate("join " + self.name)
            with _waits("join " + self.name):
                return was(self, timeout)
        return join

    def bootstrap(was):
        def _bootstrap(self, parent_sentinel=None):
            now = time.perf_counter_ns()
            _tell('{"k":"proc","p":%d,"n":%s,"m":%s,"x":"%s","ns":%d}\n' % (os.getpid(), _q(self.name), _q(_method(self)), _role(self), now))
            return was(self, parent_sentinel)
        return _bootstrap
    _wrap(base, "start", start)
    _wrap(base, "join", join)
    _wrap(base, "_bootstrap", bootstrap)


def _context(m):
    method = os.environ.get("PROCESSION_PY_METHOD")
    if method:
        m._default_context._actual_context = m._concrete_contexts[method]


# Tasks. Their key is the same in the process that made them and in the one that
# runs them; the stage numbers them as they come.


class _Tasks:
    """A queue as a worker sees it, which tells what goes through."""

    def __init__(self, queue, got=None, gave=None):
        self._queue, self._got, self._gave = queue, got, gave

    def get(self, *args, **kwargs):
        item = self._queue.get(*args, **kwargs)
        if item is not None:
            _safely(self._got, item)
        return item

    def put(self, item):
        _safely(self._gave, item)
        return self._queue.put(item)

    def __getattr__(self, name):
        return getattr(self._queue, name)


def _safely(tell, what):
    try:
        tell(what)
    except Exception:
        pass


def _parent():
    """The process that gave this one its work."""
    mp = sys.modules.get("multiprocessing.process")
    p = mp.parent_process() if mp else None
    return p.pid if p else os.getpid()


def _run(key, note):
    _gate("run " + note)
    _tell('{"k":"run","p":%d,"t":%d,"j":"%s","x":%s}\n' % (os.getpid(), _tid(), key, _q(note, 80)))
    return time.perf_counter_ns()


def _ran(key, began, exc=None):
    ns = time.perf_counter_ns() - began
    exc = getattr(exc, "exc", exc)  # a pool wraps it to carry its traceback
    if exc is None:
        _tell('{"k":"done","p":%d,"t":%d,"j":"%s","ns":%d}\n' % (os.getpid(), _tid(), key, ns))
    else:
        _tell('{"k":"fail","p":%d,"t":%d,"j":"%s","ns":%d,"e":%s}\n' % (
            os.getpid(), _tid(), key, ns, _q(_why(exc))))


def _tid():
    """The kernel's number of this thread; the main thread's is the process's."""
    t = sys.modules.get("threading")
    return t.get_native_id() if t else 0


def _pool(m):
    def worker(was):
        def worker(inqueue, outqueue, *args, **kwargs):
            thread = type(inqueue).__module__ in ("_queue", "queue")
            parent, now = os.getpid() if thread else _parent(), {}

            def got(task):
                job, i, func, a, _ = task
                if func is getattr(m, "mapstar", None) or func is getattr(m, "starmapstar", None):
                    func, batch = a[0]
                    batch = list(batch) if not isinstance(batch, (list, tuple)) else batch
                    note = _called(func, batch[:1])
                    if len(batch) > 1:
                        note += " and %d more" % (len(batch) - 1)
                else:
                    note = _called(func, a)
                key = "%d.%d.%s" % (parent, job, i)
                now["key"], now["began"] = key, _run(key, note)

            def gave(result):
                job, i, (ok, value) = result
                if "began" in now:
                    _ran("%d.%d.%s" % (parent, job, i), now.pop("began"), None if ok else value)

            return was(_Tasks(inqueue, got=got), _Tasks(outqueue, gave=gave), *args, **kwargs)
        return worker

    announced = set()

    def apply_result(was):
        def __init__(self, *args, **kwargs):
            was(self, *args, **kwargs)
            if type(self) is m.ApplyResult:
                announced.add(self._job)
                _tell('{"k":"new","p":%d,"j":"%d.%d.0"}\n' % (os.getpid(), os.getpid(), self._job))
        return __init__

    def map_result(was):
        def __init__(self, pool, chunksize, length, *args, **kwargs):
            was(self, pool, chunksize, length, *args, **kwargs)
            announced.add(self._job)
            _tell('{"k":"news","p":%d,"j":"%d.%d","c":%d}\n' % (os.getpid(), os.getpid(), self._job, self._number_left))
        return __init__

    def queues(was):
        def _setup_queues(self):
            was(self)
            put = self._quick_put

            def quick_put(task):
                if task is not None and task[0] not in announced:
                    _tell('{"k":"new","p":%d,"j":"%d.%d.%s"}\n' % (os.getpid(), os.getpid(), task[0], task[1]))
                return put(task)
            self._quick_put = quick_put
        return _setup_queues
    _wrap(m, "worker", worker)
    _wrap(m.ApplyResult, "__init__", apply_result)
    _wrap(m.MapResult, "__init__", map_result)
    _wrap(m.Pool, "_setup_queues", queues)
    _wrap(m.ThreadPool, "_setup_queues", queues)


_made = iter(range(1 << 60))


def _mark(thing):
    """What names a lock or a queue in every process that has it.

    A process that was started by spawn or the fork server gets a lock by the name
    of its semaphore; one that was forked has the object, and what we wrote on it.
    """
    lock = getattr(thing, "_rlock", thing)
    try:
        return lock._semlock.name or lock._procession_mark
    except AttributeError:
        return ""


def _executor_processes(m):
    def worker(was):
        def _process_worker(calls, results, *args, **kwargs):
            mark, now = _mark(calls), {}

            def got(item):
                key = "%s.%d" % (mark, item.work_id)
                func, a = item.fn, item.args
                inner = getattr(func, "args", None)
                if getattr(getattr(func, "func", None), "__name__", "") == "_process_chunk" and inner:
                    batch = list(a[0])
                    note = _called(inner[0], batch[0] if batch else ()) + (" and %d more" % (len(batch) - 1) if len(batch) > 1 else "")
                else:
                    note = _called(func, a)
                now["began"] = _run(key, note)

            def gave(item):
                if "began" in now and getattr(item, "work_id", None) is not None:
                    _ran("%s.%d" % (mark, item.work_id), now.pop("began"), item.exception)

            return was(_Tasks(calls, got=got), _Tasks(results, gave=gave), *args, **kwargs)
        return _process_worker

    def submit(was):
        def submit(self, fn, /, *args, **kwargs):
            turn = self.__dict__.setdefault("_procession_turn", sys.modules["threading"].RLock())
            try:
                with turn:  # so that the number is this task's
                    key = "%s.%d" % (_mark(self._call_queue), self._queue_count)
                    _tell('{"k":"new","p":%d,"j":"%s","x":%s}\n' % (os.getpid(), key, _q(_called(fn, args), 80)))
                    future = was(self, fn, *args, **kwargs)
            except Exception as e:  # broken, or shut down: it takes no more
                _tell('{"k":"lost","p":%d,"j":"%s","e":%s}\n' % (os.getpid(), key, _q(type(e).__name__)))
                raise
            future.add_done_callback(lambda f: _settled(key, f))
            return future
        return submit

    def _settled(key, future):
        if future.cancelled():
            _tell('{"k":"cancel","p":%d,"j":"%s"}\n' % (os.getpid(), key))
            return
        e = future.exception()
        if e is not None and type(e).__name__ == "BrokenProcessPool":
            _tell('{"k":"lost","p":%d,"j":"%s","e":%s}\n' % (os.getpid(), key, _q(type(e).__name__)))
    _wrap(m, "_process_worker", worker)
    _wrap(m.ProcessPoolExecutor, "submit", submit)


def _executor_threads(m):
    count = iter(range(1 << 60))

    def init(was):
        def __init__(self, *args, **kwargs):
            was(self, *args, **kwargs)
            self._procession = "%d.x%d" % (os.getpid(), next(count))
            fn, a = (self.fn, self.args) if hasattr(self, "fn") else (self.task[0], self.task[1])
            key = self._procession
            _tell('{"k":"new","p":%d,"j":"%s","x":%s}\n' % (os.getpid(), key, _q(_called(fn, a), 80)))

            def settled(future):
                if future.cancelled():
                    _tell('{"k":"cancel","p":%d,"j":"%s"}\n' % (os.getpid(), key))
            self.future.add_done_callback(settled)
        return __init__

    def run(was):
        def run(self, *args, **kwargs):
            fn, a = (self.fn, self.args) if hasattr(self, "fn") else (self.task[0], self.task[1])
            future = self.future
            if future.cancelled():
                return was(self, *args, **kwargs)
            began = _run(self._procession, _called(fn, a))
            try:
                return was(self, *args, **kwargs)
            finally:
                if future.done() and not future.cancelled():
                    _ran(self._procession, began, future.exception())
        return run
    _wrap(m._WorkItem, "__init__", init)
    _wrap(m._WorkItem, "run", run)


# Queues, locks, shared values, managers.


def _queues(m):
    def loud(self):
        return type(self) in (m.Queue, m.JoinableQueue) or getattr(self, "_procession_loud", False)

    def hush(self):
        for lock in (self._rlock, self._wlock):
            if lock is not None:
                lock._procession_quiet = True

    def init(was):
        def __init__(self, maxsize=0, *, ctx):
            was(self, maxsize, ctx=ctx)
            hush(self)
            if loud(self):
                _tell('{"k":"queue","p":%d,"q":"%s","n":%s,"c":%d}\n' % (os.getpid(), _mark(self), _q(_variable(3) or ""), maxsize if maxsize > 0 else 0))
        return __init__

    def setstate(was):
        def __setstate__(self, state):
            was(self, state)
            hush(self)
        return __setstate__

    def put(was):
        def put(self, obj, *args, **kwargs):
            if loud(self):
                text = _brief(obj)
                _gate("put " + text)
                result = was(self, obj, *args, **kwargs)
                _tell('{"k":"put","p":%d,"q":"%s","x":%s}\n' % (os.getpid(), _mark(self), _q(text)))
                return result
            return was(self, obj, *args, **kwargs)
        return put

    def get(was):
        def get(self, *args, **kwargs):
            if not loud(self):
                return was(self, *args, **kwargs)
            _gate("get from the queue")
            obj = was(self, *args, **kwargs)
            _tell('{"k":"get","p":%d,"q":"%s","x":%s}\n' % (os.getpid(), _mark(self), _q(_brief(obj))))
            return obj
        return get

    def done(was):
        def task_done(self):
            was(self)
            _tell('{"k":"ack","p":%d,"q":"%s"}\n' % (os.getpid(), _mark(self)))
        return task_done

    def joined(was):
        def join(self):
            with _waits("queue join"):
                return was(self)
        return join
    _wrap(m.Queue, "__init__", init)
    _wrap(m.Queue, "__setstate__", setstate)
    _wrap(m.Queue, "put", put)
    _wrap(m.JoinableQueue, "put", put)
    _wrap(m.Queue, "get", get)
    _wrap(m.JoinableQueue, "task_done", done)
    _wrap(m.JoinableQueue, "join", joined)

    # A SimpleQueue of a library's own serves pools and executors: what they do is
    # told as tasks.
    def simple(was):
        def __init__(self, *, ctx):
            was(self, ctx=ctx)
            hush(self)
            name = _variable(3, most=1)
            self._procession_loud = name is not None
            if name is not None:
                _tell('{"k":"queue","p":%d,"q":"%s","n":%s}\n' % (os.getpid(), _mark(self), _q(name)))
        return __init__

    def simple_kept(was):
        def __getstate__(self):
            return tuple(was(self)) + (self._procession_loud,)
        return __getstate__

    def simple_state(was):
        def __setstate__(self, state):
            was(self, state[:-1])
            self._procession_loud = state[-1]
            hush(self)
        return __setstate__
    _wrap(m.SimpleQueue, "__getstate__", simple_kept)
    _wrap(m.SimpleQueue, "put", put)
    _wrap(m.SimpleQueue, "get", get)
    _wrap(m.SimpleQueue, "__init__", simple)
    _wrap(m.SimpleQueue, "__setstate__", simple_state)


_uses = 500  # of a lock by one process that are told; a line costs more than a lock


def _synchronize(m):
    kinds = (m.Lock, m.RLock, m.Semaphore, m.BoundedSemaphore)

    def methods(was):
        def _make_methods(self):
            was(self)
            if type(self) not in kinds:
                return
            acquire, release, left = self.acquire, self.release, [_uses]
            self._procession_raw = acquire, release

            def loud():
                return not getattr(self, "_procession_quiet", False) and (_step or left[0] > 0)

            def acquired(*args, **kwargs):
                if not loud():
                    return acquire(*args, **kwargs)
                name = _mark(self)
                left[0] -= 1
                if left[0] == 0:
                    _tell('{"k":"note","p":%d,"x":"after %d uses of a lock, this process no longer tells of each"}\n' % (os.getpid(), _uses))
                    return acquire(*args, **kwargs)
                _gate("acquire the lock")
                _tell('{"k":"want","p":%d,"q":"%s"}\n' % (os.getpid(), name))
                ok = acquire(*args, **kwargs)
                _tell('{"k":"%s","p":%d,"q":"%s"}\n' % ("hold" if ok else "free", os.getpid(), name))
                return ok

            def released():
                if loud():
                    _gate("release the lock")
                    _tell('{"k":"free","p":%d,"q":"%s"}\n' % (os.getpid(), _mark(self)))
                return release()
            self.acquire, self.release = acquired, released
        return _make_methods

    def enter(was):
        def __enter__(self):
            return self.acquire() if type(self) in kinds else was(self)
        return __enter__

    def leave(was):
        def __exit__(self, *args):
            return self.release() if type(self) in kinds else was(self, *args)
        return __exit__

    def init(was):
        def __init__(self, *args, **kwargs):
            was(self, *args, **kwargs)
            self._procession_mark = "%d.%d" % (os.getpid(), next(_made))
            name = _variable(3, most=1)
            if name is not None:
                name = name or ("semaphore" if isinstance(self, m.Semaphore) else "lock")
                _tell('{"k":"lock","p":%d,"q":"%s","n":%s}\n' % (os.getpid(), _mark(self), _q(name)))
            else:
                self._procession_quiet = True  # of a library's own: an event's, a queue's
        return __init__

    def state(was):
        def __getstate__(self):
            return was(self) + (getattr(self, "_procession_quiet", False),)
        return __getstate__

    def setstate(was):
        def __setstate__(self, state):
            self._procession_quiet = bool(state[-1])
            was(self, state[:-1])
        return __setstate__
    _wrap(m.SemLock, "_make_methods", methods)
    _wrap(m.SemLock, "__enter__", enter)
    _wrap(m.SemLock, "__exit__", leave)
    _wrap(m.SemLock, "__getstate__", state)
    _wrap(m.SemLock, "__setstate__", setstate)
    for kind in kinds:
        _wrap(kind, "__init__", init)

    def wait(on):
        def make(was):
            def wait(self, timeout=None):
                with _waits(on):
                    return was(self, timeout)
            return wait
        return make
    _wrap(m.Event, "wait", wait("event"))
    _wrap(m.Condition, "wait", wait("condition"))
    m.Barrier.wait = wait("barrier")(m.Barrier.wait)


def _sharedctypes(m):
    def init(was):
        def __init__(self, obj, lock=None, ctx=None):
            was(self, obj, lock, ctx)
            raw = getattr(self._lock, "_procession_raw", None)
            if raw:  # a use of the value takes its lock unseen; get_lock() is seen
                self.acquire, self.release = raw
                self._lock._procession_quiet = False
                name = _variable(3, most=6)
                if name:
                    _tell('{"k":"lock","p":%d,"q":"%s","n":%s}\n' % (os.getpid(), _mark(self._lock), _q(name + " lock")))
                    if _step:
                        _tell('{"k":"value","p":%d,"q":"%s","n":%s}\n' % (os.getpid(), _mark(self._lock), _q(name)))
        return __init__
    _wrap(m.SynchronizedBase, "__init__", init)
    if not _step:
        return  # a read of a counter costs less than a line about it
    was = m.Synchronized.value

    def get(self):
        _gate("read the value")
        v = was.__get__(self)
        _tell('{"k":"read","p":%d,"q":"%s","x":%s}\n' % (os.getpid(), _mark(self._lock), _q(_brief(v))))
        return v

    def put(self, v):
        _gate("write " + _brief(v))
        was.__set__(self, v)
        _tell('{"k":"write","p":%d,"q":"%s","x":%s}\n' % (os.getpid(), _mark(self._lock), _q(_brief(v))))
    m.Synchronized.value = property(get, put)


class _Often:
    """Bounds how often something is told: so much at once, and so much a second.

    To tell of a call of a proxy takes longer than the call.
    """

    def __init__(self, burst, rate):
        self._burst, self._rate, self._pid = burst, rate, 0

    def may(self):
        if _step:
            return True
        now, pid = time.perf_counter(), os.getpid()
        if pid != self._pid:  # after a fork it begins anew
            self._pid, self._left, self._at = pid, self._burst, now
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


def _managers(m):
    count = iter(range(1 << 60))
    often, said = _Often(200, 20), set()

    def address(a):
        return _q("%s:%s" % a[:2] if isinstance(a, tuple) else a, 100)

    def thread():
        return sys.modules["threading"].current_thread().name

    def caller():
        """What a server calls the thread that serves the caller: see BaseProxy._connect."""
        name = sys.modules["multiprocessing.process"].current_process().name
        return name if thread() == "MainThread" else name + "|" + thread()

    def serve(was):
        def serve_forever(self):
            _tell('{"k":"listen","p":%d,"x":%s}\n' % (os.getpid(), address(self.address)))
            return was(self)
        return serve_forever

    class Heard:
        """A connection as a server has it, which tells of calls and answers."""

        def __init__(self, conn, at):
            self._conn, self._at, self._open = conn, at, False
            self._often = _Often(220, 25)  # somewhat more than the caller tells

        def recv(self):
            request = self._conn.recv()
            self._open = self._often.may()
            if self._open:
                self._tell("got")
            return request

        def send(self, answer):
            if self._open:
                self._open = False
                self._tell("answer")
            return self._conn.send(answer)

        def _tell(self, kind):
            _tell('{"k":"%s","p":%d,"q":%s,"n":%s,"ns":%d}\n' % (kind, os.getpid(), self._at, _q(thread()), time.perf_counter_ns()))

        def __getattr__(self, name):
            return getattr(self._conn, name)

    def client(was):
        def serve_client(self, conn):
            return was(self, Heard(conn, address(self.address)))
        return serve_client

    def call(was):
        def _callmethod(self, name, args=(), kwds={}):
            if not often.may():
                if os.getpid() not in said:
                    said.add(os.getpid())
                    _tell('{"k":"note","p":%d,"x":"calls its proxies so often that it tells of some only"}\n' % os.getpid())
                return was(self, name, args, kwds)
            at, n = address(self._token.address), next(count)
            text = _q("%s(%s)" % (name, ", ".join(_brief(v, 12) for v in args[:2])), 40)
            _gate("call %s of the proxy" % name)
            began = time.perf_counter_ns()
            _tell('{"k":"call","p":%d,"t":%d,"q":%s,"n":%s,"i":%d,"ns":%d,"x":%s}\n' % (os.getpid(), _tid(), at, _q(caller()), n, began, text))
            try:
                return was(self, name, args, kwds)
            finally:
                _tell('{"k":"reply","p":%d,"t":%d,"i":%d,"ns":%d}\n' % (os.getpid(), _tid(), n, time.perf_counter_ns()))
        return _callmethod
    _wrap(m.Server, "serve_forever", serve)
    _wrap(m.Server, "serve_client", client)
    _wrap(m.BaseProxy, "_callmethod", call)


# Threads and the event loop.


def _threading(m):
    def inner(was):
        def _bootstrap_inner(self):
            target = getattr(self, "_target", None)
            where = getattr(target, "__module__", "") or ""
            own = (where.startswith("multiprocessing") or type(self).__module__.startswith("concurrent.futures.process")) \
                and type(self).__name__ != "DummyProcess"
            if own:
                return was(self)
            _tell('{"k":"thread","p":%d,"t":%d,"n":%s}\n' % (os.getpid(), m.get_native_id(), _q(self.name)))
            try:
                return was(self)
            finally:
                _tell('{"k":"end","p":%d,"t":%d}\n' % (os.getpid(), m.get_native_id()))
        return _bootstrap_inner

    def hook(was):
        def excepthook(args):
            if args.exc_value is not None:
                _error(args.exc_value, args.thread.name if args.thread else "a thread")
            return was(args)
        return excepthook
    _wrap(m.Thread, "_bootstrap_inner", inner)
    _wrap(m, "excepthook", hook)


_late = 50_000_000  # ns: a callback that holds the event loop for longer is told


def _asyncio(m):
    count = iter(range(1 << 60))

    def create(was):
        def create_task(self, coro, **kwargs):
            task = was(self, coro, **kwargs)
            key = "%d.a%d" % (os.getpid(), next(count))
            note = getattr(coro, "__name__", type(coro).__name__) + "()"
            _tell('{"k":"new","p":%d,"j":"%s","x":%s}\n' % (os.getpid(), key, _q(note)))
            began = time.perf_counter_ns()
            _tell('{"k":"run","p":%d,"t":%d,"j":"%s","x":%s}\n' % (os.getpid(), _tid(), key, _q(note)))

            def over(t):  # t.exception() would count as asked for
                _ran(key, began, sys.modules["asyncio"].CancelledError() if t.cancelled() else getattr(t, "_exception", None))
            task.add_done_callback(over)
            return task
        return create_task
    _wrap(m.BaseEventLoop, "create_task", create)


def _handles(m):
    def run(was):
        def _run(self):
            began = time.perf_counter_ns()
            try:
                return was(self)
            finally:
                ns = time.perf_counter_ns() - began
                if ns > _late:
                    what = getattr(self._callback, "__self__", None)
                    name = what.get_name() if hasattr(what, "get_name") else _called(self._callback or _run, ())
                    _tell('{"k":"late","p":%d,"ns":%d,"x":%s}\n' % (os.getpid(), ns, _q(name)))
        return _run
    _wrap(m.Handle, "_run", run)


def _subprocess(m):
    def execute(was):
        def _execute_child(self, args, executable, preexec_fn, close_fds, pass_fds, *rest):
            if close_fds and not _quiet:  # a program in Python tells of itself as well
                pass_fds = tuple(pass_fds) + (_fd,)
            return was(self, args, executable, preexec_fn, close_fds, pass_fds, *rest)
        return _execute_child
    _wrap(m.Popen, "_execute_child", execute)


_patches = {
    "subprocess": _subprocess,
    "multiprocessing.util": _util,
    "multiprocessing.process": _process,
    "multiprocessing.context": _context,
    "multiprocessing.pool": _pool,
    "multiprocessing.queues": _queues,
    "multiprocessing.synchronize": _synchronize,
    "multiprocessing.sharedctypes": _sharedctypes,
    "multiprocessing.managers": _managers,
    "concurrent.futures.process": _executor_processes,
    "concurrent.futures.thread": _executor_threads,
    "threading": _threading,
    "asyncio.base_events": _asyncio,
    "asyncio.events": _handles,
}


class _Finder:
    """Lets a module be found as ever, and patches it once it has been loaded."""

    def find_spec(self, name, path=None, target=None):
        patch = _patches.get(name)
        if patch is None:
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                loader = spec.loader
                load = loader.exec_module

                def exec_module(module):
                    load(module)
                    _try(patch, module)
                try:
                    loader.exec_module = exec_module
                except AttributeError:
                    return None
                return spec
        return None


def _try(patch, module):
    try:
        patch(module)
    except Exception as e:
        _tell('{"k":"note","p":%d,"x":%s}\n' % (os.getpid(), _q("%s is not watched: %s" % (module.__name__, e))))


def _limit():
    """Bounds what the program may take; a bound of 0 is none."""
    try:
        import resource
        for name, what in (("MEMORY", resource.RLIMIT_AS), ("FILE", resource.RLIMIT_FSIZE), ("FDS", resource.RLIMIT_NOFILE)):
            n = int(os.environ.get("PROCESSION_PY_" + name, "0"))
            if n > 0:
                hard = resource.getrlimit(what)[1]
                resource.setrlimit(what, (n if hard < 0 else min(n, hard),) * 2)
        if os.environ.get("PROCESSION_PY_FDS"):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except Exception:
        pass


_most = 0    # processes at once; 0: no bound of ours
_group = 0   # the program's process group
_count = None  # forks so far, in memory that all share


def _forking():
    """Ends a program that forks without end, which a look from outside would be late to see."""
    if not _count or os.getpgrp() != _group:
        return
    n = int.from_bytes(_count[:8], "little") + 1
    _count[:8] = n.to_bytes(8, "little")
    if n < _most or n % 8:
        return
    mark, there = str(_group), 0
    for pid in os.listdir("/proc"):
        if pid.isdigit():
            try:
                with open("/proc/%s/stat" % pid) as f:
                    there += f.read().rpartition(")")[2].split()[2] == mark
            except OSError:
                pass
    if there > _most:
        _tell('{"k":"bomb","p":%d,"c":%d}\n' % (os.getpid(), there))
        os.killpg(_group, 9)


def _forked():
    """A process that came of os.fork: one of multiprocessing has said so before."""
    _tell('{"k":"fork","p":%d}\n' % os.getpid())


_high = 250  # a descriptor that is free, and below the bounds of all systems


def begin():
    """Begins to watch, in the first process of the run and in those after it."""
    global _fd, _dir, _step, _main, _most, _group, _count
    env = os.environ
    code = getattr(sys, "orig_argv", [])[-2:]
    if code[:1] == ["-c"] and code[1].startswith("from multiprocessing.resource_tracker import main;"):
        os.setpgid(0, 0)  # it outlives the rest of the run by a moment, to unlink what they leave
        return
    try:
        _fd = int(env["PROCESSION_PY_EVENTS"])
        os.fstat(_fd)
    except (KeyError, ValueError, OSError):
        return
    _dir, _step = env.get("PROCESSION_PY_DIR", ""), env.get("PROCESSION_PY_STEP") == "1"
    _main = env.get("PROCESSION_PY_HOME", "\0")
    hello = env.pop("PROCESSION_PY_HELLO", None)
    if hello is not None:  # the first process: shake hands, then go
        ctl, lifeline = int(env.pop("PROCESSION_PY_CTL")), int(env.pop("PROCESSION_PY_LIFELINE"))
        _tell('{"hello":%s,"token":%s,"role":%s,"pid":%d}\n' % (
            _q(hello), _q(env.get("PROCESSION_TOKEN", "")), _q(env.pop("PROCESSION_ROLE", "")), os.getpid()))
        os.read(ctl, 3)
        os.close(ctl)
        os.close(lifeline)
        _limit()
        try:  # out of the way: a daemon closes the low ones, and opens others by their numbers
            os.dup2(_fd, _high)
            os.close(_fd)
            _fd = _high
            env["PROCESSION_PY_EVENTS"] = str(_fd)
        except OSError:
            pass
        _tell('{"k":"pipe","p":%d,"c":%d}\n' % (os.getpid(), _fd))
        _most, _group = int(env.pop("PROCESSION_PY_PROCESSES", "0")), os.getpid()
        try:
            import mmap
            _count = mmap.mmap(-1, 8) if os.path.isdir("/proc/self") else None
        except (ImportError, OSError):
            pass
    sys.meta_path.insert(0, _Finder())
    for name, patch in _patches.items():
        if name in sys.modules:
            _try(patch, sys.modules[name])
    os.register_at_fork(before=_forking, after_in_child=_forked)
    hook = sys.excepthook

    def excepthook(kind, exc, tb):
        if not issubclass(kind, KeyboardInterrupt):
            _error(exc, "" if hello is not None else "a child")
        hook(kind, exc, tb)
    sys.excepthook = excepthook
