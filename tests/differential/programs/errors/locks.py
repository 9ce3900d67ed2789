"""Locks, events, conditions, semaphores and barriers: wrong arguments, wrong states, two loops."""

import asyncio

from observe import attempt, attempt_await, cancel_while_waiting, misuse, settle


async def arguments():
    print("--- lock and event")
    misuse(asyncio.Lock(), "locked", "release", "acquire")
    misuse(asyncio.Event(), "is_set", "set", "clear", "wait")
    print("--- condition")
    condition = asyncio.Condition()
    misuse(condition, "acquire", "release", "locked", "notify_all", "wait")
    attempt("notify with two", condition.notify, 1, 2)
    attempt("notify with a keyword", condition.notify, surplus=1)
    attempt("notify by keyword", condition.notify, n=1)
    attempt("wait_for nothing", condition.wait_for)
    attempt("wait_for two things", condition.wait_for, 1, 2)
    print("--- semaphores")
    for kind in (asyncio.Semaphore, asyncio.BoundedSemaphore):
        misuse(kind(), "locked", "acquire", "release")
        for wrong in (-1, "one", None):
            attempt(f"{kind.__name__}({wrong!r})", kind, wrong)
        attempt("with two", kind, 1, 2)
    print("--- barrier")
    misuse(asyncio.Barrier(1), "wait", "reset", "abort")
    for wrong in (0, -1, "one", None):
        attempt(f"Barrier({wrong!r})", asyncio.Barrier, wrong)
    attempt("without parties", asyncio.Barrier)


async def states():
    print("--- states")
    attempt("release", asyncio.Lock().release)
    condition = asyncio.Condition()
    attempt("release of a condition", condition.release)
    attempt("notify", condition.notify)
    attempt("notify_all", condition.notify_all)
    await attempt_await("wait", condition.wait())
    await attempt_await("wait_for what is true", condition.wait_for(lambda: True))
    await attempt_await("wait_for what is false", condition.wait_for(lambda: False))
    async with condition:
        waiting = asyncio.create_task(wait_on(condition))
        attempt("notify nobody", condition.notify, 0)
        attempt("notify so many", condition.notify, "many")
    await settle()
    async with condition:
        attempt("notify so many", condition.notify, "many")
        attempt("notify no number of them", condition.notify, None)
        attempt("notify half of one", condition.notify, 0.5)
    await attempt_await("waiting", waiting)
    bounded = asyncio.BoundedSemaphore(1)
    attempt("release", bounded.release)
    barrier = asyncio.Barrier(2)
    await barrier.abort()
    await attempt_await("wait at a broken barrier", barrier.wait())
    barrier = asyncio.Barrier(2)
    waiting = asyncio.create_task(barrier.wait())
    await settle()
    await barrier.reset()
    await attempt_await("wait at a barrier that is reset", waiting)


async def wait_on(condition):
    async with condition:
        await condition.wait()


asyncio.run(arguments())
asyncio.run(states())

# A primitive that somebody waited for belongs to that loop.
lock, event, condition = asyncio.Lock(), asyncio.Event(), asyncio.Condition()
semaphore, bounded = asyncio.Semaphore(0), asyncio.BoundedSemaphore(0)
barrier = asyncio.Barrier(2)
held = asyncio.Condition(lock)


async def bind():
    await lock.acquire()
    await condition.acquire()
    for label, waiting in (
        ("lock", lock.acquire()),
        ("event", event.wait()),
        ("condition", condition.acquire()),
        ("wait", condition.wait()),
        ("semaphore", semaphore.acquire()),
        ("bounded", bounded.acquire()),
        ("barrier", barrier.wait()),
    ):
        await cancel_while_waiting(label, asyncio.create_task(waiting), 2)


async def elsewhere():
    await barrier.reset()
    for label, waiting in (
        ("lock", lock.acquire()),
        ("event", event.wait()),
        ("condition", condition.acquire()),
        ("wait", condition.wait()),
        ("wait_for", condition.wait_for(lambda: False)),
        ("semaphore", semaphore.acquire()),
        ("bounded", bounded.acquire()),
        ("barrier", barrier.wait()),
        ("abort", barrier.abort()),
        ("reset", barrier.reset()),
    ):
        await attempt_await(label, asyncio.wait_for(waiting, 0.001))
    print(lock.locked(), condition.locked(), semaphore.locked(), barrier.broken)


print("--- two loops")
asyncio.run(bind())
asyncio.run(elsewhere())
