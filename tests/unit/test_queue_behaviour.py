"""Queues: limits, order, subclasses, what programs do to their insides, and what stays alive."""

import collections
import gc
import sys
import weakref

import pytest


async def settle(aio):
    for _ in range(5):
        await aio.sleep(0)


@pytest.mark.parametrize(
    ("maxsize", "places"), [(0, 9), (-1, 9), (2, 2), (2.5, 3), (float("inf"), 9), (True, 1)]
)
def test_limits(aio, maxsize, places):
    queue = aio.Queue(maxsize)
    while not queue.full() and queue.qsize() < 9:
        queue.put_nowait(None)
    assert queue.qsize() == places
    assert queue.maxsize == maxsize
    if places < 9:
        with pytest.raises(aio.QueueFull):
            queue.put_nowait(None)


def test_a_limit_that_does_not_compare(aio):
    with pytest.raises(TypeError, match="'<=' not supported between instances of 'str' and 'int'"):
        aio.Queue("many").put_nowait(1)


def test_the_limit_changes(aio):
    queue = aio.Queue(1)
    queue.put_nowait(1)
    queue._maxsize = 2
    assert not queue.full()


def test_items_in_words(aio):
    queue = aio.Queue(3)
    queue.put_nowait([1])
    assert str(queue) == "<Queue maxsize=3 _queue=[[1]] tasks=1>"
    assert repr(queue) == f"<Queue at {id(queue):#x} maxsize=3 _queue=[[1]] tasks=1>"


def test_generic(aio):
    assert aio.Queue[int].__origin__ is aio.Queue


def test_programs_reach_into_the_items(aio):
    queue = aio.Queue()
    for number in range(4):
        queue.put_nowait(number)
    items = queue._queue
    assert isinstance(items, collections.deque)
    items.remove(2)
    items.appendleft("first")
    queue.put_nowait(4)
    assert [queue.get_nowait() for _ in range(queue.qsize())] == ["first", 0, 1, 3, 4]
    assert queue._queue is items
    items.append("back")
    assert queue.get_nowait() == "back"


def test_a_backport_of_shutdown_ends(aio, run):
    """Subclasses of older days empty the lines themselves: those have to be the real ones."""

    async def main():
        class Closable(aio.Queue):
            def wake_everybody(self):
                while self._getters:
                    self._getters.popleft().set_exception(EOFError())

        queue = Closable()
        tasks = [aio.create_task(queue.get()) for _ in range(3)]
        await settle(aio)
        queue.wake_everybody()
        return [type(one) for one in await aio.gather(*tasks, return_exceptions=True)]

    assert run(main) == [EOFError] * 3


def test_subclasses_override_the_documented_methods(aio, run):
    class Once(aio.Queue):
        def _init(self, maxsize):
            self.members = {}

        def _put(self, item):
            self.members.setdefault(item)

        def _get(self):
            return self.members.popitem()[0]

        def qsize(self):
            return len(self.members)

        def empty(self):
            return not self.members

    async def main():
        queue = Once(2)
        await queue.put(1)
        await queue.put(1)
        assert not queue.full()
        await queue.put(2)
        assert queue.full()
        waiting = aio.create_task(queue.put(3))
        await settle(aio)
        assert not waiting.done()
        got = [await queue.get(), await queue.get()]
        await waiting
        return got, queue.qsize()

    assert run(main) == ([2, 1], 1)


def test_an_instance_overrides_too(aio, run):
    async def main():
        queue = aio.Queue()
        queue._put = lambda item: queue._queue.append(item * 2)
        await queue.put(21)
        return await queue.get()

    assert run(main) == 42


def test_join_and_finished(aio, run):
    async def main():
        queue = aio.Queue()
        await queue.join()
        queue.put_nowait(1)
        assert not queue._finished.is_set()
        joining = aio.create_task(queue.join())
        await settle(aio)
        assert not joining.done()
        queue.task_done()
        assert queue._finished.is_set() and queue._unfinished_tasks == 0
        with pytest.raises(ValueError, match="too many times"):
            queue.task_done()
        return await joining

    assert run(main) is None


@pytest.mark.skipif(sys.version_info < (3, 13), reason="queues are shut down from 3.13 on")
@pytest.mark.parametrize("immediate", [False, True])
def test_shutdown(aio, run, immediate):
    async def main():
        queue = aio.Queue(1)
        queue.put_nowait("left")
        putting = aio.create_task(queue.put("late"))
        await settle(aio)
        queue.shutdown(immediate=immediate)
        with pytest.raises(aio.QueueShutDown):
            await putting
        with pytest.raises(aio.QueueShutDown):
            queue.put_nowait("never")
        if not immediate:
            assert await queue.get() == "left"
        with pytest.raises(aio.QueueShutDown):
            await queue.get()
        return queue._is_shutdown

    assert run(main) is True


class Item:
    pass


def test_an_item_lives_no_longer_than_its_user(aio, run):
    async def main():
        queue = aio.Queue()
        item = Item()
        reference = weakref.ref(item)
        await queue.put(item)
        del item
        got = await queue.get()
        assert got is reference()
        del got
        return reference

    reference = run(main)
    gc.collect()
    assert reference() is None


@pytest.mark.parametrize("value", [(), (1, 2), [3], KeyError("an item"), StopIteration(5), True])
def test_any_value_comes_through_an_await(aio, run, value):
    async def main():
        queue = aio.Queue()
        queue.put_nowait(value)
        return await queue.get()

    assert run(main) is value


def test_a_value_comes_through_plain_iteration(aio):
    queue = aio.Queue()
    queue.put_nowait("item")
    with pytest.raises(StopIteration) as stopped:
        queue.get().send(None)
    assert stopped.value.value == "item"
    assert stopped.value.args == ("item",)


@pytest.mark.only("aioxide")
def test_an_idle_queue_is_small(aio):
    import asyncio

    assert sys.getsizeof(aio.Queue()) < sys.getsizeof(asyncio.Queue()._getters)


def test_long_lines_are_in_order(aio, run):
    async def main():
        queue = aio.Queue()
        for number in range(10_000):
            queue.put_nowait(number)
        return [queue.get_nowait() for _ in range(10_000)]

    assert run(main) == list(range(10_000))
