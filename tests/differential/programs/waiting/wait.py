"""wait: the three conditions, timeouts, cancelling, what it refuses."""

import asyncio
import sys

from observe import attempt, attempt_await, settle


async def value(name, turns):
    for _ in range(turns):
        await asyncio.sleep(0)
    return name


async def fail(name, turns):
    await value(name, turns)
    raise ValueError(name)


async def forever():
    await asyncio.Event().wait()


def show(label, result):
    done, pending = result
    print(
        label,
        "done",
        sorted(t.get_name() for t in done),
        "pending",
        sorted(t.get_name() for t in pending),
    )
    print(type(done).__name__, type(pending).__name__)


def tasks(*specifications):
    return [asyncio.create_task(f(n, t), name=n) for f, n, t in specifications]


async def main():
    loop = asyncio.get_running_loop()
    for condition in ("ALL_COMPLETED", "FIRST_COMPLETED", "FIRST_EXCEPTION"):
        made = tasks((value, "a", 3), (fail, "b", 5), (value, "c", 7))
        show(condition, await asyncio.wait(made, return_when=getattr(asyncio, condition)))
        show("rest", await asyncio.wait(made))
        for task in made:
            task.exception()
    made = tasks((value, "a", 1), (value, "b", 2))
    show(
        "FIRST_EXCEPTION without one", await asyncio.wait(made, return_when=asyncio.FIRST_EXCEPTION)
    )
    cancelled = asyncio.create_task(forever(), name="cancelled")
    made = [cancelled, asyncio.create_task(value("x", 5), name="x")]
    cancelled.cancel()
    show(
        "FIRST_EXCEPTION and a cancelled one",
        await asyncio.wait(made, return_when=asyncio.FIRST_EXCEPTION),
    )
    await made[1]
    print(asyncio.ALL_COMPLETED, asyncio.FIRST_COMPLETED, asyncio.FIRST_EXCEPTION)

    # Everything done already: it does not wait.
    loop.call_soon(print, "runs after")
    show("done already", await asyncio.wait(made))
    loop.call_soon(print, "runs after first")
    show(
        "one done already",
        await asyncio.wait(
            [*made, asyncio.create_task(value("y", 3), name="y")],
            return_when=asyncio.FIRST_COMPLETED,
        ),
    )
    await settle()

    pending = asyncio.create_task(forever(), name="pending")
    show("timeout", await asyncio.wait([pending], timeout=0.01))
    show("timeout 0", await asyncio.wait([pending], timeout=0))
    show("timeout -1", await asyncio.wait([pending], timeout=-1))
    quick = asyncio.create_task(value("quick", 2), name="quick")
    show("timeout not reached", await asyncio.wait([quick], timeout=10))
    print("the pending one goes on", pending.done(), pending.cancelling())

    waiter = asyncio.create_task(asyncio.wait([pending]))
    await asyncio.sleep(0)
    waiter.cancel("waiter")
    await attempt_await("cancelled", waiter)
    print(pending.done(), pending)
    pending.cancel()

    generator = (t for t in tasks((value, "g", 1)))
    if sys.version_info >= (3, 12):
        show("generator", await asyncio.wait(generator))
    else:
        await attempt_await("generator", asyncio.wait(generator))
    show("set", await asyncio.wait(set(tasks((value, "s", 1)))))
    task = asyncio.create_task(value("twice", 1), name="twice")
    show("twice", await asyncio.wait([task, task]))

    await attempt_await("empty", asyncio.wait([]))
    await attempt_await("wrong condition", asyncio.wait([task], return_when="SOMETIMES"))
    coroutine = forever()
    await attempt_await("coroutine", asyncio.wait([coroutine]))
    coroutine.close()
    await attempt_await("a future", asyncio.wait(task))
    coroutine = forever()
    await attempt_await("a coroutine", asyncio.wait(coroutine))
    coroutine.close()
    await attempt_await("number", asyncio.wait(5))
    await attempt_await("numbers", asyncio.wait([5]))
    await attempt_await("None", asyncio.wait(None))
    attempt("unknown keyword", lambda: asyncio.wait([task], loop=loop))
    attempt("positional timeout", lambda: asyncio.wait([task], 1))
    await attempt_await(
        "timeout text", asyncio.wait([asyncio.create_task(value("t", 1))], timeout="1")
    )


asyncio.run(main())
