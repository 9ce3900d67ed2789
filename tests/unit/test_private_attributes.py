"""What asyncio's own instances keep in attributes is there on ours, with the same value.

Libraries and debuggers read these (`queue._queue`, `reader._buffer`, `lock._waiters`). asyncio's
instance says itself which there are: whatever its `__dict__` holds.
"""

import asyncio
import collections

import pytest

import aioxide

PLAIN = (int, float, str, bytes, bytearray, bool, type(None), list, set, dict)


class Closed(asyncio.Transport):
    """Nothing that a writer would have to warn about."""

    def is_closing(self):
        return True


def primitives(aio):
    lock = aio.Lock()
    yield from (aio.Queue(3), aio.LifoQueue(), aio.PriorityQueue(2))
    yield from (lock, aio.Event(), aio.Semaphore(2), aio.BoundedSemaphore(2))
    yield from (aio.Condition(), aio.Condition(lock), aio.Barrier(3))
    yield from (aio.timeout(None), aio.TaskGroup())


def used_primitives(aio):
    """The same after some use, with somebody in each line."""
    queue, full, lock, event = aio.Queue(), aio.Queue(1), aio.Lock(), aio.Event()
    semaphore = aio.Semaphore(1)
    full.put_nowait("item")
    tasks = [queue.get(), full.put("other"), lock.acquire(), lock.acquire(), event.wait()]
    tasks += [semaphore.acquire(), semaphore.acquire()]
    return [queue, full, lock, event, semaphore], [aio.create_task(task) for task in tasks]


def streams(aio, loop):
    reader = aio.StreamReader(limit=77, loop=loop)
    reader.feed_data(b"abc")
    protocol = aio.StreamReaderProtocol(reader, loop=loop)
    transport = Closed()
    yield from (reader, protocol, aio.StreamWriter(transport, protocol, reader, loop))


def check(ours, theirs):
    for name, expected in vars(theirs).items():
        found = getattr(ours, name)
        where = f"{type(theirs).__name__}.{name}"
        if name == "_source_traceback":
            # Debug mode: where each was made, which are different places.
            assert type(found) is type(expected), where
        elif isinstance(expected, collections.deque):
            assert type(found) is collections.deque, where
            assert len(found) == len(expected), where
            if not any(isinstance(item, asyncio.Future) for item in expected):
                assert found == expected, where
        elif isinstance(expected, PLAIN):
            assert (type(found), found) == (type(expected), expected), where
        else:
            assert found is not None, where


def test_of_new_primitives():
    async def main(aio):
        return list(primitives(aio))

    ours, theirs = aioxide.run(main(aioxide)), asyncio.run(main(asyncio))
    assert len(ours) == len(theirs) == 12
    for mine, other in zip(ours, theirs, strict=True):
        check(mine, other)


def test_of_primitives_that_are_waited_for():
    async def main():
        ours, our_tasks = used_primitives(aioxide)
        theirs, their_tasks = used_primitives(asyncio)
        await asyncio.sleep(0)
        for mine, other in zip(ours, theirs, strict=True):
            check(mine, other)
        for task in our_tasks + their_tasks:
            task.cancel()

    asyncio.run(main())


@pytest.mark.parametrize("loop_factory", [asyncio.new_event_loop, aioxide.new_event_loop])
def test_of_streams(loop_factory):
    loop = loop_factory()
    try:
        pairs = zip(streams(aioxide, loop), streams(asyncio, loop), strict=True)
        for mine, other in pairs:
            check(mine, other)
    finally:
        loop.close()
