"""Callbacks and timers, without a task of their own. One operation is one callback."""

import random
from types import ModuleType

from benchmarks.case import Case, expect

CANCELLED_IN_A_TURN = 1_000
TIMERS_AT_ONCE = 10_000


async def call_soon_chain(aio: ModuleType, count: int) -> int:
    loop = aio.get_running_loop()
    finished = loop.create_future()
    left = count

    def link() -> None:
        nonlocal left
        left -= 1
        if left:
            loop.call_soon(link)
        else:
            finished.set_result(count)

    loop.call_soon(link)
    return await finished


async def call_later_and_cancel(aio: ModuleType, count: int) -> int:
    """The life of most timers: a deadline that is never reached.

    The loop gets a turn after each thousand, because that is when it may drop cancelled timers.
    """
    loop = aio.get_running_loop()
    cancelled = 0
    fired: list[int] = []
    while cancelled < count:
        for _ in range(CANCELLED_IN_A_TURN):
            timer = loop.call_later(60, fired.append, 1)
            timer.cancel()
        expect(timer.cancelled(), True, "the last timer is cancelled")
        cancelled += CANCELLED_IN_A_TURN
        await aio.sleep(0)
    expect(fired, [], "cancelled timers that fired")
    return cancelled


async def timers_fired(aio: ModuleType, count: int) -> int:
    """Ten thousand pending timers with unordered deadlines, all run.

    The delays lie between 0.6 and 1 ms: a loop with whole milliseconds rounds them up to a real
    timer (shorter ones would become ``call_soon``), and all have passed when the last one
    has been set, so nobody waits idly.
    """
    loop = aio.get_running_loop()
    source = random.Random(1)
    delays = [source.uniform(0.000_6, 0.001) for _ in range(TIMERS_AT_ONCE)]
    fired = 0
    for _ in range(count // TIMERS_AT_ONCE):
        all_fired = loop.create_future()
        left = TIMERS_AT_ONCE

        def fire(all_fired=all_fired) -> None:
            nonlocal left
            left -= 1
            if not left:
                all_fired.set_result(TIMERS_AT_ONCE)

        for delay in delays:
            loop.call_later(delay, fire)
        fired += await all_fired
    return fired


CASES = (
    Case("call_soon", "call_soon chain", call_soon_chain, aim=1.5),
    Case(
        "call_later_cancel",
        "call_later + cancel",
        call_later_and_cancel,
        aim=2,
        group=CANCELLED_IN_A_TURN,
    ),
    Case("timers_fired", "timers fired", timers_fired, aim=2, group=TIMERS_AT_ONCE),
)
