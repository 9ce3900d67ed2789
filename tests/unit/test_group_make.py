"""`create_task`, `ensure_future`, `to_thread`, `current_task`, `run_coroutine_threadsafe`."""

import asyncio
import contextvars
import gc
import inspect
import sys
import threading
import time

import pytest

from toolkit import give

variable = contextvars.ContextVar("variable", default="unset")


class Awaitable:
    def __init__(self, inner):
        self.inner = inner

    def __await__(self):
        return (yield from self.inner.__await__())


def test_create_task(aio, run):
    async def main():
        task = aio.create_task(give(aio, 1), name="named")
        assert isinstance(task, asyncio.Task)
        assert task.get_name() == "named"
        context = contextvars.copy_context()
        context.run(variable.set, "given")

        async def read():
            return variable.get()

        given = aio.create_task(read(), context=context, name=None)
        assert given.get_name().startswith("Task-")
        return await task, await given, await aio.create_task(read(), context=None)

    assert run(main) == (1, "given", "unset")


def test_create_task_with_wrong_arguments(aio, run):
    async def main():
        texts = []
        for arguments, keywords in [((), {}), ((1,), {}), ((None, None), {})]:
            with pytest.raises(TypeError) as caught:
                aio.create_task(*arguments, **keywords)
            texts.append(caught.value.args[0])
        return texts

    missing, wrong, many = run(main)
    assert missing == "create_task() missing 1 required positional argument: 'coro'"
    assert wrong == "a coroutine was expected, got 1"
    assert many == "create_task() takes 1 positional argument but 2 were given"


def test_create_task_without_a_loop(aio):
    coroutine = give(aio, 1)
    with pytest.raises(RuntimeError, match="no running event loop"):
        aio.create_task(coroutine)
    coroutine.close()


def test_ensure_future(aio, run):
    async def main():
        loop = aio.get_running_loop()
        future = loop.create_future()
        assert aio.ensure_future(future) is future
        assert aio.ensure_future(future, loop=loop) is future
        foreign = asyncio.futures._PyFuture(loop=loop)
        assert aio.ensure_future(foreign) is foreign
        task = aio.ensure_future(give(aio, 1), loop=loop)
        assert isinstance(task, asyncio.Task)
        wrapped = aio.ensure_future(Awaitable(give(aio, 2, 2)))
        assert "_wrap_awaitable" in repr(wrapped)
        coroutine = wrapped.get_coro()
        assert inspect.iscoroutine(coroutine) or inspect.isgenerator(coroutine)
        future.cancel()
        return await task, await wrapped

    assert run(main) == (1, 2)


def test_ensure_future_of_an_awaitable_that_is_cancelled(aio, run):
    async def main():
        seen = []

        class Noting:
            def __await__(self):
                try:
                    yield from aio.get_running_loop().create_future().__await__()
                except aio.CancelledError as error:
                    seen.append(error.args)
                    raise

        task = aio.ensure_future(Noting())
        await aio.sleep(0)
        task.cancel("noted")
        with pytest.raises(aio.CancelledError):
            await task
        return seen

    assert run(main) == [("noted",)]


def test_ensure_future_with_wrong_arguments(aio, run, loop_factory):
    other = loop_factory()

    async def main():
        texts = []
        for wrong in (1, None, "text", iter([])):
            with pytest.raises(TypeError) as caught:
                aio.ensure_future(wrong)
            texts.append(caught.value.args[0])
        with pytest.raises(ValueError) as caught:
            aio.ensure_future(aio.get_running_loop().create_future(), loop=other)
        texts.append(caught.value.args[0])
        with pytest.raises(TypeError):
            aio.ensure_future(1, None)
        return texts

    required = "An asyncio.Future, a coroutine or an awaitable is required"
    different = "The future belongs to a different loop than the one specified as the loop argument"
    assert run(main) == [*[required] * 4, different]
    other.close()


def test_a_closed_loop_closes_the_coroutine(aio, loop_factory):
    closed = loop_factory()
    closed.close()
    coroutine = give(aio, 1)
    with pytest.raises(RuntimeError, match="Event loop is closed"):
        aio.ensure_future(coroutine, loop=closed)
    with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
        coroutine.send(None)
    gc.collect()


def test_current_task_and_all_tasks(aio, run):
    async def main():
        me = aio.current_task()
        assert me is asyncio.current_task()
        assert aio.current_task(aio.get_running_loop()) is me
        other = aio.ensure_future(give(aio, 1))
        assert aio.all_tasks() == asyncio.all_tasks() == {me, other}
        seen = []
        aio.get_running_loop().call_soon(lambda: seen.append(aio.current_task()))
        await other
        return seen, aio.all_tasks() == {me}

    assert run(main) == ([None], True)
    with pytest.raises(RuntimeError, match="no running event loop"):
        aio.current_task()


def test_to_thread(aio, run):
    async def main():
        variable.set("carried")

        def work(*arguments, **keywords):
            return threading.current_thread(), variable.get(), arguments, keywords

        thread, value, arguments, keywords = await aio.to_thread(work, 1, 2, three=3, func=4)
        assert thread is not threading.main_thread()
        return value, arguments, keywords

    assert run(main) == ("carried", (1, 2), {"three": 3, "func": 4})


def test_to_thread_fails_and_is_cancelled(aio, run):
    async def main():
        with pytest.raises(ZeroDivisionError):
            await aio.to_thread(divmod, 1, 0)
        with pytest.raises(TypeError):
            await aio.to_thread(7)
        with pytest.raises(TypeError, match="func"):
            aio.to_thread()
        task = aio.ensure_future(aio.to_thread(time.sleep, 0.02))
        await aio.sleep(0)
        task.cancel()
        with pytest.raises(aio.CancelledError):
            await task

    run(main)


def test_the_context_of_to_thread_is_that_of_its_first_step(aio, run):
    async def main():
        coroutine = aio.to_thread(variable.get)
        variable.set("later")
        return await coroutine

    assert run(main) == "later"


def test_run_coroutine_threadsafe(aio, run):
    async def main():
        loop = aio.get_running_loop()

        def work():
            result = aio.run_coroutine_threadsafe(give(aio, "across"), loop).result(10)
            slow = aio.run_coroutine_threadsafe(aio.sleep(100), loop)
            slow.cancel()
            with pytest.raises(TypeError, match="A coroutine object is required"):
                aio.run_coroutine_threadsafe(lambda: None, loop)
            return result

        return await aio.to_thread(work)

    assert run(main) == "across"


@pytest.mark.skipif(sys.version_info < (3, 14), reason="the call graph came with 3.14")
def test_stated_links_of_the_call_graph(aio, run):
    async def main():
        loop = aio.get_running_loop()
        me = aio.current_task()
        for future in (
            loop.create_future(),
            asyncio.Future(loop=loop),
            aio.ensure_future(give(aio, 1, 1)),
        ):
            waiter = me if type(future) is not asyncio.Future else asyncio.Future(loop=loop)
            aio.future_add_to_awaited_by(future, waiter)
            aio.future_add_to_awaited_by(future, 7)
            assert set(future._asyncio_awaited_by) == {waiter}
            aio.future_discard_from_awaited_by(future, waiter)
            assert not future._asyncio_awaited_by
        aio.future_add_to_awaited_by(7, me)
        aio.future_discard_from_awaited_by(7, me)
        with pytest.raises(TypeError):
            aio.future_add_to_awaited_by(me)

    run(main)
