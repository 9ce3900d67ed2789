"""`wait`: which futures are done when it ends, and what it leaves behind."""

import asyncio
import gc
import inspect
import sys
import weakref

import pytest

from toolkit import futures_of_all_classes, give, refuse

is_coroutine_function = (
    inspect.iscoroutinefunction if sys.version_info >= (3, 12) else asyncio.iscoroutinefunction
)


def tasks_of(aio, *coroutines):
    return [aio.ensure_future(coroutine) for coroutine in coroutines]


def test_all(aio, run):
    async def main():
        tasks = tasks_of(aio, give(aio, 1), give(aio, 2, 4), refuse(aio, ValueError("3"), 2))
        done, pending = await aio.wait(tasks)
        assert done == set(tasks)
        assert pending == set()
        assert done is not pending
        return sorted(str(task.exception() or task.result()) for task in done)

    assert run(main) == ["1", "2", "3"]


def test_first_completed(aio, run):
    async def main():
        tasks = tasks_of(aio, give(aio, 1, 8), give(aio, 2, 2), give(aio, 3, 8))
        done, pending = await aio.wait(tasks, return_when=aio.FIRST_COMPLETED)
        assert done == {tasks[1]}
        assert pending == {tasks[0], tasks[2]}
        assert not any(task._callbacks for task in pending)
        await aio.wait(pending)

    run(main)


def test_first_exception(aio, run):
    async def main():
        cancelled = aio.get_running_loop().create_future()
        tasks = tasks_of(aio, give(aio, 1), refuse(aio, ValueError("2"), 3), give(aio, 3, 9))
        aio.get_running_loop().call_soon(cancelled.cancel)
        done, pending = await aio.wait([*tasks, cancelled], return_when=aio.FIRST_EXCEPTION)
        assert done == {*tasks[:2], cancelled}
        assert pending == {tasks[2]}
        done, pending = await aio.wait(pending, return_when="FIRST_EXCEPTION")
        return len(done), len(pending)

    assert run(main) == (1, 0)


@pytest.mark.parametrize("timeout", [0, -1, 0.01, 10**-9])
def test_a_timeout_is_no_error(aio, run, timeout):
    async def main():
        never = aio.get_running_loop().create_future()
        quick = aio.ensure_future(give(aio, 1))
        _done, pending = await aio.wait({never, quick}, timeout=timeout)
        assert never in pending
        assert never._callbacks in (None, [])
        await quick
        return never.done()

    assert run(main) is False


def test_the_timer_does_not_outlive_the_wait(aio, run):
    async def main():
        loop = aio.get_running_loop()
        await aio.wait(tasks_of(aio, give(aio, 1)), timeout=1000)
        return [timer for timer in loop._scheduled if not timer.cancelled()]

    assert run(main) == []


def test_cancelled_while_it_waits(aio, run):
    async def main():
        never = aio.get_running_loop().create_future()
        waiting = aio.ensure_future(aio.wait([never], timeout=1000))
        await aio.sleep(0)
        assert len(never._callbacks) == 1
        waiting.cancel("enough")
        with pytest.raises(aio.CancelledError, match="enough"):
            await waiting
        assert not never._callbacks
        loop = aio.get_running_loop()
        assert [timer for timer in loop._scheduled if not timer.cancelled()] == []
        return never.cancelled()

    assert run(main) is False


def test_cancelled_before_it_begins(aio, run):
    async def main():
        never = aio.get_running_loop().create_future()
        waiting = aio.ensure_future(aio.wait([never]))
        waiting.cancel()
        with pytest.raises(aio.CancelledError):
            await waiting
        return never._callbacks

    assert not run(main)


def test_any_iterable_and_duplicates(aio, run):
    async def main():
        task = aio.ensure_future(give(aio, 1))
        done, _ = await aio.wait(iter([task, task]))
        assert done == {task}
        done, _ = await aio.wait({task: "key"})
        return done == {task}

    assert run(main)


def test_wrong_arguments(aio, run):
    async def main():
        task = aio.ensure_future(give(aio, 1))
        coroutine = give(aio, 2)
        seen = []
        for arguments, keywords in [
            ((task,), {}),
            ((coroutine,), {}),
            (([coroutine],), {}),
            (([],), {}),
            ((set(),), {}),
            (([task],), {"return_when": "sometimes"}),
            (([task],), {"return_when": -1}),
            ((iter([]),), {}),
            ((7,), {}),
            (([7],), {}),
        ]:
            with pytest.raises((TypeError, ValueError, AssertionError, AttributeError)) as caught:
                await aio.wait(*arguments, **keywords)
            seen.append((caught.type.__name__, caught.value.args[0]))
        for arguments, keywords in [((), {}), (([task],), {"loop": None}), (([task], 1), {})]:
            with pytest.raises(TypeError):
                aio.wait(*arguments, **keywords)
        coroutine.close()
        await task
        return seen

    forbidden = "Passing coroutines is forbidden, use tasks explicitly."
    assert run(main) == [
        ("TypeError", "expect a list of futures, not Task"),
        ("TypeError", "expect a list of futures, not coroutine"),
        ("TypeError", forbidden),
        ("ValueError", "Set of Tasks/Futures is empty."),
        ("ValueError", "Set of Tasks/Futures is empty."),
        ("ValueError", "Invalid return_when value: sometimes"),
        ("ValueError", "Invalid return_when value: -1"),
        ("AssertionError", "Set of Futures is empty."),
        ("TypeError", "'int' object is not iterable"),
        ("AttributeError", "'int' object has no attribute 'add_done_callback'"),
    ]


def test_it_is_a_coroutine(aio, run):
    async def main():
        task = aio.ensure_future(give(aio, 1))
        coroutine = aio.wait([task])
        assert asyncio.iscoroutine(coroutine)
        assert is_coroutine_function(aio.wait)
        done, _ = await aio.create_task(coroutine)
        return done == {task}

    assert run(main)


def test_never_awaited(aio, run):
    async def main():
        with pytest.warns(RuntimeWarning, match="coroutine 'wait' was never awaited"):
            aio.wait([])
            gc.collect()

    run(main)


def test_futures_of_all_classes(aio, run):
    async def main():
        loop = aio.get_running_loop()
        futures = [
            *futures_of_all_classes(loop),
            asyncio.Task(give(aio, 1, 2), loop=loop),
            aio.gather(give(aio, 2)),
        ]
        for future in futures[:3]:
            loop.call_soon(future.set_result, None)
        done, pending = await aio.wait(futures)
        assert (done, pending) == (set(futures), set())
        never = asyncio.Future(loop=loop)
        done, pending = await aio.wait([never, *futures], return_when=aio.FIRST_COMPLETED)
        assert pending == {never}
        return never._callbacks

    assert not run(main)


@pytest.mark.only("aioxide")
def test_on_a_loop_that_is_not_ours():
    import aioxide

    async def main():
        loop = asyncio.get_running_loop()
        own, foreign = aioxide.Future(loop=loop), loop.create_future()
        loop.call_soon(own.set_result, 1)
        done, pending = await aioxide.wait([own, foreign], return_when="FIRST_COMPLETED")
        assert (done, pending) == ({own}, {foreign})
        done, pending = await aioxide.wait([foreign], timeout=0.001)
        assert (done, pending) == (set(), {foreign})
        waiting = asyncio.ensure_future(aioxide.wait([foreign]))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        return foreign._callbacks

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        assert not runner.run(main())


def test_the_order_of_events(aio, run):
    async def main():
        log = []

        async def waits(name, futures, when):
            await aio.wait(futures, return_when=when)
            log.append(name)

        loop = aio.get_running_loop()
        one, two = loop.create_future(), loop.create_future()
        for future, name in ((one, "one"), (two, "two")):
            future.add_done_callback(lambda _, name=name: log.append(name))
        waiters = tasks_of(
            aio,
            waits("first", [one, two], "FIRST_COMPLETED"),
            waits("all", [two, one], "ALL_COMPLETED"),
        )
        await aio.sleep(0)
        for future, name in ((one, "one later"), (two, "two later")):
            future.add_done_callback(lambda _, name=name: log.append(name))
        two.set_result(None)
        loop.call_soon(log.append, "soon")
        one.set_result(None)
        for waiter in waiters:
            await waiter
        return log

    assert run(main) == ["two", "two later", "soon", "one", "one later", "first", "all"]


def test_nothing_is_kept(aio, run):
    async def main():
        never = aio.get_running_loop().create_future()
        task = aio.ensure_future(give(aio, 1))
        reference = weakref.ref(task)
        await aio.wait([never, task], return_when=aio.FIRST_COMPLETED)
        del task
        gc.collect()
        assert reference() is None
        never.cancel()

    run(main)


@pytest.mark.skipif(sys.version_info < (3, 14), reason="the call graph came with 3.14")
def test_the_call_graph(aio, run):
    async def main():
        loop = aio.get_running_loop()
        never, foreign = loop.create_future(), asyncio.Future(loop=loop)
        task = aio.ensure_future(give(aio, 1, 2))
        waiting = aio.ensure_future(aio.wait([never, task, foreign], return_when="FIRST_COMPLETED"))
        await aio.sleep(0)
        assert set(never._asyncio_awaited_by) == set(task._asyncio_awaited_by) == {waiting}
        await waiting
        return [bool(future._asyncio_awaited_by) for future in (never, task, foreign)]

    assert run(main) == [False] * 3
