"""wrap_future, isfuture, ensure_future, and concurrent futures chained to asyncio's."""

import asyncio
import concurrent.futures

from observe import attempt, attempt_await, settle


class Duck:
    _asyncio_future_blocking = False

    def __await__(self):
        yield from ()
        return "duck"


class Awaitable:
    def __await__(self):
        yield from asyncio.sleep(0).__await__()
        return "awaitable"


async def value():
    return "value"


async def main():
    loop = asyncio.get_running_loop()
    for outcome in ("result", "exception", "cancel"):
        source = concurrent.futures.Future()
        wrapped = asyncio.wrap_future(source)
        print(asyncio.isfuture(wrapped), wrapped.done())
        if outcome == "result":
            source.set_result(1)
        elif outcome == "exception":
            source.set_exception(ValueError("source"))
        else:
            source.cancel()
            source.set_running_or_notify_cancel()
        await attempt_await(outcome, wrapped)
    source = concurrent.futures.Future()
    wrapped = asyncio.wrap_future(source)
    wrapped.cancel()
    await asyncio.sleep(0)
    print("source cancelled", source.cancelled())
    source = concurrent.futures.Future()
    source.set_running_or_notify_cancel()
    wrapped = asyncio.wrap_future(source)
    wrapped.cancel()
    await asyncio.sleep(0)
    print("running source", source.cancelled())
    source.set_result("late")
    await settle()
    print(wrapped)
    for error in (
        concurrent.futures.CancelledError("c"),
        concurrent.futures.TimeoutError("t"),
        concurrent.futures.InvalidStateError("i"),
    ):
        source = concurrent.futures.Future()
        wrapped = asyncio.wrap_future(source)
        source.set_exception(error)
        await attempt_await(type(error).__name__, wrapped)
    future = loop.create_future()
    print(asyncio.wrap_future(future) is future)
    attempt("wrong type", asyncio.wrap_future, 5)

    print(
        asyncio.isfuture(Duck()),
        asyncio.isfuture(Duck),
        asyncio.isfuture(source),
        asyncio.isfuture(future),
    )
    print(asyncio.ensure_future(future) is future)
    task = asyncio.ensure_future(value())
    print(type(task).__name__, await task)
    task = asyncio.ensure_future(Awaitable())
    print(type(task).__name__, await task)
    duck = Duck()
    print(asyncio.ensure_future(duck) is duck)
    for wrong in (None, 5, value, [value]):
        attempt(f"ensure_future {type(wrong).__name__}", asyncio.ensure_future, wrong)
    other = asyncio.new_event_loop()
    attempt("other loop", lambda: asyncio.ensure_future(future, loop=other))
    task = asyncio.ensure_future(value(), loop=loop)
    print(await task)
    other.close()


asyncio.run(main())
loop = asyncio.new_event_loop()
future = asyncio.ensure_future(value(), loop=loop)
print(loop.run_until_complete(future))
source = concurrent.futures.Future()
wrapped = asyncio.wrap_future(source, loop=loop)
source.set_result("given loop")
print(loop.run_until_complete(wrapped))
loop.close()
# A source that finishes after the loop was closed.
loop = asyncio.new_event_loop()
source = concurrent.futures.Future()
wrapped = asyncio.wrap_future(source, loop=loop)
loop.close()
attempt("finished too late", source.set_result, 1)
