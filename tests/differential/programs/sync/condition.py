"""Condition: notify, wait_for, cancelled waits, misuse, a lock that is shared."""

import asyncio

from observe import attempt, attempt_await, cancel_while_waiting, settle


async def wait(condition, name):
    async with condition:
        print(name, "waits")
        print(name, await condition.wait(), condition.locked())


async def main():
    condition = asyncio.Condition()
    print(condition, condition.locked())
    await attempt_await("wait without the lock", condition.wait())
    attempt("notify without the lock", condition.notify)
    attempt("notify_all without the lock", condition.notify_all)
    attempt("release without the lock", condition.release)
    await attempt_await("acquire", condition.acquire())
    attempt("notify nobody", condition.notify)
    attempt("notify nonsense", condition.notify, "many")
    attempt("notify_all", condition.notify_all)
    attempt("release", condition.release)

    waiting = [asyncio.create_task(wait(condition, f"waiter {n}")) for n in range(5)]
    await settle()
    print(condition)
    async with condition:
        condition.notify()
        print("notified one")
    await settle()
    async with condition:
        condition.notify(2)
    await settle()
    async with condition:
        condition.notify_all()
    await asyncio.gather(*waiting)

    # Cancelled while it waits, while it is notified, and while it wants the lock back.
    await cancel_while_waiting("wait", asyncio.create_task(wait(condition, "w")), 5)
    first, second = (asyncio.create_task(wait(condition, name)) for name in ("first", "second"))
    await settle()
    async with condition:
        condition.notify()
        first.cancel()
        await settle()
    await attempt_await("first", first)
    async with condition:
        condition.notify_all()
    await attempt_await("second", second)
    third = asyncio.create_task(wait(condition, "third"))
    await settle()
    await condition.acquire()
    condition.notify()
    await settle()
    third.cancel("for the lock")
    await settle()
    print(third.done(), condition.locked())
    condition.release()
    await attempt_await("third", third)

    values = []

    async def predicate(name):
        async with condition:
            print(name, await condition.wait_for(lambda: values[-1:]))

    tasks = [asyncio.create_task(predicate(f"predicate {n}")) for n in range(2)]
    await settle()
    async with condition:
        condition.notify_all()
    await settle()
    await cancel_while_waiting("wait_for", tasks.pop(), 5)
    values.append("value")
    async with condition:
        condition.notify_all()
    await asyncio.gather(*tasks)
    async with condition:
        await attempt_await("true at once", condition.wait_for(lambda: 5))
        await attempt_await("raises", condition.wait_for(lambda: 1 / 0))
        await attempt_await("no callable", condition.wait_for(5))
    await attempt_await("wait_for without the lock", condition.wait_for(lambda: False))

    lock = asyncio.Lock()
    both = [asyncio.Condition(lock), asyncio.Condition(lock=lock)]
    async with both[0]:
        print(both[1].locked(), lock.locked(), both[0])
    attempt("a lock of another kind", lambda: asyncio.Condition("lock").locked())
    attempt("arguments", asyncio.Condition, lock, 1)


asyncio.run(main())
