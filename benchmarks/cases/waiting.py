"""Waiting: for a future, and for something with a time limit. One operation is one wait."""

from types import ModuleType

from benchmarks.case import Case, expect


async def future_awaited(aio: ModuleType, count: int) -> int:
    loop = aio.get_running_loop()
    total = 0
    for number in range(count):
        future = loop.create_future()
        loop.call_soon(future.set_result, number)
        total += await future
    expect(total, count * (count - 1) // 2, "sum of the results")
    return count


async def timeout(aio: ModuleType, count: int) -> int:
    """A limit that is not reached, round a body that lets the loop run once."""
    finished = 0
    for _ in range(count):
        async with aio.timeout(60) as limit:
            await aio.sleep(0)
            finished += 1
    expect(limit.expired(), False, "the last limit expired")
    return finished


async def wait_for(aio: ModuleType, count: int) -> int:
    async def answer(number: int) -> int:
        await aio.sleep(0)
        return number

    total = 0
    for number in range(count):
        total += await aio.wait_for(answer(number), 60)
    expect(total, count * (count - 1) // 2, "sum of the results")
    return count


CASES = (
    Case("future", "future set by call_soon, awaited", future_awaited, aim=3.5),
    Case("timeout", "`async with timeout`", timeout, aim=5),
    Case("wait_for", "`wait_for`", wait_for, aim=5),
)
