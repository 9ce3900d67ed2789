"""Awaiting futures: results, errors, tracebacks, many waiters, the iterator protocol by hand."""

import asyncio
import traceback

from observe import attempt, attempt_await


async def wait_for_it(label, future):
    await attempt_await(label, future)


async def main():
    loop = asyncio.get_running_loop()
    # Many waiters wake in the order in which they came.
    future = loop.create_future()
    tasks = [asyncio.create_task(wait_for_it(f"waiter {n}", future)) for n in range(4)]
    await asyncio.sleep(0)
    future.set_result("shared")
    await asyncio.gather(*tasks)

    future = loop.create_future()
    tasks = [asyncio.create_task(wait_for_it(f"waiter {n}", future)) for n in range(3)]
    await asyncio.sleep(0)
    error = ValueError("shared error")
    future.set_exception(error)
    await asyncio.gather(*tasks)
    print(future.exception() is error)

    future = loop.create_future()
    tasks = [asyncio.create_task(wait_for_it(f"waiter {n}", future)) for n in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    print(future)

    # Already done.
    future = loop.create_future()
    future.set_result("ready")
    await attempt_await("ready", future)
    await attempt_await("ready again", future)
    future = loop.create_future()
    future.cancel("a message")
    await attempt_await("cancelled", future)
    await attempt_await("cancelled again", future)

    # Tuples, exceptions and StopIteration as results come through whole.
    for value in ((1, 2), ValueError("as a result"), StopIteration(3), (), None, ((),)):
        future = loop.create_future()
        loop.call_soon(future.set_result, value)
        await attempt_await("value", future)


async def tracebacks():
    future = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(future.set_exception, KeyError("with a traceback"))
    for _ in range(2):
        try:
            await future
        except KeyError:
            traceback.print_exc()


asyncio.run(main())
asyncio.run(tracebacks())

# By hand.
loop = asyncio.new_event_loop()
future = loop.create_future()
iterator = iter(future)
print(next(iterator) is future, future._asyncio_future_blocking)
attempt("next again", next, iterator)
future = loop.create_future()
iterator = future.__await__()
next(iterator)
future.set_result("by hand")
attempt("send", iterator.send, None)
attempt("exhausted", next, iterator)
iterator = future.__await__()
attempt("done at once", next, iterator)
future = loop.create_future()
iterator = future.__await__()
attempt("send a value", lambda: iterator.send("ignored") is future)
attempt("throw", iterator.throw, ValueError("thrown"))
attempt("after throw", next, iterator)
iterator = loop.create_future().__await__()
next(iterator)
attempt("throw class", iterator.throw, KeyError)
iterator = loop.create_future().__await__()
attempt("throw nonsense", iterator.throw, 5)
attempt("throw at first", iterator.throw, KeyError("at first"))
iterator = loop.create_future().__await__()
next(iterator)
attempt("close", iterator.close)
attempt("close again", iterator.close)
attempt("next after close", next, iterator)
print(iter(iterator) is iterator)


async def lonely():
    await loop.create_future()


coroutine = lonely()
print(coroutine.send(None))
coroutine.close()
loop.close()
