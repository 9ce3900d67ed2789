"""Semaphore and BoundedSemaphore: counting, order, cancelled waits, misuse."""

import asyncio

from observe import attempt, attempt_await, cancel_while_waiting, settle


async def use(semaphore, name, turns=2):
    async with semaphore as entered:
        print(name, "is in", entered)
        await settle(turns)
    print(name, "is out")


async def counting(kind):
    print(kind.__name__)
    semaphore = kind(2)
    print(semaphore, semaphore.locked())
    tasks = [asyncio.create_task(use(semaphore, f"user {n}")) for n in range(6)]
    await settle(1)
    print(semaphore, semaphore.locked())
    await cancel_while_waiting("inside", tasks.pop(0))
    await cancel_while_waiting("waiting", tasks.pop(2))
    await asyncio.gather(*tasks)
    print(semaphore)
    await attempt_await("acquire", semaphore.acquire())
    await attempt_await("acquire", semaphore.acquire())
    await cancel_while_waiting("acquire", asyncio.create_task(semaphore.acquire()))
    attempt("release", semaphore.release)
    attempt("release", semaphore.release)
    attempt("release once more", semaphore.release)
    print(semaphore)

    # Woken and cancelled in one turn: the next one is woken instead.
    semaphore = kind(1)
    await semaphore.acquire()
    first, second = (asyncio.create_task(use(semaphore, name)) for name in ("first", "second"))
    await settle()
    semaphore.release()
    first.cancel()
    await attempt_await("first", first)
    await attempt_await("second", second)
    # Someone who waits is not overtaken.
    await semaphore.acquire()
    patient = asyncio.create_task(use(semaphore, "patient"))
    await settle()
    semaphore.release()
    print(semaphore.locked(), semaphore)
    await attempt_await("newcomer", semaphore.acquire())
    await patient
    semaphore.release()

    attempt("negative", kind, -1)
    attempt("a text", kind, "1")
    attempt("arguments", kind, 1, 2)
    print(kind(), kind(value=0))
    try:
        with semaphore:
            pass
    except TypeError as error:
        print(error)


asyncio.run(counting(asyncio.Semaphore))
asyncio.run(counting(asyncio.BoundedSemaphore))
