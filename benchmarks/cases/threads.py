"""Threads beside the loop. One operation is one callback or one call that came back.

On one core (the driver's default) the threads take turns, and the figures repeat within some per
cent. On two, the kernel decides how often they wake each other, and the figures vary threefold.
"""

import threading
from types import ModuleType

from benchmarks.case import Case, expect


async def call_soon_threadsafe(aio: ModuleType, count: int) -> int:
    """Another thread posts as fast as it can; a callback counts when the loop has run it."""
    loop = aio.get_running_loop()
    finished = loop.create_future()
    loop_thread = threading.get_ident()
    ran = 0

    def arrive() -> None:
        nonlocal ran
        ran += 1
        if ran == count:
            finished.set_result(threading.get_ident())

    def post() -> None:
        for _ in range(count):
            loop.call_soon_threadsafe(arrive)

    poster = threading.Thread(target=post)
    poster.start()
    ran_in = await finished
    poster.join()
    expect(ran_in, loop_thread, "thread that ran the callbacks")
    return ran


async def run_in_executor(aio: ModuleType, count: int) -> int:
    """One call after the other through the default executor: there and back."""
    loop = aio.get_running_loop()
    total = 0
    for number in range(count):
        total += await loop.run_in_executor(None, abs, -number)
    expect(total, count * (count - 1) // 2, "sum of the results")
    return count


CASES = (
    Case("call_soon_threadsafe", "call_soon_threadsafe", call_soon_threadsafe, aim=1.2),
    Case("run_in_executor", "run_in_executor", run_in_executor, aim=2),
)
