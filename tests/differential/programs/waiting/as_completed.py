"""as_completed: plain and, since 3.13, asynchronous iteration; timeouts, errors."""

import asyncio
import sys

from observe import attempt, attempt_await, settle


async def value(name, turns):
    for _ in range(turns):
        await asyncio.sleep(0)
    return name


async def fail(name, turns):
    await value(name, turns)
    raise ValueError(name)


def make():
    return [
        asyncio.create_task(f(n, t), name=n)
        for f, n, t in ((value, "a", 5), (fail, "b", 3), (value, "c", 1))
    ]


async def forever():
    await asyncio.Event().wait()


async def plain():
    for number, awaitable in enumerate(asyncio.as_completed(make())):
        print(asyncio.iscoroutine(awaitable), asyncio.isfuture(awaitable))
        await attempt_await(f"plain {number}", awaitable)
    for awaitable in asyncio.as_completed([value("x", 2), value("y", 1)]):
        await attempt_await("coroutines", awaitable)
    for awaitable in asyncio.as_completed([]):
        print("never", awaitable)
    same = value("same", 1)
    print("duplicates", len(list(asyncio.as_completed([same, same]))))
    await settle()


async def timeouts():
    task = asyncio.create_task(forever(), name="slow")
    quick = asyncio.create_task(value("quick", 1), name="quick")
    for awaitable in asyncio.as_completed([task, quick], timeout=0.1):
        await attempt_await("timeout", awaitable)
    print("not cancelled by it", task.done())
    for awaitable in asyncio.as_completed([task], timeout=0):
        await attempt_await("timeout 0", awaitable)
    task.cancel()
    iterator = iter(asyncio.as_completed([task], timeout=1))
    awaitable = next(iterator)
    await attempt_await("cancelled", awaitable)
    attempt("exhausted", next, iterator)


async def all_at_once():
    awaitables = list(asyncio.as_completed([value("1", 1), value("2", 2), value("3", 3)]))
    print(await asyncio.gather(*reversed(awaitables)))


async def asynchronous():
    tasks = make()
    async for task in asyncio.as_completed(tasks):
        print(task in tasks, task.get_name(), task.done())
        await attempt_await("task", task)
    async for task in asyncio.as_completed([value("coroutine", 1)]):
        print(type(task).__name__, await task)
    async for _ in asyncio.as_completed([]):
        print("never")
    pending = asyncio.create_task(forever(), name="pending")
    try:
        async for task in asyncio.as_completed([pending, value("first", 1)], timeout=0.1):
            print("before the timeout", await task)
    except TimeoutError as error:
        print("timed out", error.args)
    pending.cancel()
    iterator = asyncio.as_completed([value("both ways", 1), value("mixed", 2)])
    print(iter(iterator) is not None, aiter(iterator) is not None)
    async for task in iterator:
        print(await task)

    async def iterates():
        async for _ in asyncio.as_completed([asyncio.create_task(forever(), name="kept")]):
            print("never")

    waiter = asyncio.create_task(iterates())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiter.cancel("waiter")
    await attempt_await("waiter", waiter)


async def refused():
    loop = asyncio.get_running_loop()

    def consume(*args, **kwargs):
        return len(list(asyncio.as_completed(*args, **kwargs)))

    attempt("future", consume, loop.create_future())
    coroutine = value("x", 1)
    attempt("coroutine", consume, coroutine)
    coroutine.close()
    attempt("number", consume, 5)
    attempt("numbers", consume, [5])
    attempt("None", consume, None)
    attempt("unknown keyword", lambda: asyncio.as_completed([], loop=loop))


asyncio.run(plain())
asyncio.run(timeouts())
asyncio.run(all_at_once())
if sys.version_info >= (3, 13):
    asyncio.run(asynchronous())
asyncio.run(refused())
coroutine = value("x", 1)
# From 3.14 on asyncio refuses; aioxide makes the main thread's loop, as older Pythons do.
if sys.version_info < (3, 14):
    attempt("no loop", lambda: next(iter(asyncio.as_completed([coroutine]))))
coroutine.close()
