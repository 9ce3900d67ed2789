"""shield: outer and inner cancelled, errors reported or not, what it takes."""

import asyncio
import gc
import sys

from observe import attempt, attempt_await


async def value(result="value", turns=2):
    for _ in range(turns):
        await asyncio.sleep(0)
    return result


async def fail(error, turns=2):
    await value(turns=turns)
    raise error


async def turn(count=4):
    for _ in range(count):
        await asyncio.sleep(0)


async def main():
    loop = asyncio.get_running_loop()
    await attempt_await("coroutine", asyncio.shield(value()))
    await attempt_await("error", asyncio.shield(fail(ValueError("inner"))))
    inner = asyncio.create_task(value("inner"))
    outer = asyncio.shield(inner)
    print(type(outer).__name__, outer is inner, outer)
    await attempt_await("task", outer)
    print("done already", asyncio.shield(inner) is inner)

    inner = asyncio.create_task(value("survives", 4))
    outer = asyncio.shield(inner)
    await turn(1)
    print(outer.cancel("outer"), outer.cancelled(), inner.cancelled())
    await attempt_await("outer", outer)
    await attempt_await("inner", inner)

    inner = asyncio.create_task(value())
    outer = asyncio.shield(inner)
    await turn(1)
    inner.cancel("inner's message")
    await attempt_await("inner cancelled", outer)
    print(outer)

    # After the outer one was cancelled, an error of the inner one has nobody to go to.
    inner = asyncio.create_task(fail(ValueError("nobody waits")), name="orphan")
    outer = asyncio.shield(inner)
    outer.cancel()
    await turn()
    del inner, outer
    gc.collect()
    print("after the orphan")
    inner = asyncio.create_task(fail(ValueError("looked at")), name="looked at")
    outer = asyncio.shield(inner)
    await turn(1)
    outer.cancel()
    await attempt_await("looked at", inner)
    await turn()
    inner = asyncio.create_task(value())
    outer = asyncio.shield(inner)
    outer.cancel()
    inner.cancel()
    await turn()
    print(inner, outer)

    async def waits(inner):
        return await asyncio.shield(inner)

    inner = asyncio.create_task(value("through a cancelled waiter", 5))
    waiter = asyncio.create_task(waits(inner))
    await turn(2)
    waiter.cancel("waiter")
    await attempt_await("waiter", waiter)
    await attempt_await("inner", inner)

    # Two shields of one task; a shield of a shield.
    inner = asyncio.create_task(value("two"))
    first, second = asyncio.shield(inner), asyncio.shield(inner)
    first.cancel()
    await attempt_await("first", first)
    await attempt_await("second", second)
    await attempt_await("nested", asyncio.shield(asyncio.shield(asyncio.shield(value("nested")))))
    outer = asyncio.shield(asyncio.gather(value(1), value(2)))
    await attempt_await("gather", outer)
    future = loop.create_future()
    outer = asyncio.shield(future)
    outer.set_result("from outside")
    future.set_result("inner")
    await turn()
    print(outer)
    for wrong in (5, None, "text", value):
        attempt(f"wrong {type(wrong).__name__}", asyncio.shield, wrong)
    attempt("nothing", lambda: asyncio.shield())
    attempt("unknown keyword", lambda: asyncio.shield(future, loop=loop))


asyncio.run(main())
coroutine = value()
# From 3.14 on asyncio refuses; aioxide makes the main thread's loop, as older Pythons do.
if sys.version_info < (3, 14):
    attempt("no loop", asyncio.shield, coroutine)
coroutine.close()
