"""`as_completed`: futures in the order in which they finish."""

import asyncio
import gc
import sys

import pytest

from toolkit import futures_of_all_classes, give, refuse

modern = pytest.mark.skipif(sys.version_info < (3, 13), reason="async iteration came with 3.13")


def test_in_the_order_of_completion(aio, run):
    async def main():
        order = []
        for coroutine in aio.as_completed(
            [give(aio, "c", 9), give(aio, "a", 1), give(aio, "b", 5)]
        ):
            assert asyncio.iscoroutine(coroutine)
            order.append(await coroutine)
        return order

    assert run(main) == ["a", "b", "c"]


def test_failures_come_in_their_turn(aio, run):
    async def main():
        seen = []
        for coroutine in aio.as_completed([refuse(aio, ValueError("x"), 1), give(aio, 2, 4)]):
            try:
                seen.append(await coroutine)
            except ValueError as error:
                seen.append(error.args)
        return seen

    assert run(main) == [("x",), 2]


def test_all_coroutines_at_once(aio, run):
    async def main():
        coroutines = list(aio.as_completed([give(aio, number, 3 * number) for number in range(5)]))
        return await aio.gather(*coroutines)

    assert run(main) == list(range(5))


def test_duplicates_and_nothing(aio, run):
    async def main():
        task = aio.ensure_future(give(aio, 1))
        assert [await one for one in aio.as_completed([task, task])] == [1]
        return [await one for one in aio.as_completed([])]

    assert run(main) == []


def test_a_timeout(aio, run):
    async def main():
        never = aio.get_running_loop().create_future()
        seen = []
        for coroutine in aio.as_completed([never, give(aio, "quick")], timeout=0.01):
            try:
                seen.append(await coroutine)
            except TimeoutError as error:
                seen.append(error.args)
        assert not never._callbacks
        return seen

    assert run(main) == ["quick", ()]


def test_the_timer_does_not_outlive_the_futures(aio, run):
    async def main():
        for coroutine in aio.as_completed([give(aio, 1), give(aio, 2)], timeout=1000):
            await coroutine
        return [timer for timer in aio.get_running_loop()._scheduled if not timer.cancelled()]

    assert run(main) == []


def test_cancelled_while_it_waits(aio, run):
    async def main():
        loop = aio.get_running_loop()
        first, second = loop.create_future(), loop.create_future()
        iterator = iter(aio.as_completed([first, second]))
        one, two = aio.ensure_future(next(iterator)), aio.ensure_future(next(iterator))
        await aio.sleep(0)
        one.cancel("one")
        with pytest.raises(aio.CancelledError, match="one"):
            await one
        first.set_result("first")
        assert await two == "first"
        second.set_result("second")
        return [await coroutine for coroutine in iterator]

    # From 3.14 on an interrupted step is given again.
    assert run(main) == (["second"] if sys.version_info >= (3, 14) else [])


def test_cancelled_in_the_turn_in_which_it_is_woken(aio, run):
    async def main():
        loop = aio.get_running_loop()
        future, never = loop.create_future(), loop.create_future()
        iterator = iter(aio.as_completed([future, never]))
        one, two = aio.ensure_future(next(iterator)), aio.ensure_future(next(iterator))
        await aio.sleep(0)
        future.set_result("not lost")
        loop.call_soon(one.cancel)
        assert await two == "not lost"
        never.cancel()
        return one.cancelled()

    assert run(main)


def test_wrong_arguments(aio, run):
    async def main():
        future = aio.get_running_loop().create_future()
        coroutine = give(aio, 1)
        texts = []
        for given in (future, coroutine):
            with pytest.raises(TypeError) as caught:
                list(aio.as_completed(given))
            texts.append(caught.value.args[0])
        with pytest.raises(TypeError, match="not iterable"):
            list(aio.as_completed(7))
        with pytest.raises(TypeError, match=r"An asyncio\.Future, a coroutine or an awaitable"):
            list(aio.as_completed([7]))
        with pytest.raises(TypeError):
            aio.as_completed()
        with pytest.raises(TypeError):
            aio.as_completed([], loop=None)
        coroutine.close()
        return texts

    words = (
        "expects an iterable of awaitables, not "
        if sys.version_info >= (3, 13)
        else "expect an iterable of futures, not "
    )
    assert run(main) == [words + "Future", words + "coroutine"]


def test_before_the_first_step(aio, run):
    async def main():
        ran = []

        async def note():
            ran.append("ran")

        iterator = aio.as_completed([note()])
        await aio.sleep(0)
        before = list(ran)
        for coroutine in iterator:
            await coroutine
        return before, ran

    assert run(main) == (["ran"] if sys.version_info >= (3, 13) else [], ["ran"])


def test_never_awaited(aio, run):
    async def main():
        with pytest.warns(RuntimeWarning, match="_wait_for_one' was never awaited"):
            next(iter(aio.as_completed([give(aio, 1)])))
            gc.collect()
        await aio.sleep(0)

    run(main)


def test_futures_of_all_classes(aio, run):
    async def main():
        loop = aio.get_running_loop()
        futures = futures_of_all_classes(loop)
        for number, future in enumerate(futures):
            loop.call_later(number / 200, future.set_result, number)
        task = asyncio.Task(give(aio, "task"), loop=loop)
        return [await coroutine for coroutine in aio.as_completed([*futures, task])]

    result = run(main)
    assert sorted(result[:2], key=str) == [0, "task"]
    assert result[2:] == [1, 2]


@pytest.mark.only("aioxide")
def test_on_a_loop_that_is_not_ours():
    import aioxide

    async def main():
        loop = asyncio.get_running_loop()
        own, foreign = aioxide.Future(loop=loop), loop.create_future()
        iterator = iter(aioxide.as_completed([own, foreign]))
        waiting = asyncio.create_task(next(iterator))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        own.set_result("own")
        foreign.set_result("foreign")
        return [await coroutine for coroutine in iterator]

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        result = runner.run(main())
    assert result == (["own", "foreign"] if sys.version_info >= (3, 14) else ["own"])


@modern
def test_async_iteration_gives_the_futures(aio, run):
    async def main():
        loop = aio.get_running_loop()
        slow, quick = loop.create_future(), aio.ensure_future(give(aio, "quick"))
        loop.call_later(0.01, slow.set_exception, ValueError("slow"))
        seen = []
        async for future in aio.as_completed([slow, quick, give(aio, "new", 2)]):
            assert future.done()
            seen.append(future)
        assert seen[0] is quick
        assert seen[1].result() == "new"
        assert seen[2] is slow
        return str(slow.exception())

    assert run(main) == "slow"


@modern
def test_async_iteration_times_out(aio, run):
    async def main():
        never = aio.get_running_loop().create_future()
        with pytest.raises(TimeoutError):
            async for _ in aio.as_completed([never], timeout=0.001):
                pytest.fail("nothing is done")
        iterator = aio.as_completed([])
        with pytest.raises(StopAsyncIteration):
            await anext(iterator)
        return never.done()

    assert run(main) is False


@pytest.mark.skipif(sys.version_info < (3, 14), reason="the call graph came with 3.14")
def test_the_call_graph(aio, run):
    async def main():
        me = aio.current_task()
        task = aio.ensure_future(give(aio, 1, 2))
        iterator = aio.as_completed([task])
        assert set(task._asyncio_awaited_by) == {me}
        for coroutine in iterator:
            await coroutine
        return task._asyncio_awaited_by

    assert not run(main)
