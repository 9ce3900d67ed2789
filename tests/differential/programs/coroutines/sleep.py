"""sleep: results, zero, negative, odd numbers, cancelling, order."""

import asyncio

from observe import attempt, attempt_await


async def main():
    loop = asyncio.get_running_loop()
    for delay in (0, 0.0, -1, -0.5, 0.001, True, False):
        await attempt_await(f"sleep({delay!r})", asyncio.sleep(delay, "result"))
    await attempt_await("keyword", asyncio.sleep(delay=0, result=5))
    for wrong in (None, "1", [], 1j, float("nan")):
        await attempt_await(f"sleep({wrong!r})", asyncio.sleep(wrong))
    attempt("no delay", lambda: asyncio.sleep())
    attempt("three", lambda: asyncio.sleep(1, 2, 3))
    attempt("unknown keyword", lambda: asyncio.sleep(0, loop=loop))
    await attempt_await("result is an exception", asyncio.sleep(0, ValueError("as a value")))
    start = loop.time()
    await asyncio.sleep(0.02)
    print("long enough", loop.time() - start >= 0.02)

    # sleep(0) gives way exactly once.
    log = []
    loop.call_soon(log.append, "callback")
    await asyncio.sleep(0)
    log.append("back")
    print(log)

    sleeper = asyncio.create_task(asyncio.sleep(10, "never"))
    await asyncio.sleep(0)
    sleeper.cancel("woken")
    await attempt_await("cancelled", sleeper)
    for delay in (0, 10):
        sleeper = asyncio.create_task(asyncio.sleep(delay))
        sleeper.cancel()
        await attempt_await(f"cancelled before sleep({delay}) began", sleeper)

    # By hand.
    coroutine = asyncio.sleep(0, "by hand")
    print(coroutine.send(None))
    attempt("finishes", coroutine.send, None)
    coroutine = asyncio.sleep(0)
    coroutine.send(None)
    attempt("throw", coroutine.throw, KeyError("in"))
    coroutine = asyncio.sleep(10)
    future = coroutine.send(None)
    print(asyncio.isfuture(future), future.done())
    coroutine.close()
    print(future.cancelled(), future.done())


asyncio.run(main())
