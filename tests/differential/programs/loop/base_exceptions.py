"""SystemExit, KeyboardInterrupt and other base exceptions out of callbacks and tasks."""

import asyncio

from observe import attempt


class Custom(BaseException):
    pass


def throw(error):
    raise error


async def coroutine(error, turns=1):
    for _ in range(turns):
        await asyncio.sleep(0)
    raise error


def run(loop, label, seconds=0):
    loop.call_later(seconds, loop.stop)
    attempt(label, loop.run_forever)


for error in (
    SystemExit(7),
    KeyboardInterrupt("keys"),
    Custom("custom"),
    GeneratorExit(),
    asyncio.CancelledError("c"),
):
    name = type(error).__name__
    loop = asyncio.new_event_loop()
    loop.call_soon(throw, error)
    loop.call_soon(print, "after", name)
    loop.call_soon(loop.stop)
    attempt(f"callback {name}", loop.run_forever)
    print("running", loop.is_running(), "closed", loop.is_closed())
    # What was ready behind it is still there.
    loop.call_soon(loop.stop)
    attempt("again", loop.run_forever)

    attempt(f"main task {name}", loop.run_until_complete, coroutine(error))

    other = loop.create_task(coroutine(error), name="other")
    attempt(f"other task {name}", loop.run_until_complete, asyncio.sleep(0.01, loop))
    print(other.done(), other.cancelled())
    if other.done() and not other.cancelled():
        print(repr(other.exception()))

    # Out of a done callback. A stop that was ready behind it may be left for the next run.
    future = loop.create_future()
    future.add_done_callback(lambda f, error=error: throw(error))
    future.set_result(None)
    run(loop, f"done callback {name}")
    run(loop, "after it")

    # Out of a timer.
    loop.call_at(loop.time() - 1, throw, error)
    run(loop, f"timer {name}", 0.005)
    run(loop, "after it", 0.005)
    loop.close()
