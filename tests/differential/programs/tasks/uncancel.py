"""cancelling() and uncancel(): counts, and what they mean to timeouts and task groups."""

import asyncio
import sys

from observe import attempt, attempt_await


async def forever():
    await asyncio.Event().wait()


async def main():
    task = asyncio.create_task(forever())
    print(task.cancelling(), task.uncancel(), task.cancelling())
    for _ in range(3):
        print("cancel", task.cancel(), task.cancelling())
    for _ in range(4):
        print("uncancel", task.uncancel(), task.cancelling())
    await attempt_await(
        "still cancelled" if sys.version_info < (3, 13) else "taken back?",
        asyncio.wait_for(task, 0.01),
    )
    print(task.cancelled(), task.cancel(), task.cancelling())

    async def survivor():
        me = asyncio.current_task()
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            print("counts", me.cancelling(), me.uncancel())
        await asyncio.sleep(0)
        return "survived", me.cancelling()

    task = asyncio.create_task(survivor())
    await asyncio.sleep(0)
    task.cancel()
    await attempt_await("survivor", task)

    # uncancel before the throw: since 3.13 it takes the pending cancellation back.
    async def taken_back():
        me = asyncio.current_task()
        me.cancel("mine")
        me.uncancel()
        await asyncio.sleep(0)
        return "went on"

    await attempt_await("taken back", asyncio.create_task(taken_back()))

    # A timeout inside a cancelled task lets the outer cancellation through.
    timed_out = asyncio.Event()

    async def with_timeout():
        try:
            async with asyncio.timeout(0.01):
                await asyncio.sleep(10)
        except TimeoutError:
            print("timed out", asyncio.current_task().cancelling())
        timed_out.set()
        await asyncio.sleep(10)

    task = asyncio.create_task(with_timeout())
    await timed_out.wait()
    await asyncio.sleep(0)
    task.cancel("outer")
    await attempt_await("with timeout", task)
    print(task.cancelling())

    async def both_at_once():
        async with asyncio.timeout(0):
            asyncio.current_task().cancel("both")
            await asyncio.sleep(10)

    await attempt_await("both at once", asyncio.create_task(both_at_once()))

    async def group():
        async with asyncio.TaskGroup() as group:
            group.create_task(forever())
            await asyncio.sleep(10)

    task = asyncio.create_task(group())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel("group")
    await attempt_await("group", task)
    print(task.cancelling())
    attempt("cancelling with an argument", lambda: task.cancelling(1))
    attempt("uncancel with an argument", lambda: task.uncancel(1))


asyncio.run(main())
