"""Queues: wrong arguments, wrong sizes, own containers that raise, two loops."""

import asyncio
import sys

from observe import attempt, attempt_await, cancel_while_waiting, misuse, settle

KINDS = (asyncio.Queue, asyncio.LifoQueue, asyncio.PriorityQueue)


async def arguments(kind):
    print("---", kind.__name__)
    queue = kind(1)
    misuse(queue, "qsize", "empty", "full", "get", "get_nowait", "join", "task_done")
    for name in ("put", "put_nowait"):
        attempt(f"{name} nothing", getattr(queue, name))
        attempt(f"{name} two", getattr(queue, name), 1, 2)
        attempt(f"{name} with a keyword", getattr(queue, name), 1, surplus=1)
    attempt("put_nowait by keyword", queue.put_nowait, item="item")
    attempt("put_nowait into a full one", queue.put_nowait, 1)
    attempt("get_nowait", queue.get_nowait)
    attempt("get_nowait of an empty one", queue.get_nowait)
    attempt("task_done", queue.task_done)
    attempt("task_done too often", queue.task_done)
    if sys.version_info >= (3, 13):
        attempt("shutdown with two", queue.shutdown, 1, 2)
        attempt("shutdown with a keyword", queue.shutdown, surplus=1)
        queue.shutdown(immediate=True)
        await attempt_await("put", queue.put(1))
        await attempt_await("get", queue.get())
    for wrong in ("two", None, 1.5, [1]):
        queue = kind(wrong)
        print(f"maxsize {wrong!r}", queue.qsize(), queue.empty())
        attempt("full", queue.full)
        attempt("put_nowait", queue.put_nowait, (1, "item"))
        await attempt_await("put", asyncio.wait_for(queue.put((2, "item")), 0))
        attempt("get_nowait", queue.get_nowait)


async def unsortable():
    print("--- items that do not compare")
    queue = asyncio.PriorityQueue()
    await attempt_await("put", queue.put(1))
    await attempt_await("put", queue.put("text"))
    attempt("put_nowait", queue.put_nowait, None)
    print(queue.qsize())
    attempt("get_nowait", queue.get_nowait)


class Broken(asyncio.Queue):
    """A queue whose container raises whatever is asked of it."""

    def _init(self, maxsize):
        self.kept = []

    def qsize(self):
        raise LookupError("no size")

    def _put(self, item):
        raise LookupError("can't be put")

    def _get(self):
        raise LookupError("can't be got")


class Measured(Broken):
    """As above, but it has a size."""

    def qsize(self):
        return 1


async def containers():
    for kind in (Broken, Measured):
        print("---", kind.__name__)
        for maxsize in (0, 2):
            queue = kind(maxsize)
            attempt("empty", queue.empty)
            attempt("full", queue.full)
            attempt("put_nowait", queue.put_nowait, 1)
            await attempt_await("put", queue.put(1))
            attempt("get_nowait", queue.get_nowait)
            await attempt_await("get", asyncio.wait_for(queue.get(), 0.001))
            await attempt_await("join", asyncio.wait_for(queue.join(), 0.001))
    attempt("refused by _init", Refusing)


class Refusing(asyncio.Queue):
    def _init(self, maxsize):
        raise LookupError("no container")


async def main():
    for kind in KINDS:
        await arguments(kind)
    await unsortable()
    await containers()


asyncio.run(main())

print("--- two loops")
empty, full, unfinished = asyncio.Queue(), asyncio.Queue(1), asyncio.Queue()
full.put_nowait("item")
unfinished.put_nowait("item")


async def bind():
    for label, waiting in (
        ("get", empty.get()),
        ("put", full.put("another")),
        ("join", unfinished.join()),
    ):
        await cancel_while_waiting(label, asyncio.create_task(waiting))


async def elsewhere():
    for label, waiting in (
        ("get", empty.get()),
        ("put", full.put("another")),
        ("join", unfinished.join()),
    ):
        await attempt_await(label, asyncio.wait_for(waiting, 0.001))
    await settle()
    print(empty.qsize(), full.qsize(), unfinished.qsize())


asyncio.run(bind())
asyncio.run(elsewhere())
