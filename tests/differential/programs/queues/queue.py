"""The three queues: order, limits, cancelled puts and gets, join, misuse."""

import asyncio

from observe import attempt, attempt_await, cancel_while_waiting, settle


async def ordinary(kind):
    print(kind.__name__)
    queue = kind()
    print(queue, queue.maxsize, queue.qsize(), queue.empty(), queue.full())
    attempt("get_nowait of an empty one", queue.get_nowait)
    for number in (3, 1, 2):
        attempt("put_nowait", queue.put_nowait, number)
    print(queue, queue.qsize(), queue.empty(), queue.full())
    print([await queue.get(), queue.get_nowait(), await queue.get()])
    attempt("task_done", queue.task_done)
    joined = asyncio.create_task(queue.join())
    await settle()
    print(queue, joined.done())
    await cancel_while_waiting("join", joined)
    attempt("task_done", queue.task_done)
    attempt("task_done", queue.task_done)
    await attempt_await("join", queue.join())
    attempt("task_done too often", queue.task_done)


async def limited(kind):
    queue = kind(maxsize=2)
    await attempt_await("put", queue.put(2))
    await attempt_await("put", queue.put(1))
    attempt("put_nowait on a full one", queue.put_nowait, 0)
    print(queue.full(), queue)
    putters = [asyncio.create_task(queue.put(number)) for number in (30, 20, 10)]
    await settle()
    print(queue)
    await cancel_while_waiting("put", putters.pop(1))
    for _ in range(4):
        print(await queue.get())
    await asyncio.gather(*putters)
    getters = [asyncio.create_task(queue.get()) for _ in range(3)]
    await settle()
    print(queue)
    await cancel_while_waiting("get", getters.pop(0))
    queue.put_nowait("only")
    # Woken and cancelled in one turn: the item is for the next one.
    getters[0].cancel()
    await attempt_await("woken", getters[0])
    await attempt_await("next", getters[1])
    queue.put_nowait(1)
    queue.put_nowait(2)
    first, second = (asyncio.create_task(queue.put(number)) for number in (3, 4))
    await settle()
    print(queue.get_nowait())
    first.cancel()
    await attempt_await("woken", first)
    await attempt_await("next", second)
    print(sorted([queue.get_nowait(), queue.get_nowait()]))


async def main():
    for kind in (asyncio.Queue, asyncio.LifoQueue, asyncio.PriorityQueue):
        await ordinary(kind)
        await limited(kind)
    print(asyncio.Queue(-1).full(), asyncio.Queue(0).full())
    attempt("maxsize", lambda: asyncio.Queue("two").full())
    attempt("arguments", asyncio.Queue, 1, 2)
    queue = asyncio.PriorityQueue()
    queue.put_nowait((1, "text"))
    attempt("items that do not compare", queue.put_nowait, 5)
    queue.put_nowait((0, "sooner"))
    attempt("in their order", queue.get_nowait)
    print(asyncio.QueueEmpty.__mro__, asyncio.QueueFull.__mro__)
    print(asyncio.Queue[int])


asyncio.run(main())


class Stack(asyncio.Queue):
    """A queue with its own container, by the hooks that there are for that."""

    def _init(self, maxsize):
        self._queue = []

    def _put(self, item):
        self._queue.append(item)

    def _get(self):
        return self._queue.pop()


async def own():
    stack = Stack(2)
    for item in "ab":
        await stack.put(item)
    print(stack.full(), await stack.get(), stack.get_nowait(), stack.empty())


asyncio.run(own())
