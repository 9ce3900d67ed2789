"""Mistakes that once reached memory that was not theirs, or state that was not ready for them."""

import contextvars
import gc

import pytest


@pytest.mark.only("aioxide")
def test_what_is_no_exception_cannot_be_the_outcome_of_a_timeout(aio, run):
    async def main():
        scope = aio.timeout(0)
        await scope.__aenter__()
        task = aio.current_task()
        with pytest.raises(aio.CancelledError):
            await aio.sleep(1)
        task.cancelling()
        await scope.__aexit__(int, "no exception", None)

    run(main)


def test_the_arguments_of_a_handle_may_be_any_iterable(aio, loop):
    called = []
    handle = loop.call_soon(lambda *args: called.append(args), 1, 2)
    handle._args = [3, 4]
    loop.call_soon(loop.stop)
    loop.run_forever()
    aio.Handle(lambda *args: called.append(args), [5, 6], loop)._run()
    assert called == [(3, 4), (5, 6)]


def test_a_handle_with_arguments_that_cannot_be_given_reports_it(aio, loop):
    reports = []
    loop.set_exception_handler(lambda _, context: reports.append(context["exception"]))
    handle = loop.call_soon(id, 1)
    handle._args = 7
    loop.call_soon(loop.stop)
    try:
        loop.run_forever()
    except TypeError as error:
        # Before 3.12 asyncio fails when it describes the handle, and leaves the loop.
        reports.append(error)
    assert [type(error) for error in reports] == [TypeError]


@pytest.mark.only("aioxide")
def test_a_future_that_is_initialised_while_it_is_initialised(aio, loop):
    class Elsewhere:
        """Something that passes for a loop, and initialises the future with another one."""

        def get_debug(self):
            future.__init__(loop=loop)
            return False

        def call_soon(self, callback, *args, context=None):
            called.append(callback)

    called = []
    future = aio.Future.__new__(aio.Future)
    try:
        future.__init__(loop=Elsewhere())
    except RuntimeError:
        return  # Python 3.15 refuses the second time.
    future.add_done_callback(print)
    future.set_result(1)
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert len(called) == (1 if isinstance(future.get_loop(), Elsewhere) else 0)


# The interpreter's own tasks take the process down.
@pytest.mark.only("aioxide")
@pytest.mark.filterwarnings("ignore")
def test_a_task_that_is_initialised_anew_while_it_runs(aio, loop):
    async def second():
        return "second"

    async def first():
        try:
            task.__init__(second(), loop=loop, context=contextvars.copy_context())
        except RuntimeError:
            second().close()
        gc.collect()
        return "first"

    context = contextvars.copy_context()
    task = loop.create_task(first(), context=context)
    del context
    loop.set_exception_handler(lambda loop, context: None)
    for _ in range(4):
        loop.call_soon(loop.stop)
        loop.run_forever()
    assert task.done()


def test_a_delay_that_is_no_number(aio, run):
    class Odd:
        def __le__(self, other):
            return False

    async def main():
        with pytest.raises(TypeError):
            await aio.sleep(Odd())
        assert aio.get_running_loop() is not None

    run(main)


def test_a_timer_that_is_said_to_be_cancelled_too_often(aio, loop):
    timer = loop.call_later(100, print)
    for _ in range(5):
        loop._timer_handle_cancelled(timer)
    timer.cancel()
    for delay in range(200):
        loop.call_later(delay + 1, print).cancel()
    loop.call_later(0, loop.stop)
    loop.run_forever()


def test_a_group_whose_sets_were_replaced(aio, run):
    class Bag(list):
        add = list.append
        discard = list.remove

    async def main():
        async with aio.TaskGroup() as group:
            group._tasks = Bag()
            task = group.create_task(aio.sleep(0, "done"))
        return task.result()

    assert run(main) == "done"


def test_a_coroutine_that_is_resumed_while_what_it_waits_for_is_pending(aio, loop):
    async def main():
        for coroutine in (aio.Queue().get(), aio.Event().wait(), aio.Condition().acquire()):
            try:
                coroutine.send(None)
            except StopIteration:
                continue
            with pytest.raises(RuntimeError, match="await wasn't used with future"):
                coroutine.send(None)

    loop.run_until_complete(main())


def test_the_same_in_a_loop_over_it(aio, loop):
    async def main():
        with pytest.raises(RuntimeError, match="await wasn't used with future"):
            set(aio.Queue().get().__await__())

    loop.run_until_complete(main())
