"""Exceptions through tasks: identity, tracebacks, causes, contexts, SystemExit, groups."""

import asyncio
import sys
import traceback

from observe import attempt, attempt_await


async def fail(error):
    raise error


async def wrapped(error):
    try:
        await asyncio.create_task(fail(error))
    except ValueError as inner:
        raise KeyError("outer") from inner


async def during(error):
    try:
        await asyncio.create_task(fail(error))
    except ValueError:
        raise KeyError("during")  # noqa: B904


async def show(awaitable):
    try:
        await awaitable
    except BaseException:
        traceback.print_exc(file=sys.stdout)


async def main():
    error = ValueError("identity")
    task = asyncio.create_task(fail(error))
    try:
        await task
    except ValueError as caught:
        print(caught is error, task.exception() is error)
    await show(asyncio.create_task(fail(ValueError("direct"))))
    await show(asyncio.create_task(wrapped(ValueError("cause"))))
    await show(asyncio.create_task(during(ValueError("context"))))
    await show(asyncio.gather(fail(ValueError("gathered")), asyncio.sleep(0)))
    await show(asyncio.wait_for(fail(ValueError("waited for")), 1))
    await show(asyncio.wait_for(asyncio.sleep(1), 0.001))
    await show(asyncio.shield(fail(ValueError("shielded"))))

    async def group():
        async with asyncio.TaskGroup() as group:
            group.create_task(fail(ValueError("first")))
            group.create_task(fail(KeyError("second")))

    await show(group())

    async def timeout():
        async with asyncio.timeout(0.001):
            await asyncio.sleep(1)

    await show(timeout())
    cancelled = asyncio.create_task(asyncio.sleep(1))
    await asyncio.sleep(0)
    cancelled.cancel("with a message")
    await show(cancelled)
    await show(cancelled)
    try:
        raise LookupError("being handled")
    except LookupError:
        # A task is not in its creator's exception state.
        await attempt_await("inside an except", asyncio.create_task(fail(ValueError("fresh"))))
        await attempt_await("direct inside an except", fail(ValueError("not fresh")))
    # A traceback grows with each await of the same failed task, the same way.
    task = asyncio.create_task(fail(ValueError("awaited twice")))
    await show(task)
    await show(task)


asyncio.run(main())
for error in (SystemExit(3), KeyboardInterrupt("k")):
    attempt("run", asyncio.run, fail(error))

    async def child(error=error):
        task = asyncio.create_task(fail(error))
        try:
            await task
        except BaseException as caught:
            print("parent caught", repr(caught))
            raise

    attempt("run child", asyncio.run, child())
