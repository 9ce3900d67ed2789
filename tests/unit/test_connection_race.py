"""Happy eyeballs: attempts that race; a scripted `sock_connect` says in which order they end."""

import asyncio
import contextvars
import errno
import gc
import socket
import sys
import weakref

import pytest

from toolkit import cancel_after, open_descriptors

# Up to 3.12.7 and in 3.13.0 a race leaves its tasks to themselves when it is cancelled, and its
# tasks can't run eagerly.
OF_OLD = sys.version_info < (3, 12, 8) or sys.version_info[:3] == (3, 13, 0)
LONG = 30


async def settle(aio, turns=10):
    for _ in range(turns):
        await aio.sleep(0)


class Quiet(asyncio.Protocol):
    """A protocol that does not read: nobody is at the other end."""

    def connection_made(self, transport):
        transport.pause_reading()


class Scene:
    """A loop that finds addresses 1, 2, ... for any host, and connects when it is told to."""

    def __init__(self, aio, count, families=(socket.AF_INET,)):
        self.loop = aio.get_running_loop()
        self.aio = aio
        self.before = open_descriptors()
        self.begun = []
        self.sockets = []
        self.ends = {}
        self.found = [
            self.entry(number, families[(number - 1) % len(families)])
            for number in range(1, count + 1)
        ]
        self.loop.getaddrinfo = self.getaddrinfo
        self.loop.sock_connect = self.sock_connect

    def entry(self, number, family):
        place = ("127.0.0.1", number) if family == socket.AF_INET else ("::1", number, 0, 0)
        return (family, socket.SOCK_STREAM, 6, "", place)

    async def getaddrinfo(self, host, port, **hints):
        return self.found

    async def sock_connect(self, sock, address):
        self.begun.append(address[1])
        self.sockets.append(sock)
        end = self.ends.setdefault(address[1], self.loop.create_future())
        await end

    def let(self, number):
        """Connect attempt `number`, or have it connected as soon as it begins."""
        self.ends.setdefault(number, self.loop.create_future()).set_result(None)

    def fail(self, number, error=None):
        error = error or ConnectionRefusedError(errno.ECONNREFUSED, f"refused {number}")
        self.ends.setdefault(number, self.loop.create_future()).set_exception(error)

    def connect(self, delay=LONG, **options):
        return self.loop.create_connection(Quiet, "name", 1, happy_eyeballs_delay=delay, **options)

    def begin(self, delay=LONG, **options):
        return self.aio.ensure_future(self.connect(delay, **options))

    async def begin_three(self, **options):
        """Begin a race, and wait until three attempts are on their way."""
        task = self.begin(delay=0.001, **options)
        while len(self.begun) < 3:
            await self.aio.sleep(0.001)
        return task

    async def check_end(self, task):
        """The task has a connection. Close it; nothing else is left."""
        transport, _ = await task
        winner = transport.get_extra_info("socket").fileno()
        still_open = [sock for sock in self.sockets if sock.fileno() >= 0]
        assert [sock.fileno() for sock in still_open] == [winner]
        transport.abort()
        await self.check_nothing_left()
        return self.sockets.index(still_open[0])

    async def check_nothing_left(self):
        await self.check_no_task_left()
        assert all(sock.fileno() < 0 for sock in self.sockets)
        assert open_descriptors() <= self.before

    async def check_no_task_left(self):
        await settle(self.aio)
        assert self.aio.all_tasks() == {self.aio.current_task()}


def test_the_first_that_connects_is_taken(aio, run):
    async def main():
        scene = Scene(aio, 3)
        task = await scene.begin_three()
        scene.let(2)
        assert await scene.check_end(task) == 1
        assert scene.begun == [1, 2, 3]

    run(main)


def test_one_that_fails_lets_the_next_begin_at_once(aio, run):
    async def main():
        scene = Scene(aio, 3)
        task = scene.begin()
        await settle(aio)
        assert scene.begun == [1]
        scene.fail(1)
        await settle(aio)
        assert scene.begun == [1, 2]
        # Not the next one's neighbour: the one before it goes on.
        scene.fail(2)
        await settle(aio)
        assert scene.begun == [1, 2, 3]
        scene.let(3)
        assert await scene.check_end(task) == 2

    run(main)


def test_an_earlier_one_that_fails_late_changes_nothing(aio, run):
    async def main():
        scene = Scene(aio, 4)
        task = await scene.begin_three()
        scene.fail(1)
        await aio.sleep(0.01)
        assert scene.begun == [1, 2, 3, 4]
        scene.let(2)
        assert await scene.check_end(task) == 1

    run(main)


def test_errors_are_told_in_the_order_of_the_attempts(aio, run):
    async def main():
        scene = Scene(aio, 3)
        task = await scene.begin_three()
        for number in (3, 1, 2):
            scene.fail(number)
            await settle(aio)
        with pytest.raises(OSError) as caught:
            await task
        texts = ", ".join(f"[Errno 111] refused {number}" for number in (1, 2, 3))
        assert str(caught.value) == f"Multiple exceptions: {texts}"
        await scene.check_nothing_left()

    run(main)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="all_errors came with 3.12")
def test_a_group_tells_of_all_attempts_in_order(aio, run):
    async def main():
        scene = Scene(aio, 3)
        task = await scene.begin_three(all_errors=True)
        scene.fail(3)
        scene.fail(1, LookupError("not told"))
        scene.fail(2, TimeoutError("late"))
        with pytest.raises(ExceptionGroup) as caught:
            await task
        assert caught.value.message == "create_connection failed"
        assert [str(error) for error in caught.value.exceptions] == [
            "late",
            "[Errno 111] refused 3",
        ]
        await scene.check_nothing_left()

    run(main)


def test_exceptions_that_are_no_oserror_are_dropped(aio, run):
    async def main():
        scene = Scene(aio, 2)
        scene.fail(1, LookupError("dropped"))
        scene.fail(2, ZeroDivisionError("dropped as well"))
        late = TimeoutError if sys.version_info >= (3, 13, 6) else IndexError
        with pytest.raises(late):
            await scene.connect()
        assert scene.begun == [1, 2]
        await scene.check_nothing_left()

    run(main)


@pytest.mark.parametrize("delay", [0, -1, 0.0, True])
def test_the_delay_may_be_nothing(aio, run, delay):
    async def main():
        scene = Scene(aio, 3)
        task = scene.begin(delay)
        if delay is True:
            scene.fail(1)
            scene.fail(2)
        await settle(aio, 30)
        assert scene.begun == [1, 2, 3]
        scene.let(3)
        assert await scene.check_end(task) == 2

    run(main)


@pytest.mark.filterwarnings("ignore:coroutine 'Event.wait' was never awaited:RuntimeWarning")
@pytest.mark.parametrize("delay", ["1", b"", [], object()])
def test_a_delay_that_is_no_number_fails_once_it_matters(aio, run, delay):
    async def main():
        scene = Scene(aio, 2)
        task = scene.begin(delay)
        await settle(aio, 20)
        assert scene.begun == [1]
        scene.fail(1)
        with pytest.raises((TypeError, ExceptionGroup)) as caught:
            await task
        await scene.check_nothing_left()
        assert scene.begun == [1]
        return caught.value

    error = run(main)
    if not OF_OLD:
        assert error.message == "staggered race failed"
        (error,) = error.exceptions
    assert "not supported between instances of" in str(error)
    # Its traceback holds the coroutine that was never awaited: the warning belongs to this test.
    del error
    gc.collect()


# asyncio leaves such a socket to the collector.
@pytest.mark.only("aioxide")
@pytest.mark.filterwarnings("ignore:coroutine 'Event.wait' was never awaited:RuntimeWarning")
def test_a_race_that_was_won_in_vain_leaves_no_socket(aio, run):
    async def main():
        scene = Scene(aio, 2)
        task = scene.begin("no number")
        await settle(aio)
        scene.let(1)
        with pytest.raises((TypeError, ExceptionGroup)):
            await task
        assert scene.begun == [1]
        await scene.check_nothing_left()

    run(main)


FAMILIES = (socket.AF_INET, socket.AF_INET, socket.AF_INET6, socket.AF_INET6, socket.AF_INET)


@pytest.mark.parametrize("delay", [None, 0])
@pytest.mark.parametrize(
    ("interleave", "order"),
    [
        (None, None),
        (0, [1, 2, 3, 4, 5]),
        (1, [1, 3, 2, 4, 5]),
        (2, [1, 2, 3, 5, 4]),
        (3, [1, 2, 5, 3, 4]),
        (9, [1, 2, 5, 3, 4]),
        (-3, [1, 3, 2, 4, 5]),
        (True, [1, 3, 2, 4, 5]),
    ],
)
def test_families_are_interleaved(aio, run, delay, interleave, order):
    if not socket.has_ipv6:
        pytest.skip("no IPv6 sockets")
    if order is None:
        order = [1, 2, 3, 4, 5] if delay is None else [1, 3, 2, 4, 5]

    async def main():
        scene = Scene(aio, 5, FAMILIES)
        for number in range(1, 6):
            scene.fail(number)
        with pytest.raises(OSError, match=r"^Multiple exceptions"):
            await scene.connect(delay, interleave=interleave)
        assert scene.begun == order
        await scene.check_nothing_left()

    run(main)


def test_the_attempts_are_tasks_that_everybody_sees(aio, run):
    async def main():
        scene = Scene(aio, 3)
        task = scene.begin()
        await settle(aio)
        scene.fail(1)
        await settle(aio)
        others = aio.all_tasks() - {task, aio.current_task()}
        names = {other: other.get_coro().__qualname__ for other in others}
        attempts = [other for other in others if "run_one_coro" in names[other]]
        # The second attempt, and who waits for its turn to make the third: 3.11 in one more task.
        assert set(names.values()) <= {"staggered_race.<locals>.run_one_coro", "Event.wait"}
        assert len(attempts) == 2
        scene.let(2)
        await scene.check_end(task)
        return sorted(attempt.cancelled() for attempt in attempts)

    assert run(main) == [False, True]


def test_the_loops_task_factory_makes_them(aio, run):
    async def main():
        scene, made = Scene(aio, 2), []

        def factory(loop, coroutine, **kwargs):
            made.append(coroutine.__qualname__.rpartition(".")[2])
            return asyncio.Task(coroutine, loop=loop, **kwargs)

        scene.fail(1)
        scene.let(2)
        scene.loop.set_task_factory(factory)
        connection = await scene.connect()
        scene.loop.set_task_factory(None)
        connection[0].abort()
        await scene.check_nothing_left()
        return made

    made = run(main)
    # 3.11's wait_for makes tasks, too.
    assert [name for name in made if name != "wait"] == ["run_one_coro"] * 3


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks came with 3.12")
@pytest.mark.parametrize("winner", [1, 2, None])
def test_tasks_may_run_eagerly(aio, run, winner):
    async def main():
        scene = Scene(aio, 2)
        scene.loop.set_task_factory(aio.eager_task_factory)
        for number in (1, 2):
            if number == winner:
                scene.let(number)
            else:
                scene.fail(number)
        task = scene.loop.create_task(scene.connect(0.001))
        error = AssertionError if OF_OLD else None if winner else OSError
        if error is None:
            assert await scene.check_end(task) == winner - 1
        else:
            with pytest.raises(error):
                await task
        await scene.check_nothing_left()

    run(main)


def test_each_attempt_has_a_context_of_its_own(aio, run):
    variable = contextvars.ContextVar("variable")

    async def main():
        scene, seen = Scene(aio, 3), []
        usual = scene.sock_connect

        async def sock_connect(sock, address):
            seen.append(variable.get())
            variable.set(address[1])
            await usual(sock, address)

        scene.loop.sock_connect = sock_connect
        variable.set("caller's")
        for number in (1, 2):
            scene.fail(number)
        scene.let(3)
        task = scene.begin()
        await scene.check_end(task)
        assert variable.get() == "caller's"
        return seen

    assert run(main) == ["caller's"] * 3


@pytest.mark.parametrize("begun", [1, 2, 3])
def test_cancelled_it_closes_what_it_has_begun(aio, run, begun):
    async def main():
        scene = Scene(aio, 3)
        task = scene.begin(delay=LONG if begun == 1 else 0.001)
        while len(scene.begun) < begun:
            await aio.sleep(0.001)
        task.cancel("enough")
        with pytest.raises(aio.CancelledError) as caught:
            await task
        assert caught.value.args == ("enough",)
        if not OF_OLD:
            assert all(sock.fileno() < 0 for sock in scene.sockets)
            assert aio.all_tasks() == {aio.current_task()}
        await scene.check_nothing_left()

    run(main)


def test_cancelled_before_its_first_step_it_never_begins(aio, run):
    async def main():
        scene = Scene(aio, 1)
        task = scene.begin()
        task.cancel()
        with pytest.raises(aio.CancelledError):
            await task
        assert scene.begun == []
        await scene.check_nothing_left()

    run(main)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("turns", range(12))
def test_cancelled_at_any_moment_it_leaves_nothing(aio, run, implementation, turns):
    async def main():
        scene = Scene(aio, 3)
        scene.fail(1)
        scene.let(2)
        await cancel_after(aio, turns, scene.connect())
        scene.ends[1].exception()
        await scene.check_no_task_left()
        # What was won in vain asyncio leaves to the collector.
        if implementation == "aioxide":
            await scene.check_nothing_left()

    run(main)
    gc.collect()


def test_one_that_does_not_heed_its_cancellation_is_waited_for(aio, run):
    async def main():
        scene = Scene(aio, 2)
        usual, release = scene.sock_connect, scene.loop.create_future()

        async def sock_connect(sock, address):
            try:
                await usual(sock, address)
            except aio.CancelledError:
                await release
                raise

        scene.loop.sock_connect = sock_connect
        task = scene.begin()
        await settle(aio)
        task.cancel()
        await settle(aio)
        assert task.done() is OF_OLD
        release.set_result(None)
        with pytest.raises(aio.CancelledError):
            await task
        await scene.check_nothing_left()

    run(main)


# From 3.12.8 and 3.13.1 on asyncio's tasks go on although nobody waits for them.
@pytest.mark.only("aioxide")
def test_closed_it_leaves_no_task_and_no_socket(aio, run):
    async def main():
        scene = Scene(aio, 2)
        coroutine = scene.connect()
        future = coroutine.send(None)
        assert future._asyncio_future_blocking
        assert coroutine.cr_await.__qualname__ == "staggered_race"
        await settle(aio)
        assert scene.begun == [1]
        coroutine.close()
        await scene.check_nothing_left()

    run(main)


# asyncio's tasks complain that what they share is gone.
@pytest.mark.only("aioxide")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_loop_that_is_closed_meanwhile_takes_it_along(loop_factory, aio):
    before = open_descriptors()
    loop = loop_factory()
    loop.set_exception_handler(lambda loop, context: None)

    async def main():
        scene = Scene(aio, 3)
        task = scene.begin(delay=0.001)
        while len(scene.begun) < 2:
            await aio.sleep(0.001)
        return weakref.ref(task)

    task = loop.run_until_complete(main())
    loop.close()
    del loop
    gc.collect()
    assert task() is None
    assert open_descriptors() <= before


def test_what_has_to_leave_the_loop_leaves_it(aio, loop_factory):
    loop = loop_factory()
    left = []

    async def main():
        scene = Scene(aio, 2)
        scene.fail(1, SystemExit(3))
        await scene.connect()

    task = loop.create_task(main())
    with pytest.raises(SystemExit):
        loop.run_until_complete(task)

    async def end():
        task.cancel()
        left.append(await asyncio.gather(task, return_exceptions=True))

    loop.run_until_complete(end())
    loop.close()
    ((error,),) = left
    assert isinstance(error, BaseException)


def test_a_race_of_a_programs_own_is_run(aio, run, monkeypatch):
    async def main():
        scene, called = Scene(aio, 2), []

        async def race(functions, delay, *, loop):
            called.append((delay, loop is scene.loop))
            functions = list(functions)
            return await functions[1](), 1, []

        monkeypatch.setattr(asyncio.staggered, "staggered_race", race)
        scene.let(2)
        task = scene.begin(delay=7)
        assert await scene.check_end(task) == 0
        assert scene.begun == [2]
        return called

    assert run(main) == [(7, True)]


def test_methods_of_a_programs_own_are_called_by_each_attempt(aio, loop):
    called, usual = [], type(loop)

    class Own(usual):
        def create_task(self, coroutine, **kwargs):
            called.append(coroutine.__qualname__.rpartition(".")[2])
            return usual.create_task(self, coroutine, **kwargs)

        async def _connect_sock(self, exceptions, found, local=None):
            called.append(found[4][1])
            return await usual._connect_sock(self, exceptions, found, local)

    async def main():
        scene = Scene(aio, 2)
        scene.fail(1)
        scene.let(2)
        task = scene.begin()
        await scene.check_end(task)

    with aio.Runner(loop_factory=Own) as runner:
        runner.run(main())
    called = [name for name in called if name not in ("main", "wait", "create_connection")]
    called = [
        name for name in called if name not in ("shutdown_asyncgens", "shutdown_default_executor")
    ]
    assert called == ["run_one_coro", "run_one_coro", 1, "run_one_coro", 2]


def test_a_real_race_prefers_whoever_listens(aio, run):
    async def main():
        loop = aio.get_running_loop()
        before = open_descriptors()
        with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as deaf:
            deaf.bind(("127.0.0.1", 0))
            deaf.listen(0)
            waiting = [socket.socket() for _ in range(4)]
            for client in waiting:
                client.setblocking(False)
                client.connect_ex(deaf.getsockname())
            places = [deaf.getsockname(), ("127.0.0.1", 1), listener.getsockname()]

            async def getaddrinfo(*args, **kwargs):
                return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place) for place in places]

            loop.getaddrinfo = getaddrinfo
            transport, _ = await loop.create_connection(
                asyncio.Protocol, "name", 1, happy_eyeballs_delay=0.01
            )
            assert transport.get_extra_info("peername") == places[2]
            transport.abort()
            for client in waiting:
                client.close()
        await settle(aio)
        assert open_descriptors() <= before

    run(main)
