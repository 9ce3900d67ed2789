"""What methods of queues, locks and streams return passes for a coroutine everywhere."""

import asyncio
import collections.abc
import inspect
import threading

import pytest

#: Each makes an awaitable that gives "value" at once.
AT_ONCE = {
    "Queue.get": lambda aio: full_queue(aio).get(),
    "Queue.put": lambda aio: aio.Queue().put("item"),
    "Queue.join": lambda aio: aio.Queue().join(),
    "Lock.acquire": lambda aio: aio.Lock().acquire(),
    "Semaphore.acquire": lambda aio: aio.Semaphore().acquire(),
    "Event.wait": lambda aio: set_event(aio).wait(),
    "Barrier.wait": lambda aio: aio.Barrier(1).wait(),
    "StreamReader.read": lambda aio: reader(aio).read(),
    "StreamReader.readline": lambda aio: reader(aio).readline(),
    "StreamReader.readexactly": lambda aio: reader(aio).readexactly(3),
    "StreamReader.readuntil": lambda aio: reader(aio).readuntil(b"c"),
    "sleep": lambda aio: aio.sleep(0, "value"),
    "wait_for": lambda aio: aio.wait_for(aio.sleep(0, "value"), 1),
    "wait": lambda aio: aio.wait([aio.ensure_future(aio.sleep(0))]),
}

NEEDS_NO_LOOP = [name for name in AT_ONCE if not name.startswith(("StreamReader", "wait"))]


def full_queue(aio):
    queue = aio.Queue()
    queue.put_nowait("item")
    return queue


def set_event(aio):
    event = aio.Event()
    event.set()
    return event


def reader(aio):
    made = aio.StreamReader()
    made.feed_data(b"abc")
    made.feed_eof()
    return made


def expected(aio, name):
    async def main():
        return await AT_ONCE[name](aio)

    return normal(aio.run(main()))


def normal(result):
    """``wait`` gives sets of tasks."""
    return [len(part) for part in result] if isinstance(result, tuple) else result


@pytest.fixture(params=AT_ONCE)
def name(request):
    return request.param


def test_it_says_that_it_is_one(aio, run, name):
    async def main():
        made = AT_ONCE[name](aio)
        try:
            assert inspect.isawaitable(made)
            assert aio.iscoroutine(made)
            assert asyncio.iscoroutine(made)
            assert isinstance(made, collections.abc.Awaitable)
            assert isinstance(made, collections.abc.Coroutine)
            assert inspect.getcoroutinestate(made) == inspect.CORO_CREATED
            assert made.cr_frame is not None
            assert made.cr_code.co_name == made.__name__
            assert made.__qualname__.endswith(made.__name__)
        finally:
            await made
        assert inspect.getcoroutinestate(made) == inspect.CORO_CLOSED
        with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
            made.send(None)

    run(main)


@pytest.mark.parametrize("door", ["create_task", "ensure_future", "gather", "shield", "wait_for"])
def test_it_goes_through_each_door(aio, run, name, door):
    async def main():
        made = AT_ONCE[name](aio)
        match door:
            case "gather":
                (result,) = await aio.gather(made)
                return result
            case "wait_for":
                return await aio.wait_for(made, 1)
            case _:
                return await getattr(aio, door)(made)

    assert normal(run(main)) == expected(aio, name)


def test_the_loop_and_a_group_make_a_task_of_it(aio, run, name):
    async def main():
        by_loop = aio.get_running_loop().create_task(AT_ONCE[name](aio))
        async with aio.TaskGroup() as group:
            in_group = group.create_task(AT_ONCE[name](aio))
        return normal(await by_loop), normal(in_group.result())

    assert run(main) == (expected(aio, name),) * 2


@pytest.mark.parametrize("name", NEEDS_NO_LOOP)
def test_it_can_be_all_that_a_run_runs(aio, name):
    assert aio.run(AT_ONCE[name](aio)) == expected(aio, name)
    with aio.Runner() as runner:
        assert runner.run(AT_ONCE[name](aio)) == expected(aio, name)


def test_a_reader_of_a_loop_can_be_all_that_it_runs(aio, loop):
    made = aio.StreamReader(loop=loop)
    made.feed_data(b"abc")
    made.feed_eof()
    assert loop.run_until_complete(made.read()) == b"abc"


@pytest.mark.parametrize("name", NEEDS_NO_LOOP)
def test_another_thread_can_hand_it_in(aio, run, name):
    async def main():
        loop = aio.get_running_loop()
        results = []
        finished = aio.Event()

        def post():
            future = aio.run_coroutine_threadsafe(AT_ONCE[name](aio), loop)
            results.append(future.result(timeout=10))
            loop.call_soon_threadsafe(finished.set)

        thread = threading.Thread(target=post)
        thread.start()
        await finished.wait()
        thread.join()
        return results

    assert run(main) == [expected(aio, name)]


def test_a_coroutine_delegates_to_it_and_it_can_be_driven_by_hand(aio, run, name):
    async def main():
        async def delegate():
            return await AT_ONCE[name](aio)

        return await delegate()

    assert normal(run(main)) == expected(aio, name)


@pytest.mark.parametrize("name", [name for name in AT_ONCE if not name.startswith("wait")])
def test_it_warns_when_nobody_awaits_it(aio, run, name):
    async def main():
        made = AT_ONCE[name](aio)
        with pytest.warns(RuntimeWarning, match=f"coroutine '.*{made.__name__}' was never awaited"):
            del made

    run(main)


@pytest.mark.parametrize("name", [name for name in AT_ONCE if not name.startswith("wait")])
def test_it_can_be_closed_and_thrown_into(aio, run, name):
    async def main():
        made = AT_ONCE[name](aio)
        made.close()
        assert inspect.getcoroutinestate(made) == inspect.CORO_CLOSED
        made = AT_ONCE[name](aio)
        with pytest.raises(LookupError, match="thrown"):
            made.throw(LookupError("thrown"))

    run(main)
