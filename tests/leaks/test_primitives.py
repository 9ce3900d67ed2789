"""Queues, locks and their like, with everybody who gives up on them; native coroutines."""

import gc
import warnings
import weakref

import pytest

from leaks.counting import assert_flat


async def give_up_on(aio, *coroutines):
    """Lets each begin to wait, then cancels it."""
    tasks = [aio.create_task(coroutine) for coroutine in coroutines]
    await aio.sleep(0)
    for task in tasks:
        task.cancel()
    await aio.wait(tasks)


async def queues(aio):
    for kind in (aio.Queue, aio.LifoQueue, aio.PriorityQueue):
        queue = kind(1)
        await queue.put(1)
        await give_up_on(aio, queue.put(2), queue.join())
        assert queue._putters is not None
        await queue.get()
        queue.task_done()
        await queue.join()
        await give_up_on(aio, queue.get(), queue.get())
        queue.put_nowait(kind())
        if hasattr(queue, "shutdown"):
            getter = aio.create_task(aio.Queue(1).get())
            queue.shutdown(immediate=True)
            await give_up_on(aio, getter.get_coro())
            getter.cancel()


async def waking_a_getter(aio):
    queue = aio.Queue()
    getter = aio.create_task(queue.get())
    await aio.sleep(0)
    queue.put_nowait(object())
    await getter


async def locks(aio):
    lock = aio.Lock()
    async with lock:
        await give_up_on(aio, lock.acquire())
        waiting = aio.create_task(lock.acquire())
        await aio.sleep(0)
    await waiting
    lock.release()


async def events(aio):
    event = aio.Event()
    await give_up_on(aio, event.wait())
    waiting = aio.create_task(event.wait())
    await aio.sleep(0)
    event.set()
    await waiting


async def conditions(aio):
    condition = aio.Condition()

    async def wait():
        async with condition:
            await condition.wait_for(lambda: False)

    await give_up_on(aio, wait())
    waiting = aio.create_task(wait())
    await aio.sleep(0)
    async with condition:
        condition.notify_all()
    await aio.sleep(0)
    waiting.cancel()
    await aio.wait([waiting])


async def semaphores(aio):
    for kind in (aio.Semaphore, aio.BoundedSemaphore):
        semaphore = kind(1)
        async with semaphore:
            await give_up_on(aio, semaphore.acquire())


async def barriers(aio):
    barrier = aio.Barrier(2)
    await aio.gather(barrier.wait(), barrier.wait())
    waiting = aio.create_task(barrier.wait())
    await aio.sleep(0)
    await barrier.abort()
    await aio.wait([waiting])
    waiting.exception()


async def never_awaited(aio):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        queue = aio.Queue()
        for coroutine in (
            queue.get(),
            queue.put(1),
            queue.join(),
            aio.sleep(1),
            aio.Lock().acquire(),
        ):
            del coroutine
        for coroutine in (aio.Event().wait(), aio.wait_for(aio.sleep(0), 1), aio.to_thread(id, 1)):
            coroutine.close()
            del coroutine


@pytest.mark.parametrize(
    "work",
    [
        queues,
        waking_a_getter,
        locks,
        events,
        conditions,
        semaphores,
        barriers,
        never_awaited,
    ],
    ids=lambda work: work.__name__,
)
def test_nothing_is_left_behind_by(work, flat):
    flat(work)


class Node:
    """Something that a weak reference can watch."""


def make_sleep(aio, node):
    return aio.sleep(0, node)


def make_put(aio, node):
    return aio.Queue().put(node)


def make_get(aio, node):
    queue = aio.Queue()
    queue.put_nowait(node)
    return queue.get()


def make_acquire(aio, node):
    lock = aio.Lock()
    lock.attribute = node
    return lock.acquire()


def make_wait_for(aio, node):
    return aio.Condition().wait_for(node.__repr__)


def make_to_thread(aio, node):
    return aio.to_thread(id, node)


@pytest.mark.parametrize(
    "make",
    [make_sleep, make_put, make_get, make_acquire, make_wait_for, make_to_thread],
    ids=lambda make: make.__name__,
)
def test_a_coroutine_that_nobody_awaits_is_collected_with_its_cycle(aio, make):
    node = Node()
    node.coroutine = make(aio, node)
    gone = weakref.ref(node)
    del node
    with pytest.warns(RuntimeWarning, match="was never awaited"):
        gc.collect()
    assert gone() is None


def test_so_are_many_of_them(aio):
    def work(times):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for _ in range(times):
                node = Node()
                node.coroutine = aio.sleep(0, node)
            del node
            gc.collect()

    assert_flat(work)


def cycles(aio, loop, node):
    """Objects of every type, each of which holds `node`, which will hold them."""
    future = loop.create_future()
    future.set_result(node)
    failed = loop.create_future()
    failed.set_exception(ValueError(node))
    failed.exception()
    waited = loop.create_future()
    waited.add_done_callback(node.callback)
    waited.add_done_callback(node.other)
    handle = loop.call_soon(node.callback, node)
    handle.cancel()
    timer = loop.call_later(100, node.callback, node)
    timer.cancel()
    queue = aio.Queue()
    queue.put_nowait(node)
    stack = aio.LifoQueue()
    stack.put_nowait(node)
    primitives = [
        aio.Lock(),
        aio.Event(),
        aio.Condition(),
        aio.Semaphore(),
        aio.BoundedSemaphore(),
        aio.Barrier(2),
        aio.TaskGroup(),
    ]
    for primitive in primitives[:-1]:
        primitive.attribute = node
    primitives[-1]._errors = [node]
    reader = aio.StreamReader(loop=loop)
    reader.set_exception(ValueError(node))
    protocol = aio.StreamReaderProtocol(reader, node.callback, loop=loop)
    gathered = aio.gather(waited, future)
    shielded = aio.shield(waited)
    return [
        future,
        failed,
        waited,
        handle,
        timer,
        queue,
        stack,
        *primitives,
        reader,
        protocol,
        gathered,
        shielded,
    ]


def test_a_cycle_through_any_native_object_is_collected(aio, loop):
    class Holder:
        def callback(self, *args):
            pass

        def other(self, *args):
            pass

    gone = []

    async def main():
        node = Holder()
        node.holds = cycles(aio, loop, node)
        gone.append(weakref.ref(node))
        for thing in node.holds:
            try:
                gone.append(weakref.ref(thing))
            except TypeError:
                pass

    loop.run_until_complete(main())
    loop.run_until_complete(aio.sleep(0))
    gc.collect()
    assert [ref() for ref in gone if ref() is not None] == []


def test_loops_that_were_closed_are_gone(aio, loop_factory):
    def work(times):
        for _ in range(times):
            loop = loop_factory()
            loop.call_later(100, id, loop)
            loop.run_until_complete(loop.create_task(aio.sleep(0)))
            loop.close()

    assert_flat(work)


def test_so_are_loops_that_never_ran(aio, loop_factory):
    def work(times):
        for _ in range(times):
            loop = loop_factory()
            loop.call_soon(id, loop)
            loop.close()

    assert_flat(work)
