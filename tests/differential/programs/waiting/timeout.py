"""timeout and timeout_at: the context manager in every state, rescheduling, nesting, misuse."""

import asyncio

from observe import attempt, attempt_await, settle


async def main():
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(10) as manager:
        print(type(manager).__name__, manager.expired(), manager.when() is not None)
    print(manager.expired())
    try:
        async with asyncio.timeout(0.001) as manager:
            await asyncio.sleep(10)
    except TimeoutError as error:
        print("expired", manager.expired(), error.args, type(error.__cause__).__name__)
    for delay in (0, -1):
        try:
            async with asyncio.timeout(delay) as manager:
                print("entered", delay)
                await asyncio.sleep(0)
                print("after one turn")
                await asyncio.sleep(0)
                print("after two turns")
        except TimeoutError:
            print("expired", manager.expired())
    async with asyncio.timeout(0):
        print("no await in it: no error")
    async with asyncio.timeout(None) as manager:
        print(manager.when(), manager)
        await asyncio.sleep(0)
    try:
        async with asyncio.timeout_at(loop.time() - 1) as manager:
            await asyncio.sleep(10)
    except TimeoutError:
        print("timeout_at", manager.expired())
    async with asyncio.timeout_at(None) as manager:
        print(manager.when())
    try:
        async with asyncio.timeout_at(deadline := loop.time() + 0.005) as manager:
            print(manager.when() == deadline)
            await asyncio.sleep(10)
    except TimeoutError:
        print("not early", loop.time() >= deadline)

    # Rescheduling.
    async with asyncio.timeout(0.001) as manager:
        manager.reschedule(None)
        await asyncio.sleep(0.01)
        manager.reschedule(loop.time() + 10)
    print("rescheduled", manager.expired())
    try:
        async with asyncio.timeout(None) as manager:
            manager.reschedule(loop.time())
            await asyncio.sleep(10)
    except TimeoutError:
        print("rescheduled to now")
    attempt("reschedule after the end", manager.reschedule, 1)

    # Errors inside come out as they are; also when the time is up.
    for error in (ValueError("inside"), TimeoutError("inside"), asyncio.CancelledError("inside")):
        try:
            async with asyncio.timeout(10):
                raise error
        except BaseException as caught:
            print("same", caught is error)
    try:
        async with asyncio.timeout(0.001) as manager:
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                raise KeyError("instead") from None
    except KeyError as error:
        print(repr(error), manager.expired(), asyncio.current_task().cancelling())
    async with asyncio.timeout(0.001) as manager:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            print("swallowed")
    print(manager.expired(), asyncio.current_task().cancelling())

    # Nesting.
    try:
        async with asyncio.timeout(0.001) as outer:
            async with asyncio.timeout(10) as inner:
                await asyncio.sleep(10)
    except TimeoutError:
        print("outer", outer.expired(), inner.expired())
    try:
        async with asyncio.timeout(10) as outer:
            async with asyncio.timeout(0.001) as inner:
                await asyncio.sleep(10)
    except TimeoutError:
        print("inner", outer.expired(), inner.expired())

    async def cancelled_from_outside():
        async with asyncio.timeout(10):
            await asyncio.sleep(10)

    task = asyncio.create_task(cancelled_from_outside())
    await asyncio.sleep(0)
    task.cancel("outside")
    await attempt_await("cancelled", task)

    # Misuse.
    manager = asyncio.timeout(1)
    print(manager.expired(), manager)
    attempt("reschedule before entering", manager.reschedule, 1)
    async with manager:
        await attempt_await("enter twice", manager.__aenter__())
    await attempt_await("enter again", manager.__aenter__())
    attempt("nothing", lambda: asyncio.timeout())
    attempt("text", lambda: asyncio.timeout("1"))
    await attempt_await("when text", asyncio.timeout_at("1").__aenter__())
    attempt("with", lambda: manager.__enter__())
    await attempt_await("exit before enter", asyncio.timeout(1).__aexit__(None, None, None))


asyncio.run(main())


async def in_a_callback():
    loop = asyncio.get_running_loop()

    def callback():
        coroutine = asyncio.timeout(1).__aenter__()
        attempt("outside a task", coroutine.send, None)

    loop.call_soon(callback)
    await settle()


asyncio.run(in_a_callback())
attempt("no loop", lambda: asyncio.timeout(1))
attempt("no loop, None", lambda: asyncio.timeout(None).when())
attempt("Timeout by hand", lambda: asyncio.Timeout(5).when())
