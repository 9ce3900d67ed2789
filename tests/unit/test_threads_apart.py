"""Debug mode: what belongs to one loop's thread says so when another thread touches it."""

import gc
import threading

import pytest

# Who waits for a wake-up that was refused waits for ever, and dies with the test.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

REFUSAL = "Non-thread-safe operation"


@pytest.fixture(autouse=True)
def who_dies_dies_here(implementation):
    yield
    gc.collect()


def in_another_thread(deed):
    """What `deed()` raised there, if it did."""
    raised = []

    def work():
        try:
            deed()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return raised


async def waiting(aio, coroutine):
    task = aio.create_task(coroutine)
    await aio.sleep(0)
    return task


async def future(aio):
    future = aio.get_running_loop().create_future()
    future.add_done_callback(id)
    return None, lambda: future.set_result(1)


async def cancelled_future(aio):
    future = aio.get_running_loop().create_future()
    future.add_done_callback(id)
    return None, future.cancel


async def awaited_future(aio):
    future = aio.get_running_loop().create_future()

    async def wait():
        await future

    return await waiting(aio, wait()), lambda: future.set_result(1)


async def task(aio):
    task = await waiting(aio, aio.sleep(100))
    return task, task.cancel


async def new_task(aio):
    coroutine = aio.sleep(0)
    loop = aio.get_running_loop()

    def make():
        try:
            aio.Task(coroutine, loop=loop)._log_destroy_pending = False
        finally:
            coroutine.close()

    return None, make


async def queue(aio):
    queue = aio.Queue()
    return await waiting(aio, queue.get()), lambda: queue.put_nowait(1)


async def full_queue(aio):
    queue = aio.Queue(1)
    queue.put_nowait(1)
    return await waiting(aio, queue.put(2)), queue.get_nowait


async def event(aio):
    event = aio.Event()
    return await waiting(aio, event.wait()), event.set


async def lock(aio):
    lock = aio.Lock()
    await lock.acquire()
    return await waiting(aio, lock.acquire()), lock.release


async def semaphore(aio):
    semaphore = aio.Semaphore(0)
    return await waiting(aio, semaphore.acquire()), semaphore.release


async def condition(aio):
    condition = aio.Condition()

    async def wait():
        async with condition:
            await condition.wait()

    task = await waiting(aio, wait())
    await condition.acquire()
    return task, condition.notify


async def reader(aio):
    reader = aio.StreamReader()
    return await waiting(aio, reader.readline()), lambda: reader.feed_data(b"line\n")


async def ended_reader(aio):
    reader = aio.StreamReader()
    return await waiting(aio, reader.read()), reader.feed_eof


async def loop(aio):
    loop = aio.get_running_loop()
    return None, lambda: loop.call_soon(id, 1)


async def loop_with_timers(aio):
    loop = aio.get_running_loop()
    return None, lambda: loop.call_later(1, id, 1)


@pytest.mark.parametrize(
    "scene",
    [
        future,
        cancelled_future,
        awaited_future,
        task,
        new_task,
        queue,
        full_queue,
        event,
        lock,
        semaphore,
        condition,
        reader,
        ended_reader,
        loop,
        loop_with_timers,
    ],
    ids=lambda scene: scene.__name__,
)
def test_another_thread_is_refused(aio, loop, scene):
    loop.set_debug(True)

    async def main():
        task, deed = await scene(aio)
        if task is not None:
            task._log_destroy_pending = False
        return in_another_thread(deed)

    raised = loop.run_until_complete(main())
    assert [type(error) for error in raised] == [RuntimeError]
    assert REFUSAL in str(raised[0])


def test_call_soon_threadsafe_is_for_other_threads(aio, run):
    async def main():
        loop = aio.get_running_loop()
        future = loop.create_future()
        raised = in_another_thread(
            lambda: loop.call_soon_threadsafe(future.set_result, "from another thread")
        )
        return raised, await future

    assert run(main, debug=True) == ([], "from another thread")
