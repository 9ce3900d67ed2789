"""Barrier: filling, draining, reset, abort, cancelled waits, misuse."""

import asyncio

from observe import attempt, attempt_await, cancel_while_waiting, settle


async def pass_through(barrier, name):
    try:
        async with barrier as position:
            print(name, "is number", position, barrier.broken)
    except asyncio.BrokenBarrierError as error:
        print(name, "broken", repr(error), barrier.broken)


def start(barrier, count):
    return [asyncio.create_task(pass_through(barrier, f"party {n}")) for n in range(count)]


async def main():
    for parties in (0, -1):
        attempt("parties", asyncio.Barrier, parties)
    attempt("no parties", asyncio.Barrier)
    attempt("a text", asyncio.Barrier, "3")
    barrier = asyncio.Barrier(3)
    print(barrier, barrier.parties, barrier.n_waiting, barrier.broken)
    await asyncio.gather(*start(barrier, 3))
    tasks = start(barrier, 2)
    await settle()
    print(barrier, barrier.n_waiting)
    await cancel_while_waiting("one of two", tasks.pop())
    print(barrier, barrier.n_waiting)
    await asyncio.gather(*tasks, *start(barrier, 2))
    print(barrier)
    # More than fit: the rest makes the next round.
    tasks = start(barrier, 5)
    await settle()
    print(barrier)
    await attempt_await("reset", barrier.reset())
    await asyncio.gather(*tasks)
    print(barrier, barrier.broken)
    await attempt_await("reset an empty one", barrier.reset())
    await cancel_while_waiting("wait", asyncio.create_task(barrier.wait()))
    tasks = start(barrier, 2)
    await settle()
    await attempt_await("abort", barrier.abort())
    await asyncio.gather(*tasks)
    print(barrier, barrier.broken)
    await attempt_await("wait at a broken one", barrier.wait())
    await attempt_await("reset a broken one", barrier.reset())
    await asyncio.gather(*start(barrier, 3))
    print(barrier, barrier.broken)
    alone = asyncio.Barrier(1)
    await attempt_await("alone", alone.wait())
    # Cancelled while it waits for those of the round before to leave.
    barrier = asyncio.Barrier(2)
    round_before = start(barrier, 2)
    await settle(1)
    late = asyncio.create_task(pass_through(barrier, "late"))
    await cancel_while_waiting("late", late)
    await asyncio.gather(*round_before)
    print(issubclass(asyncio.BrokenBarrierError, RuntimeError))


asyncio.run(main())
