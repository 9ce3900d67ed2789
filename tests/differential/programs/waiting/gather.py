"""gather: results in order, errors, cancelling it and its children, odd arguments."""

import asyncio
import sys

from observe import attempt, attempt_await


async def value(result, turns=1):
    for _ in range(turns):
        await asyncio.sleep(0)
    return result


async def fail(error, turns=1):
    for _ in range(turns):
        await asyncio.sleep(0)
    raise error


async def tells(name):
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError as error:
        print(name, "cancelled", error.args)
        raise


async def turn(count=3):
    for _ in range(count):
        await asyncio.sleep(0)


async def main():
    loop = asyncio.get_running_loop()
    await attempt_await("order", asyncio.gather(value(1, 3), value(2, 1), value(3, 2)))
    await attempt_await("nothing", asyncio.gather())
    empty = asyncio.gather()
    print(type(empty).__name__, empty.done())
    await attempt_await("empty", empty)
    await attempt_await("one", asyncio.gather(value("one")))
    future = loop.create_future()
    future.set_result("ready")
    await attempt_await("mixed", asyncio.gather(future, value(2), asyncio.create_task(value(3))))
    twice = value("same coroutine twice")
    await attempt_await("same", asyncio.gather(twice, twice))
    await attempt_await("same future", asyncio.gather(future, future))

    await attempt_await(
        "error", asyncio.gather(value(1), fail(ValueError("first")), fail(KeyError("second"), 2))
    )
    await turn()
    await attempt_await(
        "return_exceptions",
        asyncio.gather(
            value(1),
            fail(ValueError("x")),
            fail(asyncio.CancelledError("c")),
            return_exceptions=True,
        ),
    )
    await attempt_await(
        "child cancelled", asyncio.gather(value(1), fail(asyncio.CancelledError("child's")))
    )

    # The others go on after the first error.
    survivor = asyncio.create_task(value("survivor", 4))
    await attempt_await("error first", asyncio.gather(survivor, fail(ValueError("early"))))
    print(survivor.done())
    print(await survivor)

    # Cancelling the outer one.
    outer = asyncio.gather(tells("a"), tells("b"), value("done already", 0))
    print(outer)
    await turn()
    print("cancel", outer.cancel("outer"), outer.done(), outer.cancelled())
    await attempt_await("outer", outer)
    print(outer, outer.cancel())
    outer = asyncio.gather(tells("c"), tells("d"), return_exceptions=True)
    await turn()
    outer.cancel("outer, exceptions returned")
    await attempt_await("outer", outer)
    outer = asyncio.gather(value(1, 0))
    await turn()
    print("cancel when done", outer.cancel())
    print(await outer)

    # A child that refuses to be cancelled.
    async def refuses():
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            return "refused"

    outer = asyncio.gather(refuses(), refuses())
    await turn(1)
    outer.cancel()
    await attempt_await("refuse", outer)

    # Cancelling a child, and the task that waits.
    children = [asyncio.create_task(tells(name)) for name in "ef"]
    outer = asyncio.gather(*children)
    await turn()
    children[0].cancel("one child")
    await attempt_await("a child", outer)
    print(children[1].done(), children[1].cancel())
    await turn()

    async def waits():
        await asyncio.gather(tells("g"), tells("h"))

    waiter = asyncio.create_task(waits())
    await turn()
    waiter.cancel("the waiter")
    await attempt_await("waiter", waiter)

    for wrong in (None, 5, "text", value):
        attempt(f"wrong {type(wrong).__name__}", lambda: asyncio.gather(wrong))  # noqa: B023
    coroutine = value(1)
    attempt("half wrong", lambda: asyncio.gather(coroutine, 5))
    await turn()
    attempt("unknown keyword", lambda: asyncio.gather(loop=loop))
    other = asyncio.new_event_loop()
    attempt("other loop", lambda: asyncio.gather(future, other.create_future()))
    other.close()
    outer = asyncio.gather(value(1), value(2))
    outer.add_done_callback(lambda f: print("callback", f))
    attempt("set_result on it", lambda: asyncio.gather(loop.create_future()).set_result(1))
    print(await outer)
    done = asyncio.gather(future)
    print("not done at once", done.done())
    await done


asyncio.run(main())
# From 3.14 on asyncio refuses; aioxide makes the main thread's loop, as older Pythons do.
if sys.version_info < (3, 14):
    coroutine = value(1)
    attempt("no loop", asyncio.gather, coroutine)
    coroutine.close()
    attempt("no loop, nothing", asyncio.gather)
loop = asyncio.new_event_loop()
future = loop.create_future()
outer = asyncio.gather(future)
future.set_result("outside a running loop")
print(loop.run_until_complete(outer), outer.get_loop() is loop)
loop.close()
