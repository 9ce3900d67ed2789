"""asyncio.run: results, errors, what it cancels and reports, misuse."""

import asyncio
import sys

from observe import attempt, describe, settle


async def value(result="value"):
    await asyncio.sleep(0)
    return result


async def fail(error):
    raise error


attempt("value", asyncio.run, value())
attempt("error", asyncio.run, fail(ValueError("text")))
attempt("CancelledError", asyncio.run, fail(asyncio.CancelledError("own")))
attempt("SystemExit", asyncio.run, fail(SystemExit(4)))
attempt("KeyboardInterrupt", asyncio.run, fail(KeyboardInterrupt()))
for wrong in (5, None, value, "text"):
    attempt(f"wrong {type(wrong).__name__}", asyncio.run, wrong)
attempt("nothing", lambda: asyncio.run())
coroutine = value()
attempt("positional debug", lambda: asyncio.run(coroutine, True))
attempt("unknown keyword", lambda: asyncio.run(coroutine, colour=1))
coroutine.close()


class Awaitable:
    def __await__(self):
        return value("awaitable's").__await__()


attempt("awaitable", asyncio.run, Awaitable())


async def debug():
    return asyncio.get_running_loop().get_debug()


for switch in (True, False, None):
    attempt(f"debug={switch}", lambda: asyncio.run(debug(), debug=switch))  # noqa: B023
if sys.version_info >= (3, 12):

    def factory():
        print("factory called")
        return asyncio.new_event_loop()

    attempt("loop_factory", lambda: asyncio.run(value(), loop_factory=factory))
    attempt("loop_factory fails", lambda: asyncio.run(coroutine, loop_factory=lambda: 1 / 0))


# What is left is cancelled, awaited and, when it fails then, reported: in the order of a set.
told = []


async def tells(name, then=None):
    try:
        await asyncio.sleep(10)
    except asyncio.CancelledError as error:
        told.append((name, "cancelled", error.args))
        await asyncio.sleep(0)
        told.append((name, "cleaned up"))
        if then is not None:
            raise then from None
        raise


async def leaves():
    asyncio.create_task(tells("a"), name="a")
    asyncio.create_task(tells("b", ValueError("while cancelled")), name="b")
    asyncio.create_task(value(), name="never started")
    await settle()
    asyncio.create_task(tells("never started"), name="c")
    return "left"


attempt("leaves", asyncio.run, leaves())
print(sorted(told))
told.clear()


async def leaves_and_fails():
    asyncio.create_task(tells("d"))
    await asyncio.sleep(0)
    raise LookupError("main")


attempt("leaves and fails", asyncio.run, leaves_and_fails())
print(told)
told.clear()


async def main_cancelled():
    asyncio.current_task().cancel("by itself")
    await asyncio.sleep(0)


attempt("main cancelled", asyncio.run, main_cancelled())


async def spawns_while_cancelled():
    async def stubborn():
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            asyncio.create_task(tells("spawned while cancelled"), name="spawned")
            await asyncio.sleep(0)

    asyncio.create_task(stubborn())
    await asyncio.sleep(0)


attempt("spawns", asyncio.run, spawns_while_cancelled())
print(told)


# Loops are closed, fresh ones each time, none left as current.
async def loop_of():
    return asyncio.get_running_loop()


first, second = asyncio.run(loop_of()), asyncio.run(loop_of())
print(first is second, first.is_closed(), second.is_closed())


async def names():
    task = asyncio.current_task()
    print(task.get_name().startswith("Task-"), len(asyncio.all_tasks()))
    try:
        inner = value()
        asyncio.run(inner)
    except RuntimeError as error:
        print(describe(error))
        inner.close()


asyncio.run(names())


async def callbacks_at_the_end():
    asyncio.get_running_loop().call_soon(print, "ready at the end")
    asyncio.get_running_loop().call_later(0, print, "due at the end")


asyncio.run(callbacks_at_the_end())
