"""Lock and Event: order of waiters, misuse, cancelled waits, two loops."""

import asyncio

from observe import attempt, attempt_await, cancel_while_waiting, settle


async def hold(lock, name, turns=1):
    async with lock as entered:
        print(name, "holds it", entered, lock.locked())
        await settle(turns)
    print(name, "let go")


async def locks():
    lock = asyncio.Lock()
    print(lock, lock.locked())
    attempt("release unlocked", lock.release)
    await attempt_await("acquire", lock.acquire())
    print(lock, lock.locked())
    waiting = [asyncio.create_task(hold(lock, f"waiter {n}")) for n in range(4)]
    await settle()
    print(lock)
    await cancel_while_waiting("waiter", waiting.pop(1))
    await cancel_while_waiting("acquire", asyncio.create_task(lock.acquire()))
    lock.release()
    await asyncio.gather(*waiting)
    print(lock)

    # Whoever is woken and cancelled in one turn hands the lock on.
    await lock.acquire()
    first, second = (asyncio.create_task(hold(lock, name)) for name in ("first", "second"))
    await settle()
    lock.release()
    first.cancel()
    await attempt_await("first", first)
    await attempt_await("second", second)
    # A newcomer does not overtake.
    await lock.acquire()
    waiter = asyncio.create_task(hold(lock, "patient"))
    await settle()
    lock.release()
    await attempt_await("newcomer", lock.acquire())
    print(lock.locked(), waiter.done())
    attempt("release by anybody", lock.release)
    await settle()

    try:
        with lock:
            pass
    except TypeError as error:
        print(error)
    attempt("arguments", asyncio.Lock, 1)
    attempt("loop", asyncio.Lock, loop=None)
    try:
        async with lock:
            raise KeyError("inside")
    except KeyError as error:
        print(repr(error), lock.locked())


async def events():
    event = asyncio.Event()
    print(event, event.is_set())
    waiting = [asyncio.create_task(event.wait()) for _ in range(3)]
    await settle()
    print(event)
    await cancel_while_waiting("wait", waiting[1])
    event.set()
    event.clear()
    print(event.is_set(), [await task for task in (waiting[0], waiting[2])])
    event.set()
    event.set()
    await attempt_await("wait for a set one", event.wait())
    print(event)
    event.clear()
    event.clear()
    print(event)
    attempt("arguments", asyncio.Event, 1)


asyncio.run(locks())
asyncio.run(events())

# Bound to the loop of its first wait, and to no other.
lock, event = asyncio.Lock(), asyncio.Event()


async def contend():
    await lock.acquire() if not lock.locked() else None
    waiter = asyncio.create_task(lock.acquire())
    other = asyncio.create_task(event.wait())
    await settle()
    await attempt_await("contended", asyncio.wait_for(asyncio.gather(waiter, other), 0))


asyncio.run(contend())
asyncio.run(contend())
