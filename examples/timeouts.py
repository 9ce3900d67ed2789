"""Giving up after a while, in four ways.

Look at: a timeout cancels what is awaited, at its ``await``, and turns the cancellation into a
TimeoutError outside; ``asyncio.wait()`` alone leaves what it waited for running.
"""

import asyncio


async def answer(seconds: float) -> str:
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        print("  the answer was cancelled")
        raise
    return "forty-two"


async def main() -> None:
    print("wait_for, in time:")
    print(" ", await asyncio.wait_for(answer(0.01), timeout=5))

    print("wait_for, too late:")
    try:
        await asyncio.wait_for(answer(5), timeout=0.05)
    except TimeoutError:
        print("  TimeoutError")

    print("a block of statements:")
    try:
        async with asyncio.timeout(0.05) as limit:
            await answer(5)
    except TimeoutError:
        print(f"  TimeoutError, expired: {limit.expired()}")

    print("a deadline that moves:")
    async with asyncio.timeout(0.05) as limit:
        limit.reschedule(asyncio.get_running_loop().time() + 5)
        print(" ", await answer(0.1))

    print("wait() asks, and does not cancel:")
    task = asyncio.create_task(answer(0.3))
    done, pending = await asyncio.wait([task], timeout=0.02)
    print(f"  {len(done)} done, {len(pending)} pending")
    print(" ", await task)


asyncio.run(main())
