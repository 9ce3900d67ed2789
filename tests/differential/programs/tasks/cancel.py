"""Cancelling tasks: at every kind of await point, with messages, refused, repeated."""

import asyncio

from observe import attempt, attempt_await


async def at(label, awaitable):
    """Await, tell what was thrown in, let it out."""
    try:
        return await awaitable
    except BaseException as error:
        print(label, "got", type(error).__name__, error.args)
        raise


async def forever():
    await asyncio.Event().wait()


async def cancelled_at(label, awaitable, *args):
    task = asyncio.create_task(at(label, awaitable))
    for _ in range(3):
        await asyncio.sleep(0)
    print(label, "cancel ->", task.cancel(*args))
    await attempt_await(label, task)
    print(label, task.cancelled(), task.done(), task.cancel())


async def refuses():
    for _ in range(2):
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError as error:
            print("refused", error.args)
    return "refused twice"


async def cleans_up():
    try:
        await asyncio.sleep(1)
    finally:
        await asyncio.sleep(0)
        print("cleaned up")


async def turns_into(error):
    try:
        await asyncio.sleep(1)
    except asyncio.CancelledError:
        raise error from None


async def main():
    loop = asyncio.get_running_loop()
    await cancelled_at("future", loop.create_future())
    await cancelled_at("future with message", loop.create_future(), "message")
    await cancelled_at("sleep", asyncio.sleep(10), "sleeping")
    await cancelled_at("task", asyncio.create_task(forever()), "inner")
    await cancelled_at("event", asyncio.Event().wait())
    await cancelled_at("gather", asyncio.gather(forever(), forever()), "gathering")
    await cancelled_at("shield", asyncio.shield(loop.create_future()), "shielded")
    await cancelled_at("wait", asyncio.wait([loop.create_future()]), "waiting")
    await cancelled_at("wait_for", asyncio.wait_for(forever(), 10), "timing")
    await cancelled_at("queue", asyncio.Queue().get())
    await cancelled_at("nested", at("inner", at("innermost", asyncio.sleep(10))), 5)

    # Before the first step: the coroutine never runs.
    task = asyncio.create_task(at("never started", asyncio.sleep(0)))
    task.cancel("early")
    await attempt_await("before the first step", task)
    # Twice in one turn; the last message counts.
    task = asyncio.create_task(forever())
    await asyncio.sleep(0)
    print(task.cancel("one"), task.cancel("two"))
    await attempt_await("twice", task)
    # While it is ready to run with a result.
    future = loop.create_future()
    task = asyncio.create_task(at("ready", future))
    await asyncio.sleep(0)
    future.set_result("result")
    print(task.cancel("after the result"))
    await attempt_await("ready", task)
    # By sleep(0), which has no future.
    task = asyncio.create_task(at("sleep(0)", asyncio.sleep(0)))
    await asyncio.sleep(0)
    task.cancel("bare yield")
    await attempt_await("sleep(0)", task)

    task = asyncio.create_task(refuses())
    for message in ("first", "second"):
        await asyncio.sleep(0)
        print(task.cancel(message))
        await asyncio.sleep(0)
    await attempt_await("refuses", task)
    task = asyncio.create_task(cleans_up())
    await asyncio.sleep(0)
    task.cancel()
    await attempt_await("cleans up", task)
    for error in (ValueError("instead"), asyncio.CancelledError("another"), RuntimeError()):
        task = asyncio.create_task(turns_into(error))
        await asyncio.sleep(0)
        task.cancel()
        await attempt_await("turns into", task)
        print(task.cancelled())

    # Itself.
    async def suicidal():
        print("self", asyncio.current_task().cancel("self"))
        print("still running")
        await asyncio.sleep(0)
        print("not reached")

    await attempt_await("suicidal", asyncio.create_task(suicidal()))

    async def last_words():
        asyncio.current_task().cancel("too late to be seen")
        return "returned"

    task = asyncio.create_task(last_words())
    await attempt_await("cancelled and returned", task)
    print(task.cancelled())

    # A chain: the innermost is told first.
    async def link(depth):
        try:
            await (asyncio.create_task(link(depth - 1)) if depth else asyncio.sleep(10))
        except asyncio.CancelledError as error:
            print("link", depth, error.args)
            raise

    task = asyncio.create_task(link(3))
    for _ in range(5):
        await asyncio.sleep(0)
    task.cancel("chain")
    await attempt_await("chain", task)
    attempt("cancel with two", lambda: task.cancel(1, 2))
    attempt("cancel wrong keyword", lambda: task.cancel(message=1))


asyncio.run(main())
