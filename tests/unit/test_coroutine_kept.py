"""What has been awaited may begin anew as the next coroutine of its kind, and nobody can tell."""

import gc
import sys
import warnings
import weakref

import pytest


class Item:
    """Something to refer to weakly."""


async def end_at_once(aio, kind):
    """A coroutine of this kind that ends at its first step, whatever it gives."""
    if kind == "put":
        return aio.Queue().put(Item())
    if kind == "get":
        queue = aio.Queue()
        queue.put_nowait(Item())
        return queue.get()
    if kind == "acquire":
        return aio.Lock().acquire()
    if kind == "wait":
        event = aio.Event()
        event.set()
        return event.wait()
    reader = aio.StreamReader()
    reader.feed_data(b"one\ntwo\n")
    reader.feed_eof()
    return {
        "readexactly": lambda: reader.readexactly(3),
        "readline": reader.readline,
        "read": reader.read,
    }[kind]()


KINDS = ("put", "get", "acquire", "wait", "readexactly", "readline", "read")


@pytest.mark.parametrize("kind", KINDS)
def test_one_that_is_held_stays_what_it_is(aio, run, kind):
    async def main():
        held = [await end_at_once(aio, kind) for _ in range(3)]
        for coroutine in held:
            await coroutine
        later = [await end_at_once(aio, kind) for _ in range(3)]
        assert len({*map(id, held), *map(id, later)}) == 6
        for coroutine in held:
            with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
                await coroutine
        for coroutine in later:
            await coroutine

    run(main)


@pytest.mark.parametrize("kind", KINDS)
def test_weak_references_end_with_the_last_strong_one(aio, run, kind):
    async def main():
        for _ in range(3):
            await (await end_at_once(aio, kind))
            coroutine = await end_at_once(aio, kind)
            seen = []
            reference = weakref.ref(coroutine, seen.append)
            await coroutine
            assert reference() is coroutine
            del coroutine
            assert (reference(), seen) == (None, [reference])

    run(main)


@pytest.mark.parametrize("kind", KINDS)
def test_each_of_them_warns_when_it_is_not_awaited(aio, run, kind):
    async def main():
        for _ in range(3):
            await (await end_at_once(aio, kind))
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                coroutine = await end_at_once(aio, kind)
                del coroutine
                gc.collect()
            assert len(caught) == 1
            assert str(caught[0].message).endswith(f"{kind}' was never awaited")

    run(main)


@pytest.mark.parametrize("waits", [False, True])
def test_nothing_that_it_used_is_held(aio, run, waits):
    async def main():
        queue = aio.Queue()
        getting = aio.create_task(queue.get()) if waits else None
        await aio.sleep(0)
        item = Item()
        references = [weakref.ref(item), weakref.ref(queue)]
        await queue.put(item)
        got = await (getting or queue.get())
        assert got is item
        del item, got, queue, getting
        await aio.sleep(0)
        gc.collect()
        assert [reference() for reference in references] == [None, None]

    run(main)


def test_one_that_a_task_got_when_it_was_over_begins_nothing(aio, run):
    async def main():
        queue = aio.Queue()
        for number in range(3):
            queue.put_nowait(number)
            coroutine = queue.get()
            assert await coroutine == number
            task = aio.create_task(coroutine)
            with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
                await task
            del coroutine, task
        queue.put_nowait(3)
        assert await queue.get() == 3

    run(main)


def test_one_resumed_by_hand_ends_with_its_value(aio, run):
    async def main():
        queue = aio.Queue()
        for number in range(3):
            queue.put_nowait(number)
            coroutine = queue.get()
            with pytest.raises(StopIteration) as stopped:
                coroutine.send(None)
            assert stopped.value.value == number
            del coroutine
            queue.put_nowait(number)
            assert await queue.get() == number

    run(main)


def test_where_they_were_made_is_remembered_of_each(aio, run):
    async def main():
        before = sys.get_coroutine_origin_tracking_depth()
        queue = aio.Queue()
        try:
            for depth in (0, 1, 0, 1):
                sys.set_coroutine_origin_tracking_depth(depth)
                await aio.sleep(0)
                await queue.put(depth)
                getting = queue.get()
                origin = getting.cr_origin
                assert await getting == depth
                assert origin is None or len(origin) == depth
        finally:
            sys.set_coroutine_origin_tracking_depth(before)

    run(main)


class Transport:
    """Notes with how much left to read it was stopped and told to go on."""

    def __init__(self, left):
        self.left = left
        self.told = []

    def pause_reading(self):
        self.told.append(("stop", self.left()))

    def resume_reading(self):
        self.told.append(("go on", self.left()))


@pytest.mark.parametrize("limit", [1, 10, 64])
@pytest.mark.parametrize("size", [1, 3, 64, 100])
def test_a_stopped_transport_goes_on_at_the_same_byte(aio, run, limit, size):
    async def main():
        reader = aio.StreamReader(limit=limit)
        left = 0
        transport = Transport(lambda: left)
        reader.set_transport(transport)
        for _ in range(3):
            left += 200
            reader.feed_data(bytes(200))
        stopped_at = next(count for count in (200, 400, 600) if count > 2 * limit)
        expected = [("stop", stopped_at)]
        goes_on = False
        while left >= size:
            left -= size
            assert await reader.readexactly(size) == bytes(size)
            if left <= limit and not goes_on:
                goes_on = True
                expected.append(("go on", left))
            assert transport.told == expected

    run(main)
