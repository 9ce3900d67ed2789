"""`timeout`, `timeout_at` and `Timeout`: a limit's life, and whose cancellation is whose."""

import asyncio
import contextlib
import gc
import sys
import weakref

import pytest


def test_block_in_time(aio, any_loop):
    async def main():
        async with aio.timeout(60) as limit:
            assert repr(limit).startswith("<Timeout [active] when=")
            assert limit._task is asyncio.current_task()
            assert limit._timeout_handler is not None
            await asyncio.sleep(0)
        assert not limit.expired()
        assert repr(limit) == "<Timeout [finished]>"
        assert limit._timeout_handler is None
        return limit.when() > asyncio.get_running_loop().time()

    assert any_loop(main)


def test_block_out_of_time(aio, any_loop):
    async def main():
        with pytest.raises(TimeoutError) as caught:
            async with aio.timeout(0.01) as limit:
                await asyncio.sleep(30)
        error = caught.value
        assert error.args == ()
        assert type(error.__cause__) is asyncio.CancelledError
        assert error.__context__ is error.__cause__
        assert limit.expired()
        assert repr(limit) == "<Timeout [expired]>"
        assert asyncio.current_task().cancelling() == 0

    any_loop(main)


@pytest.mark.parametrize("delay", [0, -1, 0.0, -1e9, False])
def test_no_time_at_all_ends_the_first_wait(aio, any_loop, delay):
    async def main():
        steps = []
        with pytest.raises(TimeoutError):
            async with aio.timeout(delay):
                steps.append("body")
                await asyncio.sleep(0)
                steps.append("never")
        return steps

    assert any_loop(main) == ["body"]


def test_no_time_and_no_wait_is_in_time(aio, any_loop):
    async def main():
        async with aio.timeout(0) as limit:
            pass
        await asyncio.sleep(0.01)
        return limit.expired(), asyncio.current_task().cancelling()

    assert any_loop(main) == (False, 0)


def test_none_is_no_limit(aio, any_loop):
    async def main():
        async with aio.timeout(None) as limit:
            assert limit.when() is None
            assert repr(limit) == "<Timeout [active] when=None>"
            await asyncio.sleep(0)
        return limit.expired()

    assert any_loop(main) is False


def test_deadline_keeps_the_kind_of_number(aio, any_loop):
    async def main():
        when = int(asyncio.get_running_loop().time()) + 100
        async with aio.timeout_at(when) as limit:
            assert limit.when() is when
        with pytest.raises(TypeError):
            aio.timeout("soon")
        with pytest.raises(TypeError):
            async with aio.timeout_at("soon"):
                pass

    any_loop(main)


def test_reschedule(aio, any_loop):
    async def main():
        loop = asyncio.get_running_loop()
        limit = aio.timeout(None)
        with pytest.raises(RuntimeError, match=r"^Timeout has not been entered$"):
            limit.reschedule(None)
        assert repr(limit) == "<Timeout [created]>"
        with pytest.raises(TimeoutError):
            async with limit:
                limit.reschedule(loop.time() + 60)
                limit.reschedule(None)
                assert limit.when() is None
                assert limit._timeout_handler is None
                limit.reschedule(loop.time() + 0.01)
                await asyncio.sleep(30)
        with pytest.raises(RuntimeError, match=r"^Cannot change state of expired Timeout$"):
            limit.reschedule(None)
        async with aio.timeout(60) as other:
            pass
        with pytest.raises(RuntimeError, match=r"^Cannot change state of finished Timeout$"):
            other.reschedule(None)

    any_loop(main)


def test_reschedule_while_expiring(aio, any_loop):
    async def main():
        with pytest.raises(TimeoutError):
            async with aio.timeout(0) as limit:
                try:
                    await asyncio.sleep(30)
                finally:
                    assert limit.expired()
                    assert repr(limit) == "<Timeout [expiring]>"
                    with pytest.raises(RuntimeError, match=r"^Cannot change state of expiring"):
                        limit.reschedule(None)

    any_loop(main)


def test_entered_twice(aio, any_loop):
    async def main():
        async with aio.timeout(60) as limit:
            with pytest.raises(RuntimeError, match=r"^Timeout has already been entered$"):
                async with limit:
                    pass

    any_loop(main)


def test_outside_a_task(aio, loop):
    errors = []

    def enter():
        limit = aio.timeout(1)
        try:
            limit.__aenter__().send(None)
        except RuntimeError as error:
            errors.append(str(error))
        loop.stop()

    loop.call_soon(enter)
    loop.run_forever()
    assert errors == ["Timeout should be used inside a task"]
    with pytest.raises(RuntimeError, match=r"no running event loop"):
        aio.timeout(1)


def test_left_without_being_entered(aio, run):
    async def main():
        with pytest.raises(AssertionError):
            await aio.timeout(1).__aexit__(None, None, None)

    run(main)


def test_nested_inner_first(aio, any_loop):
    async def main():
        async with aio.timeout(60) as outer:
            with pytest.raises(TimeoutError):
                async with aio.timeout(0.01) as inner:
                    await asyncio.sleep(30)
        return outer.expired(), inner.expired()

    assert any_loop(main) == (False, True)


def test_nested_outer_first(aio, any_loop):
    async def main():
        with pytest.raises(TimeoutError):
            async with aio.timeout(0.01) as outer:
                async with aio.timeout(60) as inner:
                    await asyncio.sleep(30)
        return outer.expired(), inner.expired(), asyncio.current_task().cancelling()

    assert any_loop(main) == (True, False, 0)


def test_nested_at_the_same_moment(aio, any_loop):
    async def main():
        with pytest.raises(TimeoutError):
            async with aio.timeout(0) as outer:
                async with aio.timeout(0) as inner:
                    await asyncio.sleep(30)
        return outer.expired(), inner.expired(), asyncio.current_task().cancelling()

    assert any_loop(main) == (True, True, 0)


def test_cancelled_from_outside_before_the_deadline(aio, any_loop):
    async def main():
        async def sleeper():
            async with aio.timeout(60):
                await asyncio.sleep(30)

        task = asyncio.ensure_future(sleeper())
        await asyncio.sleep(0)
        task.cancel("enough")
        with pytest.raises(asyncio.CancelledError):
            await task
        return task.cancelled(), task.cancelling()

    assert any_loop(main) == (True, 1)


def test_cancelled_from_outside_after_the_deadline(aio, any_loop):
    async def main():
        async def sleeper():
            async with aio.timeout(0):
                try:
                    await asyncio.sleep(30)
                finally:
                    asyncio.current_task().cancel()

        task = asyncio.ensure_future(sleeper())
        with pytest.raises(asyncio.CancelledError):
            await task
        return task.cancelled(), task.cancelling()

    assert any_loop(main) == (True, 1)


def test_other_exception_after_the_deadline(aio, any_loop):
    async def main():
        with pytest.raises(ValueError) as caught:
            async with aio.timeout(0):
                try:
                    await asyncio.sleep(30)
                except asyncio.CancelledError:
                    raise ValueError("mine")  # noqa: B904
        context = caught.value.__context__
        return [type(context), type(context.__cause__)], asyncio.current_task().cancelling()

    kinds, cancelling = any_loop(main)
    if sys.version_info >= (3, 13):
        assert kinds == [TimeoutError, asyncio.CancelledError]
    else:
        assert kinds == [asyncio.CancelledError, type(None)]
    assert cancelling == 0


def test_expires_during_aexit_of_an_inner_block(aio, any_loop):
    async def main():
        @contextlib.asynccontextmanager
        async def slow_to_leave():
            try:
                yield
            finally:
                await asyncio.sleep(30)

        with pytest.raises(TimeoutError):
            async with aio.timeout(0.01), slow_to_leave():
                pass

    any_loop(main)


def test_in_an_exit_stack(aio, any_loop):
    async def main():
        async with contextlib.AsyncExitStack() as stack:
            limit = await stack.enter_async_context(aio.timeout(60))
        return limit._state.value

    assert any_loop(main) == "finished"


def test_swallowed_cancellation_leaves_no_trace(aio, any_loop):
    async def main():
        async with aio.timeout(0) as limit:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(30)
        await asyncio.sleep(0)
        return limit.expired(), asyncio.current_task().cancelling()

    assert any_loop(main) == (True, 0)


def test_states_and_private_attributes(aio, run):
    async def main():
        limit = aio.timeout(60)
        assert limit._state is asyncio.timeouts._State.CREATED
        with pytest.raises(AttributeError):
            limit._cancelling  # noqa: B018
        async with limit:
            assert limit._state is asyncio.timeouts._State.ENTERED
            assert limit._cancelling == 0
            assert limit._when == limit.when()
        limit.note = "free attributes"
        return limit.note

    assert run(main) == "free attributes"


def test_handles_are_cancelled_and_nothing_is_kept(aio, run):
    async def main():
        async with aio.timeout(1000) as limit:
            handle = limit._timeout_handler
            await asyncio.sleep(0)
        assert handle.cancelled()
        alive = weakref.ref(limit)
        gc.disable()
        try:
            del limit
            return alive()
        finally:
            gc.enable()

    assert run(main) is None


def test_timeout_error_is_not_in_a_cycle(aio, run):
    async def main():
        try:
            async with aio.timeout(0):
                await asyncio.sleep(30)
        except TimeoutError as error:
            return gc.get_referrers(error)

    gc.collect()
    referrers = run(main)
    assert not [holder for holder in referrers if type(holder).__name__ == "Timeout"]


def test_coroutine_methods_warn_when_never_awaited(aio, run):
    async def main():
        limit = aio.timeout(1)
        with pytest.warns(RuntimeWarning, match=r"__aenter__' was never awaited"):
            limit.__aenter__()
            gc.collect()
        return limit._state.value

    assert run(main) == "created"


def test_inside_an_eager_task_the_eager_task_is_the_one(aio, run):
    if sys.version_info < (3, 12):
        pytest.skip("no eager tasks")

    async def main():
        async def child():
            async with aio.timeout(60) as limit:
                return limit._task is asyncio.current_task()

        loop = asyncio.get_running_loop()
        return await aio.Task(child(), loop=loop, eager_start=True), await asyncio.Task(
            child(), loop=loop, eager_start=True
        )

    assert run(main) == (True, True)


def test_loop_with_a_clock_and_call_at_of_its_own(aio, run, loop_factory):
    class Slow(type(loop_factory_instance(loop_factory))):
        offset = 0.0

        def time(self):
            return super().time() + self.offset

    async def main():
        loop = asyncio.get_running_loop()
        async with aio.timeout(50) as limit:
            assert limit.when() == pytest.approx(loop.time() + 50, abs=5)
            loop.offset = 100.0
            limit.reschedule(loop.time() - 1)
            with pytest.raises(asyncio.CancelledError):
                await asyncio.sleep(0)
        return limit.expired()

    run.loop_factory = Slow
    assert run(main)


def loop_factory_instance(loop_factory):
    loop = loop_factory()
    loop.close()
    return loop
