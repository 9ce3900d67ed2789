"""`wait_for`: results, limits, cancellation at each of its waits, and what it leaves behind."""

import asyncio
import gc
import inspect
import sys
import weakref

import pytest

from toolkit import answer, fail, sleep_and_note


class Awaitable:
    def __init__(self, coroutine):
        self.coroutine = coroutine

    def __await__(self):
        return self.coroutine.__await__()


@pytest.mark.parametrize("limit", [None, 60, 60.5])
def test_result_in_time(aio, any_loop, limit):
    async def main():
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        loop.call_soon(future.set_result, "future")
        return (
            await aio.wait_for(answer("coroutine"), limit),
            await aio.wait_for(future, limit),
            await aio.wait_for(loop.create_task(answer("task")), limit),
            await aio.wait_for(asyncio.sleep(0, "native"), limit),
            await aio.wait_for(Awaitable(answer("awaitable")), limit),
            await aio.wait_for(fut=answer("keyword"), timeout=limit),
        )

    expected = ("coroutine", "future", "task", "native", "awaitable", "keyword")
    assert any_loop(main) == expected


@pytest.mark.parametrize("limit", [None, 60])
def test_exception_in_time(aio, any_loop, limit):
    async def main():
        error = ValueError("mine")
        with pytest.raises(ValueError) as caught:
            await aio.wait_for(fail(error), limit)
        assert caught.value is error
        assert error.__context__ is None

    any_loop(main)


def test_out_of_time(aio, any_loop):
    async def main():
        ended = []
        with pytest.raises(TimeoutError) as caught:
            await aio.wait_for(sleep_and_note(ended, True), 0.01)
        assert type(caught.value.__cause__) is asyncio.CancelledError
        assert asyncio.current_task().cancelling() == 0
        return ended

    assert any_loop(main) == [True]


@pytest.mark.parametrize("limit", [0, -1, -0.5])
def test_no_time_at_all(aio, any_loop, limit):
    async def main():
        started = []

        async def work():
            started.append(True)

        with pytest.raises(TimeoutError) as caught:
            await aio.wait_for(work(), limit)
        assert type(caught.value.__cause__) is asyncio.CancelledError
        done = asyncio.get_running_loop().create_future()
        done.set_result("done")
        assert await aio.wait_for(done, limit) == "done"
        failed = asyncio.get_running_loop().create_future()
        failed.set_exception(ValueError("failed"))
        with pytest.raises(ValueError, match="failed"):
            await aio.wait_for(failed, limit)
        return started

    assert any_loop(main) == []


def test_no_time_and_a_task_that_will_not_end(aio, any_loop):
    async def main():
        async def stubborn():
            try:
                await asyncio.sleep(30)
            except asyncio.CancelledError:
                await asyncio.sleep(0)
                return "finished anyway"

        task = asyncio.ensure_future(stubborn())
        await asyncio.sleep(0)
        return await aio.wait_for(task, 0)

    assert any_loop(main) == "finished anyway"


def test_cancelled_while_it_ends_what_it_waited_for(aio, any_loop):
    async def main():
        async def stubborn():
            try:
                await asyncio.sleep(30)
            except asyncio.CancelledError:
                await asyncio.sleep(0.02)
                raise

        inner = asyncio.ensure_future(stubborn())
        await asyncio.sleep(0)
        outer = asyncio.ensure_future(aio.wait_for(inner, 0))
        await asyncio.sleep(0)
        outer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await outer
        assert not inner.done()
        with pytest.raises(asyncio.CancelledError):
            await inner

    any_loop(main)


def test_value_in_spite_of_the_limit(aio, any_loop):
    async def main():
        async def stubborn():
            try:
                await asyncio.sleep(30)
            except asyncio.CancelledError:
                return "late"

        return await aio.wait_for(stubborn(), 0.01), asyncio.current_task().cancelling()

    assert any_loop(main) == ("late", 0)


def test_exception_in_place_of_the_cancellation(aio, any_loop):
    async def main():
        async def clumsy():
            try:
                await asyncio.sleep(30)
            finally:
                raise KeyError("clumsy")

        with pytest.raises(KeyError):
            await aio.wait_for(clumsy(), 0.01)

    any_loop(main)


def test_cancelled_from_outside(aio, any_loop):
    async def main():
        ended = []
        task = asyncio.ensure_future(aio.wait_for(sleep_and_note(ended, True), 60))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel("enough")
        with pytest.raises(asyncio.CancelledError):
            await task
        return ended, task.cancelled()

    assert any_loop(main) == ([True], True)


def test_what_can_not_be_awaited(aio, any_loop):
    async def main():
        for limit in (None, 0, 1):
            with pytest.raises(TypeError):
                await aio.wait_for(5, limit)
        with pytest.raises(TypeError):
            aio.wait_for()
        coroutine = answer(1)
        with pytest.raises(TypeError):
            await aio.wait_for(coroutine, "soon")
        coroutine.close()

    any_loop(main)


def test_base_exceptions_pass(aio, any_loop):
    async def main():
        class Odd(BaseException):
            pass

        with pytest.raises(Odd):
            await aio.wait_for(fail(Odd()), 60)

    any_loop(main)


def test_as_a_task_and_closed_early(aio, any_loop):
    async def main():
        assert await asyncio.ensure_future(aio.wait_for(answer(1), 60)) == 1
        inner = answer(2)
        coroutine = aio.wait_for(inner, 60)
        assert inspect.isawaitable(coroutine)
        coroutine.close()
        inner.close()

    any_loop(main)


def test_current_task_is_the_callers_from_3_12_on(aio, any_loop):
    async def main():
        async def who():
            return asyncio.current_task()

        return await aio.wait_for(who(), 60) is asyncio.current_task()

    assert any_loop(main) is (sys.version_info >= (3, 12))


def test_leaves_no_garbage(aio, run):
    async def main():
        class Result:
            pass

        result = Result()
        alive = weakref.ref(result)
        gc.collect()
        gc.disable()
        try:
            assert await aio.wait_for(answer(result), 1000) is result
            del result
            await asyncio.sleep(0)
            return alive()
        finally:
            gc.enable()

    assert run(main) is None


def test_timeout_of_the_outer_of_two(aio, any_loop):
    async def main():
        with pytest.raises(TimeoutError):
            await aio.wait_for(aio.wait_for(asyncio.sleep(30), 60), 0.01)
        return asyncio.current_task().cancelling()

    assert any_loop(main) == 0
