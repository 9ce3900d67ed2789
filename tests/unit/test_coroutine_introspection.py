"""What a library coroutine shows to those who look inside: state, code, frame, what it awaits."""

import inspect
import io
import sys
import threading
import traceback
import types

import pytest


def chain_of(coroutine):
    """The qualified names from a coroutine to what it waits for, by its frames, outermost first."""
    names = []
    while hasattr(coroutine, "cr_await"):
        frame = coroutine.cr_frame
        assert isinstance(frame, types.FrameType)
        assert frame.f_code is coroutine.cr_code
        assert inspect.getcoroutinestate(coroutine) == inspect.CORO_SUSPENDED
        names.append(coroutine.cr_code.co_qualname)
        coroutine = coroutine.cr_await
    return names, coroutine


def wait(aio):
    return aio.wait([aio.get_running_loop().create_future()])


async def as_completed_item(aio):
    for item in aio.as_completed([aio.get_running_loop().create_future()]):
        await item


async def group(aio):
    async with aio.TaskGroup() as tasks:
        tasks.create_task(aio.sleep(3600))


async def stubborn(aio):
    try:
        await aio.sleep(3600)
    except aio.CancelledError:
        await aio.sleep(3600)


async def wait_for_nothing(aio):
    task = aio.create_task(stubborn(aio))
    await aio.sleep(0)
    await aio.wait_for(task, 0)


async def condition(aio):
    news = aio.Condition()
    await news.acquire()
    await news.wait_for(lambda: False)


async def join(aio):
    queue = aio.Queue()
    queue.put_nowait(None)
    await queue.join()


async def locked(aio):
    lock = aio.Lock()
    await lock.acquire()
    async with lock:
        pass


async def occupied(primitive):
    async with primitive:
        pass


async def next_completed(aio):
    futures = [aio.get_running_loop().create_future()]
    if sys.version_info >= (3, 13):
        async for _ in aio.as_completed(futures):
            pass
    else:
        await next(aio.as_completed(futures))


async def in_thread(aio):
    release = threading.Event()
    try:
        await aio.to_thread(release.wait)
    finally:
        release.set()


ENTER = "_ContextManagerMixin.__aenter__"
BARRIER_WAIT = ["Barrier.wait", "Barrier._wait", "Condition.wait_for", "Condition.wait"]
ONE = (
    "_AsCompletedIterator._wait_for_one"
    if sys.version_info >= (3, 13)
    else "as_completed.<locals>._wait_for_one"
)
ANEXT = ["_AsCompletedIterator.__anext__", ONE] if sys.version_info >= (3, 13) else [ONE]
AEXIT = ["TaskGroup._aexit"] if sys.version_info >= (3, 13) else []

WAITS = [
    (lambda aio: aio.sleep(3600), ["sleep"]),
    (wait, ["wait", "_wait"]),
    (group, ["group", "TaskGroup.__aexit__", *AEXIT]),
    (wait_for_nothing, ["wait_for_nothing", "wait_for", "_cancel_and_wait"]),
    (as_completed_item, ["as_completed_item", ONE, "Queue.get"]),
    (condition, ["condition", "Condition.wait_for", "Condition.wait"]),
    (join, ["join", "Queue.join", "Event.wait"]),
    (next_completed, ["next_completed", *ANEXT, "Queue.get"]),
    (lambda aio: occupied(aio.Semaphore(0)), ["occupied", ENTER, "Semaphore.acquire"]),
    (lambda aio: occupied(aio.Barrier(2)), ["occupied", "Barrier.__aenter__", *BARRIER_WAIT]),
    (locked, ["locked", ENTER, "Lock.acquire"]),
    (lambda aio: aio.Event().wait(), ["Event.wait"]),
    (lambda aio: aio.Queue().get(), ["Queue.get"]),
    (lambda aio: aio.Semaphore(0).acquire(), ["Semaphore.acquire"]),
    (lambda aio: aio.Barrier(2).wait(), BARRIER_WAIT),
    (in_thread, ["in_thread", "to_thread"]),
]


@pytest.mark.parametrize(("begin", "names"), WAITS, ids=[names[0] for _, names in WAITS])
def test_a_suspended_coroutine_shows_the_chain_of_what_it_awaits(aio, run, begin, names):
    async def main():
        task = aio.create_task(begin(aio))
        await aio.sleep(0)
        await aio.sleep(0)
        await aio.sleep(0)
        assert chain_of(task.get_coro())[0] == names
        for left in aio.all_tasks() - {aio.current_task()}:
            left.cancel()
            await aio.sleep(0)
            left.cancel()

    run(main)


def test_the_chain_ends_at_the_future(aio, run):
    async def main():
        future = aio.get_running_loop().create_future()
        task = aio.create_task(aio.wait_for(future, 3600))
        await aio.sleep(0)
        names, last = chain_of(task.get_coro())
        future.set_result(None)
        await task
        return names, last

    names, last = run(main)
    # The stdlib shows the iterator of the future; it leads nowhere.
    assert names == ["wait_for"]
    assert not hasattr(last, "cr_await")


def test_each_state_is_told_from_the_others(aio, run):
    states = []

    class Watcher:
        """Looks at the coroutine that awaits it, while that runs."""

        def __await__(self):
            states.append(inspect.getcoroutinestate(coroutine))
            assert coroutine.cr_frame is not None
            yield

    async def main():
        nonlocal coroutine
        coroutine = aio.wait_for(Watcher(), None)
        states.append(inspect.getcoroutinestate(coroutine))
        task = aio.create_task(coroutine)
        await aio.sleep(0)
        states.append(inspect.getcoroutinestate(coroutine))
        await task
        states.append(inspect.getcoroutinestate(coroutine))
        assert coroutine.cr_frame is None
        assert coroutine.cr_await is None
        assert coroutine.cr_code.co_name == "wait_for"

    coroutine = None
    run(main)
    assert states == [
        inspect.CORO_CREATED,
        inspect.CORO_RUNNING,
        inspect.CORO_SUSPENDED,
        inspect.CORO_CLOSED,
    ]


def test_a_coroutine_that_was_closed_before_it_began_has_no_frame(aio, run):
    async def main():
        coroutine = aio.sleep(0)
        assert inspect.getcoroutinelocals(coroutine) in ({}, {"delay": 0, "result": None})
        coroutine.close()
        return inspect.getcoroutinestate(coroutine), coroutine.cr_frame

    assert run(main) == (inspect.CORO_CLOSED, None)


def test_a_task_of_such_a_coroutine_has_a_stack(aio, run):
    async def main():
        task = aio.create_task(aio.sleep(3600))
        await aio.sleep(0)
        (frame,) = task.get_stack()
        printed = io.StringIO()
        task.print_stack(file=printed)
        place = frame.f_code.co_filename, frame.f_lineno
        assert printed.getvalue().startswith("Stack for <Task pending name=")
        assert 'File "{}", line {}, in sleep'.format(*place) in printed.getvalue()
        assert "coro=<sleep() running at {}:{}>".format(*place) in repr(task)
        assert frame.f_code.co_name == inspect.getframeinfo(frame).function == "sleep"
        assert frame.f_back is None
        assert isinstance(frame.f_globals["__name__"], str)
        (entry,) = traceback.extract_stack(frame)
        assert (entry.name, entry.filename, entry.lineno) == ("sleep", *place)
        task.cancel()

    run(main)


def test_a_task_that_is_done_has_no_stack(aio, run):
    async def main():
        task = aio.create_task(aio.sleep(0))
        await task
        printed = io.StringIO()
        task.print_stack(file=printed)
        return task.get_stack(), printed.getvalue(), repr(task)

    stack, printed, shown = run(main)
    assert stack == []
    assert printed.startswith("No stack for <Task finished name=")
    assert "coro=<sleep() done, defined at " in shown


def test_looking_twice_gives_equal_frames(aio, run):
    async def main():
        one, other = (aio.wait([aio.get_running_loop().create_future()]) for _ in range(2))
        tasks = [aio.create_task(coroutine) for coroutine in (one, other)]
        await aio.sleep(0)
        assert one.cr_frame == one.cr_frame
        assert hash(one.cr_frame) == hash(one.cr_frame)
        assert one.cr_frame != other.cr_frame
        assert one.cr_await == one.cr_await
        assert one.cr_await != other.cr_await
        assert repr(one.cr_await).startswith("<coroutine object _wait at 0x")
        assert repr(one.cr_frame).startswith("<frame at 0x")
        for task in tasks:
            task.cancel()

    run(main)


@pytest.mark.skipif(sys.version_info < (3, 14), reason="the call graph came with 3.14")
def test_the_call_graph_names_them(aio, run):
    async def main():
        task = aio.create_task(aio.wait([aio.create_task(aio.sleep(3600), name="inner")]))
        await aio.sleep(0)
        graph = aio.format_call_graph(task)
        for left in aio.all_tasks() - {aio.current_task()}:
            left.cancel()
        return [line.split(", in ")[-1] for line in graph.splitlines() if ", in " in line]

    assert run(main) == ["async _wait()", "async wait()"]
