"""A program that uses every native type as wrongly as it can, at random: it must survive.

    python chaos.py SEED STEPS

Objects of every type are made in every state that can be had (never initialised, initialised
twice, of a subclass, running, done, of a closed loop), and then anything is done with them: each
method, attribute and operator gets arguments of any kind and number, among them objects whose own
special methods do more of the same while the call is still going on. What is raised does not
matter, unless it is a `SystemError`, by which the binding reports a failure of its own.
"""

import asyncio
import collections
import contextvars
import faulthandler
import gc
import inspect
import os
import random
import socket
import sys
import threading
import types
import warnings

import aioxide
from aioxide import _native

#: How deep what happens inside of what happens may go.
DEEPEST = 6
#: Methods that wait for good reason, end the process, or reach out of it.
LEFT_OUT = frozenset(
    {
        "__class_getitem__",
        "__init_subclass__",
        "__reduce__",
        "__reduce_ex__",
        "__sizeof__",
        "__subclasshook__",
        "_run_once",
        "_run_turns",
        "connect_accepted_socket",
        "create_connection",
        "create_datagram_endpoint",
        "create_server",
        "create_unix_connection",
        "create_unix_server",
        "getaddrinfo",
        "getnameinfo",
        "print_stack",
        "run_forever",
        "run_until_complete",
        "set_default_executor",
        "subprocess_exec",
        "subprocess_shell",
        # Of the executor's queue, whose callers are threads made for it.
        "work",
    }
)
OPERATORS = (
    "__eq__",
    "__lt__",
    "__le__",
    "__hash__",
    "__repr__",
    "__str__",
    "__iter__",
    "__await__",
)


class Chaos:
    """Where the objects are, and what is done with them."""

    def __init__(self, seed: int, steps: int) -> None:
        self.random = random.Random(seed)
        self.left = steps
        self.depth = 0
        self.objects: list[object] = []
        self.failures: list[str] = []
        self.tasks: list[object] = []

    def pick(self) -> object:
        """Any object at all."""
        choose = self.random.random()
        if choose < 0.45 and self.objects:
            return self.random.choice(self.objects)
        if choose < 0.6:
            return Reentrant(self)
        return self.random.choice(VALUES)

    def keep(self, thing: object) -> None:
        """What came out of a call is used like the rest, in the place of something else."""
        if not isinstance(thing, KEPT):
            return
        if len(self.objects) < 120:
            self.objects.append(thing)
        else:
            # The one that goes dies at once, perhaps: in the middle of its own method.
            self.objects[self.random.randrange(len(self.objects))] = thing

    def act(self) -> object:
        """One random deed; returns what it returned, or None."""
        if self.left <= 0 or self.depth >= DEEPEST:
            return None
        self.left -= 1
        self.depth += 1
        try:
            made = self.deed()
            self.keep(made)
            return made
        except SystemError as error:
            self.failures.append(f"SystemError{error.args} caused by {type(error.__cause__)}")
        except BaseException:
            pass
        finally:
            self.depth -= 1
        return None

    def attempt(self, function: object) -> object:
        """Calls, whatever comes of it."""
        try:
            return function()
        except Exception:
            return None

    def deed(self) -> object:
        choose = self.random.random()
        if choose < 0.12:
            return self.make()
        if choose < 0.16 and self.objects:
            del self.objects[self.random.randrange(len(self.objects))]
            return None
        if choose < 0.19:
            gc.collect(self.random.choice((0, 0, 0, 1, 2)))
            return None
        target = self.random.choice(self.objects) if self.objects else self.make()
        if choose < 0.23:
            return self.reinitialise(target)
        if choose < 0.33:
            return self.change_attribute(target)
        if choose < 0.43:
            return self.drive(target)
        if choose < 0.48:
            return self.operate(target)
        return self.call(target)

    def call(self, target: object) -> object:
        if isinstance(target, (list, collections.deque)):
            return self.random.choice(
                (target.clear, target.copy, lambda: target.append(self.pick()))
            )()
        names = [
            name for name in dir(type(target)) if name not in LEFT_OUT and is_own(target, name)
        ]
        method = getattr(target, self.random.choice(names))
        if not callable(method) or method is type:
            return method
        if TRACE:
            print("  " * self.depth, method, file=sys.stderr, flush=True)
        if self.random.random() < 0.5:
            return method(*(self.pick() for _ in range(count_of(method))))
        positional = [self.pick() for _ in range(self.random.choice((0, 0, 1, 1, 1, 2, 3, 5)))]
        keywords = {}
        while self.random.random() < 0.2:
            keywords[self.random.choice(KEYWORDS)] = self.pick()
        return method(*positional, **keywords)

    def change_attribute(self, target: object) -> None:
        name = self.random.choice([name for name in dir(type(target)) if name != "__class__"])
        if self.random.random() < 0.2:
            delattr(target, name)
        else:
            setattr(target, name, self.pick())

    def reinitialise(self, target: object) -> None:
        target.__init__(*(self.pick() for _ in range(self.random.randrange(4))))

    def operate(self, target: object) -> object:
        name = self.random.choice(OPERATORS)
        operator = getattr(target, name)
        return operator(self.pick()) if name in ("__eq__", "__lt__", "__le__") else operator()

    def drive(self, target: object) -> object:
        """Treats it as an awaitable."""
        choose = self.random.random()
        if choose < 0.3:
            loop = self.random.choice(LOOPS)
            task = loop.create_task(anything(target)) if choose < 0.2 else loop.create_task(target)
            self.tasks.append(task)
            return task
        if choose < 0.5:
            return target.send(None)
        if choose < 0.7:
            return target.throw(self.random.choice(ERRORS))
        if choose < 0.8:
            return target.close()
        if choose < 0.9:
            return next(target)
        return aioxide.ensure_future(target, loop=self.random.choice(LOOPS))

    def make(self) -> object:
        kind = self.random.choice(TYPES)
        choose = self.random.random()
        if choose < 0.25:
            return kind.__new__(kind)
        if choose < 0.35:
            careless = careless_subclass(self, kind)
            return careless(*(self.pick() for _ in range(self.random.randrange(3))))
        if choose < 0.75:
            return self.random.choice(FACTORIES)()
        return kind(*(self.pick() for _ in range(count_of(kind))))

    def run_loops(self) -> None:
        for loop in LOOPS:
            kind = type(loop)
            if kind.is_closed(loop) or kind.is_running(loop):
                continue
            try:
                kind.call_soon(loop, kind.stop, loop)
                kind.run_forever(loop)
            except SystemError as error:
                self.failures.append(repr(error))
            except BaseException:
                pass


def count_of(function: object) -> int:
    """How many arguments it wants, about."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return CHAOS.random.randrange(3)
    return sum(parameter.kind is not parameter.KEYWORD_ONLY for parameter in parameters)


async def anything(target: object) -> object:
    return await target


def careless_subclass(chaos: Chaos, kind: type) -> type:
    """A subclass that initialises nothing, and whose methods do anything."""
    space = {}
    if chaos.random.random() < 0.7:
        space["__init__"] = lambda self, *args, **keywords: None
    for name in chaos.random.sample(dir(kind), 2):
        if name not in LEFT_OUT and not name.startswith("__"):
            space[name] = lambda self, *args, **keywords: chaos.act()
    if chaos.random.random() < 0.3:
        space["__del__"] = lambda self: chaos.act()
    if chaos.random.random() < 0.3:
        space["__slots__"] = ()
    return type("Careless", (kind,), space)


class Reentrant:
    """An object each of whose special methods does something else first."""

    def __init__(self, chaos: Chaos) -> None:
        self.chaos = chaos

    def _answer(self, *usual: object) -> object:
        given = self.chaos.act()
        return given if self.chaos.random.random() < 0.3 else self.chaos.random.choice(usual)

    def __getattr__(self, name: str) -> object:
        if name.startswith("__") or self.chaos.random.random() < 0.3:
            raise AttributeError(name)
        return lambda *args, **keywords: self._answer(None, True, False, 0, self)

    def __call__(self, *args: object, **keywords: object) -> object:
        return self._answer(None, 0, 1, self)

    def __eq__(self, other: object) -> object:
        return self._answer(True, False, NotImplemented)

    def __lt__(self, other: object) -> object:
        return self._answer(True, False)

    __le__ = __gt__ = __ge__ = __lt__

    def __hash__(self) -> int:
        self.chaos.act()
        return self.chaos.random.randrange(3)

    def __bool__(self) -> object:
        return self._answer(True, False)

    def __index__(self) -> object:
        return self._answer(-1, 0, 1, 7, 2**31, 2**65)

    def __len__(self) -> object:
        return self._answer(0, 1, 5)

    def __float__(self) -> object:
        return self._answer(-1.0, 0.0, 0.001, float("nan"))

    def __add__(self, other: object) -> object:
        return self._answer(0, 1.0, self)

    __radd__ = __sub__ = __rsub__ = __add__

    def __iter__(self) -> object:
        return iter([self.chaos.act(), self.chaos.act()])

    def __await__(self) -> object:
        self.chaos.act()
        yield self.chaos.pick()
        return self.chaos.act()

    def __next__(self) -> object:
        return self._answer(None, 1)

    def __fspath__(self) -> object:
        return self._answer("nowhere", b"nowhere")

    def __str__(self) -> object:
        return str(self._answer("text", ""))

    def __repr__(self) -> object:
        return str(self._answer("<it>", ""))

    def __format__(self, specification: str) -> str:
        return "it"

    def __buffer__(self, flags: int) -> memoryview:
        self.chaos.act()
        return memoryview(bytearray(b"0123456789"))

    def __del__(self) -> None:
        if self.chaos.random.random() < 0.5:
            self.chaos.act()


class OwnFuture(aioxide.Future):
    def add_done_callback(self, *args: object, **keywords: object) -> None:
        CHAOS.act()
        super().add_done_callback(*args, **keywords)


def transport_on_pair(make: str) -> object:
    ours, theirs = socket.socketpair(
        socket.AF_UNIX, socket.SOCK_DGRAM if "datagram" in make else socket.SOCK_STREAM
    )
    ours.setblocking(False)
    theirs.setblocking(False)
    SOCKETS.append(theirs)
    del SOCKETS[:-20]
    if CHAOS.random.random() < 0.5:
        theirs.send(b"line one\nline two\n")
    loop = CHAOS.random.choice(LOOPS)
    protocol = CHAOS.random.choice((Any, Streaming, lambda: Reentrant(CHAOS)))()
    return getattr(loop, make)(ours, protocol)


def pipe_transport(writing: bool) -> object:
    reader, writer = os.pipe()
    loop = CHAOS.random.choice(LOOPS)
    mine, other = (writer, reader) if writing else (reader, writer)
    SOCKETS.append(os.fdopen(other, "rb" if writing else "wb", buffering=0))
    del SOCKETS[:-20]
    file = os.fdopen(mine, "wb" if writing else "rb", buffering=0)
    make = loop._make_write_pipe_transport if writing else loop._make_read_pipe_transport
    return make(file, Any())


class Any(asyncio.Protocol):
    """A protocol that does anything."""

    def __getattribute__(self, name: str) -> object:
        if name.startswith("__"):
            return super().__getattribute__(name)
        return lambda *args: CHAOS.act()


def Streaming() -> object:
    loop = CHAOS.random.choice(LOOPS)
    return aioxide.StreamReaderProtocol(aioxide.StreamReader(limit=16, loop=loop), loop=loop)


def stream_writer() -> object:
    transport = transport_on_pair("_make_socket_transport")
    loop = LOOPS[0]
    reader = aioxide.StreamReader(limit=16, loop=loop)
    protocol = aioxide.StreamReaderProtocol(reader, loop=loop)
    return aioxide.StreamWriter(transport, protocol, reader, loop)


def filled_reader() -> object:
    reader = aioxide.StreamReader(limit=16, loop=LOOPS[0])
    reader.feed_data(b"some\ndata of a line that is longer than the limit\n")
    return reader


def later(loop: object) -> object:
    return loop.call_later(CHAOS.random.choice((0, 0.0001, 100)), CHAOS.act)


def one_group() -> object:
    async def fail() -> None:
        CHAOS.act()
        raise ValueError

    async def main() -> None:
        async with aioxide.TaskGroup() as group:
            CHAOS.keep(group)
            group.create_task(fail())
            group.create_task(anything(CHAOS.pick()))
            CHAOS.act()

    task = LOOPS[0].create_task(main())
    CHAOS.tasks.append(task)
    return task


def one_timeout() -> object:
    async def main() -> None:
        async with aioxide.timeout(CHAOS.random.choice((0, 0.001, None))) as scope:
            CHAOS.keep(scope)
            await anything(CHAOS.pick())

    task = LOOPS[0].create_task(main())
    CHAOS.tasks.append(task)
    return task


def locked(kind: type) -> object:
    """A primitive that somebody waits for."""
    thing = kind()

    async def wait() -> None:
        method = getattr(thing, CHAOS.random.choice(("acquire", "wait", "get", "join")), None)
        if method is not None:
            await method()
            CHAOS.act()

    for _ in range(3):
        task = LOOPS[0].create_task(wait())
        CHAOS.tasks.append(task)
    return thing


def gathered() -> object:
    futures = [aioxide.Future(loop=LOOPS[0]) for _ in range(3)]
    for future in futures:
        CHAOS.keep(future)
    return CHAOS.random.choice(
        (
            lambda: aioxide.gather(*futures, return_exceptions=True),
            lambda: aioxide.shield(futures[0]),
            lambda: aioxide.wait(futures),
            lambda: aioxide.wait_for(futures[0], 0.001),
            lambda: aioxide.as_completed(futures),
        )
    )()


def from_thread() -> None:
    """Another thread calls what a thread may call, and what it may not."""
    deeds = (
        lambda target: target.put_nowait(1),
        lambda target: target.release(),
        lambda target: target.set_result(1),
        lambda target: target.cancel(),
        lambda target: target.set(),
        lambda target: target.feed_data(b"x"),
        lambda target: target.write(b"x"),
    )

    def work() -> None:
        for loop in LOOPS:
            try:
                loop.call_soon_threadsafe(CHAOS.random.randrange, 2)
                CHAOS.random.choice(deeds)(CHAOS.random.choice(CHAOS.objects))
            except Exception:
                pass

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def is_own(target: object, name: str) -> bool:
    """Whether the method is not simply that of every object."""
    return getattr(type(target), name) is not getattr(object, name, None)


def main() -> int:
    faulthandler.enable()
    faulthandler.dump_traceback_later(25, exit=True)
    warnings.simplefilter("ignore")
    sys.unraisablehook = lambda report: (
        CHAOS.failures.append(repr(report.exc_value))
        if isinstance(report.exc_value, SystemError)
        else None
    )
    sys.setrecursionlimit(400)
    for loop in LOOPS:
        loop.set_exception_handler(lambda _loop, context: CHAOS.act())
    LOOPS[1].set_debug(True)
    LOOPS[2].close()
    for factory in FACTORIES:
        CHAOS.keep(CHAOS.attempt(factory))
    while CHAOS.left > 0:
        for _ in range(50):
            CHAOS.act()
        CHAOS.run_loops()
        if CHAOS.random.random() < 0.05:
            from_thread()
    CHAOS.objects.clear()
    CHAOS.tasks.clear()
    gc.collect()
    CHAOS.run_loops()
    for failure in CHAOS.failures:
        print(failure, file=sys.stderr)
    sys.stderr.flush()
    # Nothing is left to learn from the end of the interpreter, which asks every object again.
    os._exit(1 if CHAOS.failures else 0)


TRACE = "CHAOS_TRACE" in os.environ
KEYWORDS = (
    "loop",
    "context",
    "msg",
    "name",
    "eager_start",
    "limit",
    "item",
    "value",
    "maxsize",
    "sep",
    "n",
    "timeout",
    "lock",
    "nonsense",
)
ERRORS = (
    ValueError("thrown"),
    ValueError,
    aioxide.CancelledError(),
    GeneratorExit,
    StopIteration(3),
    KeyError(1),
)
CHAOS = Chaos(int(sys.argv[1]), int(sys.argv[2]))
LOOPS = [aioxide.new_event_loop() for _ in range(3)]
SOCKETS: list[object] = []
CLOSED_FUTURE = asyncio.new_event_loop().create_future()
VALUES = [
    None,
    True,
    False,
    0,
    1,
    -1,
    3,
    2**31,
    2**63 - 1,
    -(2**63),
    2**70,
    0.0,
    0.001,
    -1.5,
    float("nan"),
    float("inf"),
    "",
    "text",
    "\udc80",
    b"",
    b"\n",
    b"bytes",
    bytearray(b"array"),
    memoryview(b"view"),
    memoryview(b"0123456789")[::2],
    (),
    (1, 2),
    (b"a", b"b"),
    [],
    [b"a", bytearray(b"b")],
    {},
    set(),
    object(),
    object,
    int,
    ValueError,
    ValueError("an error"),
    StopIteration,
    aioxide.CancelledError,
    lambda *args: CHAOS.act(),
    lambda *args: None,
    contextvars.copy_context(),
    contextvars.Context(),
    CLOSED_FUTURE,
    *LOOPS,
    aioxide.Future,
    aioxide.Queue,
]
TYPES = [
    kind
    for kind in vars(_native).values()
    if isinstance(kind, type) and not issubclass(kind, BaseException)
]
KEPT = (
    *TYPES,
    asyncio.Future,
    aioxide.Loop,
    types.CoroutineType,
    list,
    set,
    collections.deque,
    BaseException,
)
FACTORIES = [
    *(lambda loop=loop: aioxide.Future(loop=loop) for loop in LOOPS),
    lambda: OwnFuture(loop=LOOPS[0]),
    *(lambda loop=loop: loop.create_task(anything(CHAOS.pick())) for loop in LOOPS[:2]),
    lambda: LOOPS[0].call_soon(CHAOS.act),
    lambda: LOOPS[1].call_soon_threadsafe(CHAOS.act),
    lambda: later(LOOPS[0]),
    lambda: later(LOOPS[1]),
    lambda: aioxide.sleep(CHAOS.random.choice((0, 0.001, Reentrant(CHAOS)))),
    aioxide.Lock,
    aioxide.Event,
    aioxide.Condition,
    lambda: aioxide.Condition(aioxide.Lock()),
    lambda: aioxide.Semaphore(2),
    lambda: aioxide.BoundedSemaphore(2),
    lambda: aioxide.Barrier(2),
    *(
        lambda kind=kind: locked(kind)
        for kind in (aioxide.Lock, aioxide.Event, aioxide.Condition, aioxide.Queue)
    ),
    lambda: aioxide.Queue(2),
    lambda: aioxide.LifoQueue(2),
    lambda: aioxide.PriorityQueue(),
    filled_reader,
    stream_writer,
    gathered,
    gathered,
    one_group,
    one_timeout,
    aioxide.TaskGroup,
    lambda: aioxide.timeout(1),
    lambda: transport_on_pair("_make_socket_transport"),
    lambda: transport_on_pair("_make_socket_transport"),
    lambda: transport_on_pair("_make_datagram_transport"),
    lambda: pipe_transport(True),
    lambda: pipe_transport(False),
    lambda: aioxide.to_thread(CHAOS.random.randrange, 2),
]

if __name__ == "__main__":
    sys.exit(main())
