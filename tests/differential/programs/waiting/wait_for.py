"""wait_for: in time, late, cancelled from both sides, refused cancellations, odd timeouts."""

import asyncio

from observe import attempt, attempt_await, settle


async def value(result="value", turns=1):
    for _ in range(turns):
        await asyncio.sleep(0)
    return result


async def tells(name="tells"):
    try:
        await asyncio.sleep(10)
    except asyncio.CancelledError as error:
        print(name, "cancelled", error.args)
        raise


async def refuses():
    try:
        await asyncio.sleep(10)
    except asyncio.CancelledError:
        return "refused"


async def fails_when_cancelled():
    try:
        await asyncio.sleep(10)
    except asyncio.CancelledError:
        raise LookupError("instead of cancelled")  # noqa: B904


async def slow_to_cancel():
    try:
        await asyncio.sleep(10)
    finally:
        await asyncio.sleep(0.01)
        print("slowly cancelled")


class Awaitable:
    def __await__(self):
        yield from asyncio.sleep(0).__await__()
        return "awaitable"


async def fail(error):
    raise error


async def main():
    loop = asyncio.get_running_loop()
    for timeout in (None, 1, 1.5, True):
        await attempt_await(f"in time {timeout}", asyncio.wait_for(value(), timeout))
    await attempt_await("keyword", asyncio.wait_for(fut=value(), timeout=1))
    await attempt_await("awaitable", asyncio.wait_for(Awaitable(), 1))
    await attempt_await("task", asyncio.wait_for(asyncio.create_task(value()), 1))
    await attempt_await("late", asyncio.wait_for(tells(), 0.001))
    for timeout in (0, -1):
        await attempt_await(f"{timeout}", asyncio.wait_for(tells(), timeout))
        await attempt_await(
            f"{timeout}, task", asyncio.wait_for(asyncio.create_task(tells()), timeout)
        )
        done = loop.create_future()
        done.set_result("done")
        await attempt_await(f"{timeout}, done", asyncio.wait_for(done, timeout))
        await attempt_await(f"{timeout}, no await in it", asyncio.wait_for(value(turns=0), timeout))
    pending = loop.create_future()
    await attempt_await("future, late", asyncio.wait_for(pending, 0.001))
    print(pending)
    await attempt_await("error", asyncio.wait_for(fail(ValueError("own")), 1))
    await attempt_await("own TimeoutError", asyncio.wait_for(fail(TimeoutError("own")), 1))
    await attempt_await(
        "own CancelledError", asyncio.wait_for(fail(asyncio.CancelledError("own")), 1)
    )
    await attempt_await("refuses", asyncio.wait_for(refuses(), 0.001))
    await attempt_await("fails when cancelled", asyncio.wait_for(fails_when_cancelled(), 0.001))
    await attempt_await("slow to cancel", asyncio.wait_for(slow_to_cancel(), 0.001))

    waiter = asyncio.create_task(asyncio.wait_for(tells("inner"), 10))
    await settle()
    waiter.cancel("outer")
    await attempt_await("outer cancelled", waiter)
    waiter = asyncio.create_task(asyncio.wait_for(refuses(), 10))
    await settle()
    waiter.cancel("outer")
    await attempt_await("outer cancelled, inner refuses", waiter)
    waiter = asyncio.create_task(asyncio.wait_for(tells("never starts"), 10))
    waiter.cancel("early")
    await attempt_await("cancelled before it starts", waiter)
    inner = asyncio.create_task(tells("inner task"))
    waiter = asyncio.create_task(asyncio.wait_for(inner, 10))
    await settle()
    inner.cancel("inner")
    await attempt_await("inner cancelled", waiter)
    # Done and cancelled in the same turn.
    future = loop.create_future()
    waiter = asyncio.create_task(asyncio.wait_for(future, 10))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    future.set_result("result")
    waiter.cancel("too late?")
    await attempt_await("both", waiter)

    await attempt_await("nested", asyncio.wait_for(asyncio.wait_for(tells("innermost"), 10), 0.001))
    await attempt_await(
        "nested, inner", asyncio.wait_for(asyncio.wait_for(tells("innermost"), 0.001), 10)
    )
    await attempt_await("shield", asyncio.wait_for(asyncio.shield(future), 1))
    keeper = asyncio.create_task(value("kept", 5))
    await attempt_await("shielded", asyncio.wait_for(asyncio.shield(keeper), 0))
    print(await keeper)

    for wrong in (5, None, value):
        await attempt_await(f"wrong {type(wrong).__name__}", asyncio.wait_for(wrong, 1))
        await attempt_await(f"wrong {type(wrong).__name__}, None", asyncio.wait_for(wrong, None))
    coroutine = value()
    await attempt_await("timeout text", asyncio.wait_for(coroutine, "1"))
    coroutine.close()
    attempt("no timeout", lambda: asyncio.wait_for(coroutine))
    attempt("unknown keyword", lambda: asyncio.wait_for(coroutine, 1, loop=loop))
    names = sorted(task.get_name() for task in asyncio.all_tasks())
    print("tasks left", len(names))


asyncio.run(main())
