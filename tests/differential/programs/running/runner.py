"""Runner: states, contexts, factories, reuse, closing."""

import asyncio
import contextvars
import sys
import warnings

from observe import attempt

warnings.simplefilter("ignore", DeprecationWarning)
variable = contextvars.ContextVar("variable", default="default")


async def value(result="value"):
    await asyncio.sleep(0)
    return result


async def sets(text):
    before = variable.get()
    variable.set(text)
    return before


with asyncio.Runner() as runner:
    print(type(runner).__name__)
    loop = runner.get_loop()
    attempt("run", runner.run, value())
    attempt("run again", runner.run, value(2))
    print(runner.get_loop() is loop, loop.is_running(), loop.is_closed())
    # One context for all runs of a runner.
    print(runner.run(sets("one")), runner.run(sets("two")), variable.get())
    own = contextvars.copy_context()
    print(runner.run(sets("three"), context=own), own[variable], runner.run(sets("four")))
    for wrong in (5, None, value, "text"):
        attempt(f"wrong {type(wrong).__name__}", runner.run, wrong)
    attempt("nothing", lambda: runner.run())
    coroutine = value()
    attempt("positional context", lambda: runner.run(coroutine, own))
    coroutine.close()

    async def within():
        coroutine = value()
        attempt("run within", runner.run, coroutine)
        coroutine.close()
        print(asyncio.get_running_loop() is loop)

    runner.run(within())
print("closed", loop.is_closed())
attempt("get_loop after close", runner.get_loop)
coroutine = value()
attempt("run after close", runner.run, coroutine)
coroutine.close()
attempt("close twice", runner.close)
attempt("enter after close", runner.__enter__)

runner = asyncio.Runner(debug=True)
print(runner.get_loop().get_debug())
runner.close()
runner = asyncio.Runner(debug=False)
print(runner.get_loop().get_debug())
runner.close()


def factory():
    print("factory")
    return asyncio.new_event_loop()


with asyncio.Runner(loop_factory=factory) as runner:
    attempt("with a factory", runner.run, value())
attempt("failing factory", lambda: asyncio.Runner(loop_factory=lambda: 1 / 0).get_loop())
attempt("positional", lambda: asyncio.Runner(True))
unused = asyncio.Runner()
attempt("close unused", unused.close)
attempt("close unused again", unused.close)
attempt("get_loop then", unused.get_loop)


async def fails():
    raise ValueError("in run")


with asyncio.Runner() as runner:
    attempt("error", runner.run, fails())
    attempt("usable after it", runner.run, value())

try:
    with asyncio.Runner() as runner:
        runner.run(value())
        raise KeyError("in the with block")
except KeyError as error:
    print(repr(error))


# Tasks and generators that are left are ended by close.
async def left():
    try:
        await asyncio.sleep(10)
    finally:
        print("left task ends")


async def numbers():
    try:
        yield 1
    finally:
        print("generator ends")


kept = []


async def leave():
    kept.append(asyncio.create_task(left()))
    kept.append(numbers())
    print(await kept[1].__anext__())


runner = asyncio.Runner()
runner.run(leave())
print("before close", kept[0].done())
runner.close()
print("after close", kept[0].cancelled())

if sys.version_info >= (3, 14):

    class Awaitable:
        def __await__(self):
            return value("awaitable's").__await__()

    with asyncio.Runner() as runner:
        attempt("awaitable", runner.run, Awaitable())
