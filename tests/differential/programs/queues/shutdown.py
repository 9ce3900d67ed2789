# Needs Python 3.13
"""Queues that are shut down, at once or when they are empty."""

import asyncio

from observe import attempt, attempt_await, settle


async def shut(kind, immediate):
    print(kind.__name__, immediate)
    queue = kind(2)
    queue.put_nowait(1)
    queue.put_nowait(2)
    putters = [asyncio.create_task(queue.put(3)) for _ in range(2)]
    joined = asyncio.create_task(queue.join())
    await settle()
    attempt("shutdown", queue.shutdown, immediate)
    print(queue)
    for putter in putters:
        await attempt_await("put", putter)
    await attempt_await("a late put", queue.put(4))
    attempt("a late put_nowait", queue.put_nowait, 4)
    for _ in range(3):
        await attempt_await("get", queue.get())
    attempt("get_nowait", queue.get_nowait)
    attempt("shutdown again", queue.shutdown)
    await settle()
    print(joined.done(), queue.qsize(), queue.empty(), queue.full())
    attempt("task_done", queue.task_done)
    attempt("task_done", queue.task_done)
    await attempt_await("join", joined)

    empty = kind()
    getters = [asyncio.create_task(empty.get()) for _ in range(2)]
    await settle()
    empty.shutdown(immediate=immediate)
    for getter in getters:
        await attempt_await("get of an empty one", getter)


async def main():
    for kind in (asyncio.Queue, asyncio.LifoQueue, asyncio.PriorityQueue):
        for immediate in (False, True):
            await shut(kind, immediate)
    attempt("arguments", asyncio.Queue().shutdown, True, 1)
    print(asyncio.QueueShutDown.__mro__)


asyncio.run(main())
