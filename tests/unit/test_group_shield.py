"""`shield`: cancelled outside, untouched inside."""

import asyncio
import gc
import sys
import weakref

import pytest

from toolkit import give


def test_the_result_goes_through(aio, run):
    async def main():
        return await aio.shield(give(aio, "through", 2))

    assert run(main) == "through"


def test_the_exception_goes_through(aio, run):
    async def main():
        inner = aio.get_running_loop().create_future()
        outer = aio.shield(inner)
        error = ValueError("through")
        inner.set_exception(error)
        with pytest.raises(ValueError) as caught:
            await outer
        return caught.value is error

    assert run(main)


def test_a_done_future_needs_no_shield(aio, run):
    async def main():
        inner = aio.get_running_loop().create_future()
        inner.set_result(1)
        return aio.shield(inner) is inner

    assert run(main)


def test_cancelling_the_shield_spares_the_inside(aio, run):
    async def main():
        inner = aio.ensure_future(give(aio, "spared", 4))
        outer = aio.shield(inner)
        await aio.sleep(0)
        assert outer.cancel("outside")
        with pytest.raises(aio.CancelledError, match="outside"):
            await outer
        await aio.sleep(0)
        assert "shield" not in repr(inner._callbacks)
        return await inner

    assert run(main) == "spared"


def test_cancelling_the_waiting_task(aio, run):
    async def main():
        inner = aio.ensure_future(give(aio, "spared", 6))

        async def wait():
            await aio.shield(inner)

        task = aio.ensure_future(wait())
        await give(aio, None, 2)
        task.cancel()
        with pytest.raises(aio.CancelledError):
            await task
        return await inner

    assert run(main) == "spared"


def test_cancelling_the_inside_cancels_the_shield(aio, run):
    async def main():
        inner = aio.get_running_loop().create_future()
        outer = aio.shield(inner)
        inner.cancel("inside")
        with pytest.raises(aio.CancelledError) as caught:
            await outer
        return outer.cancelled(), caught.value.args

    assert run(main) == (True, ())


def test_both_done_in_one_turn(aio, run):
    async def main():
        inner = aio.get_running_loop().create_future()
        outer = aio.shield(inner)
        inner.set_result("late")
        outer.cancel()
        await give(aio, None, 2)
        return outer.cancelled(), inner.result()

    assert run(main) == (True, "late")


def test_an_exception_after_the_shield_was_cancelled(aio, run):
    async def main():
        inner = aio.get_running_loop().create_future()
        outer = aio.shield(inner)
        inner.set_exception(ValueError("late"))
        outer.cancel()
        await give(aio, None, 2)
        assert outer.cancelled()
        del inner, outer
        gc.collect()

    run(main)
    reported = [run.reports.pop()["message"]] if run.reports else []
    expected = ["Future exception was never retrieved"] if sys.version_info >= (3, 14) else []
    assert reported == expected


def test_futures_of_all_classes(aio, run):
    async def main():
        loop = aio.get_running_loop()
        for inner in (
            asyncio.Future(loop=loop),
            asyncio.futures._PyFuture(loop=loop),
            loop.create_future(),
        ):
            outer = aio.shield(inner)
            loop.call_soon(inner.set_result, type(inner))
            assert await outer is type(inner)
            never = type(inner)(loop=loop)
            outer = aio.shield(never)
            outer.cancel()
            await aio.sleep(0)
            assert not never._callbacks
        task = asyncio.Task(give(aio, "task", 1), loop=loop)
        return await aio.shield(task)

    assert run(main) == "task"


@pytest.mark.only("aioxide")
def test_on_a_loop_that_is_not_ours():
    import aioxide

    async def main():
        loop = asyncio.get_running_loop()
        own = aioxide.Future(loop=loop)
        outer = aioxide.shield(own)
        assert type(outer) is asyncio.Future
        loop.call_soon(own.set_result, "own")
        assert await outer == "own"
        never = aioxide.Future(loop=loop)
        aioxide.shield(never).cancel()
        await asyncio.sleep(0)
        return never._callbacks

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        assert not runner.run(main())


def test_nothing_is_kept(aio, run):
    async def main():
        never = aio.get_running_loop().create_future()
        outer = aio.shield(never)
        reference = weakref.ref(outer)
        outer.cancel()
        await aio.sleep(0)
        del outer
        gc.collect()
        assert reference() is None
        return never._callbacks

    assert not run(main)


def test_wrong_arguments(aio, run):
    async def main():
        with pytest.raises(TypeError, match=r"An asyncio\.Future, a coroutine or an awaitable"):
            aio.shield(1)
        with pytest.raises(TypeError, match="missing 1 required positional argument: 'arg'"):
            aio.shield()

    run(main)


@pytest.mark.skipif(sys.version_info < (3, 14), reason="the call graph came with 3.14")
def test_the_call_graph(aio, run):
    async def main():
        me = aio.current_task()
        never = aio.get_running_loop().create_future()
        outer = aio.shield(never)
        assert set(never._asyncio_awaited_by) == {me}
        outer.cancel()
        await aio.sleep(0)
        assert not never._asyncio_awaited_by
        soon = aio.get_running_loop().create_future()
        outer = aio.shield(soon)
        soon.set_result(1)
        await outer
        return soon._asyncio_awaited_by

    assert not run(main)
