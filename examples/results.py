"""A task holds what its coroutine returned or raised; a done-callback is told when it is there.

Look at: ``result()`` too early raises, later it returns or raises what the coroutine did.
Callbacks run soon after the task is done, in the order they were added, never inside ``await``.
"""

import asyncio


async def divide(dividend: float, divisor: float) -> float:
    await asyncio.sleep(0.05)
    return dividend / divisor


def report(task: asyncio.Task[float]) -> None:
    error = task.exception()
    print(f"callback: {task.get_name()} ", end="")
    print(f"returned {task.result()}" if error is None else f"raised {error!r}")


async def main() -> None:
    half = asyncio.create_task(divide(1, 2), name="half")
    broken = asyncio.create_task(divide(1, 0), name="broken")
    for task in (half, broken):
        task.add_done_callback(report)
    half.add_done_callback(lambda task: print("callback: a second one, of the same task"))

    try:
        half.result()
    except asyncio.InvalidStateError as error:
        print(f"too early: {error}")

    await asyncio.wait([half, broken])
    print(f"half.result() is {half.result()}")
    try:
        broken.result()
    except ZeroDivisionError as error:
        print(f"broken.result() raises {error!r}")

    # A future is the bare promise, without a coroutine: somebody else keeps it.
    promise: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(0.05, promise.set_result, "kept")
    print(f"the promise is {await promise}")


asyncio.run(main())
