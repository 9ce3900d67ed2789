"""Tasks, futures, callbacks, timers, and what waits for several of them."""

import asyncio
import signal

import pytest


async def returns(value=None):
    await asyncio.sleep(0)
    return value


async def fails():
    await asyncio.sleep(0)
    raise ValueError


async def for_ever(aio):
    await aio.get_running_loop().create_future()


async def finished(task):
    try:
        return await task
    except BaseException as error:
        return error


async def tasks(aio):
    await aio.create_task(returns(), name="named")


async def failing_tasks(aio):
    await finished(aio.create_task(fails()))


async def failures_that_nobody_reads(aio):
    aio.create_task(fails())
    await aio.sleep(0)
    await aio.sleep(0)


async def cancelled_tasks(aio):
    task = aio.create_task(for_ever(aio))
    await aio.sleep(0)
    task.cancel("a message")
    await finished(task)


async def tasks_cancelled_before_they_begin(aio):
    task = aio.create_task(for_ever(aio))
    task.cancel()
    await finished(task)


async def futures(aio):
    loop = aio.get_running_loop()
    future = loop.create_future()
    future.add_done_callback(len)
    future.add_done_callback(id)
    future.remove_done_callback(len)
    future.set_result([])
    await future
    failed = loop.create_future()
    failed.set_exception(KeyError())
    await finished(failed)
    loop.create_future().cancel()
    loop.create_future()


async def subclasses_of_futures_and_tasks(aio):
    class OwnFuture(aio.Future):
        pass

    class OwnTask(aio.Task):
        pass

    future = OwnFuture()
    future.attribute = future
    future.set_result(1)
    await future
    await OwnTask(returns())


async def callbacks(aio):
    loop = aio.get_running_loop()
    loop.call_soon(id, object())
    loop.call_soon(id, object()).cancel()
    loop.call_soon(int, "no number")
    loop.call_soon_threadsafe(max, 1, 2, 3)
    await aio.sleep(0)


async def timers(aio):
    loop = aio.get_running_loop()
    loop.call_later(0, id, object())
    loop.call_at(loop.time(), id, object())
    await aio.sleep(0.0001, object())


async def cancelled_timers(aio):
    loop = aio.get_running_loop()
    handles = [loop.call_later(100, id, object()) for _ in range(3)]
    for handle in handles:
        handle.cancel()
    task = aio.create_task(aio.sleep(100))
    await aio.sleep(0)
    task.cancel()
    await finished(task)


async def gather(aio):
    await aio.gather(returns(1), returns(2), aio.sleep(0))
    await finished(aio.gather(returns(), fails()))
    await aio.gather(fails(), fails(), return_exceptions=True)
    gathered = aio.gather(for_ever(aio), for_ever(aio))
    await aio.sleep(0)
    gathered.cancel()
    await finished(gathered)


async def wait(aio):
    tasks = {aio.create_task(returns()), aio.create_task(for_ever(aio))}
    _, pending = await aio.wait(tasks, return_when=aio.FIRST_COMPLETED)
    await aio.wait(pending, timeout=0)
    for task in pending:
        task.cancel()
    await aio.wait(pending)


async def shield(aio):
    inner = aio.create_task(returns())
    outer = aio.shield(inner)
    outer.cancel()
    await finished(outer)
    await aio.shield(inner)


async def as_completed(aio):
    for earliest in aio.as_completed([returns(), aio.sleep(0)]):
        await earliest
    waiting = aio.create_task(for_ever(aio))
    for earliest in aio.as_completed([waiting], timeout=0):
        await finished(earliest)
    waiting.cancel()
    await finished(waiting)


async def task_groups(aio):
    async with aio.TaskGroup() as group:
        group.create_task(returns())

    async def fail():
        async with aio.TaskGroup() as group:
            group.create_task(fails())
            group.create_task(for_ever(aio))

    await finished(fail())


async def timeouts(aio):
    async with aio.timeout(100) as scope:
        scope.reschedule(None)
        await returns()

    async def expires():
        async with aio.timeout(0):
            await for_ever(aio)

    await finished(expires())
    await aio.wait_for(returns(), 100)
    await finished(aio.wait_for(for_ever(aio), 0.0001))


async def executor(aio):
    loop = aio.get_running_loop()
    await loop.run_in_executor(None, id, object())
    await finished(loop.run_in_executor(None, int, "no number"))
    await aio.to_thread(id, object())


async def signal_handlers(aio):
    loop = aio.get_running_loop()
    arrived = aio.Event()
    loop.add_signal_handler(signal.SIGUSR1, arrived.set)
    signal.raise_signal(signal.SIGUSR1)
    await arrived.wait()
    loop.remove_signal_handler(signal.SIGUSR1)


@pytest.mark.parametrize(
    "work",
    [
        tasks,
        failing_tasks,
        failures_that_nobody_reads,
        cancelled_tasks,
        tasks_cancelled_before_they_begin,
        futures,
        subclasses_of_futures_and_tasks,
        callbacks,
        timers,
        cancelled_timers,
        gather,
        wait,
        shield,
        as_completed,
        task_groups,
        timeouts,
        executor,
        signal_handlers,
    ],
    ids=lambda work: work.__name__,
)
def test_nothing_is_left_behind_by(work, flat):
    flat(work)
