"""call_soon: order, arguments, contexts, handles, and what it refuses."""

import asyncio
import contextvars

from observe import attempt

variable = contextvars.ContextVar("variable", default="unset")


def note(*args):
    print("note", args, variable.get())


def nested(loop, depth):
    print("nested", depth)
    if depth:
        loop.call_soon(nested, loop, depth - 1)
    else:
        loop.stop()


loop = asyncio.new_event_loop()

# Order, and a callback that adds more: what it adds runs in the next turn.
for number in range(5):
    loop.call_soon(note, number)
loop.call_soon(nested, loop, 3)
loop.call_soon(note, "behind nested")
loop.run_forever()

# Contexts: the caller's at the time of the call, or the one given; a callback's changes stay in it.
variable.set("outer")
loop.call_soon(note)
inner = contextvars.copy_context()
inner.run(variable.set, "inner")
loop.call_soon(note, context=inner)
loop.call_soon(variable.set, "leaked", context=inner)
loop.call_soon(note, context=inner)
variable.set("changed after the call")
loop.call_soon(loop.stop)
loop.run_forever()
print("inner context", inner[variable], "outer", variable.get())

# The handle.
handle = loop.call_soon(note, "cancelled")
print(
    type(handle).__name__, handle.cancelled(), handle.cancel(), handle.cancelled(), handle.cancel()
)
print(isinstance(handle, asyncio.Handle), isinstance(handle, asyncio.TimerHandle))
loop.call_soon(loop.stop)
loop.run_forever()

# Refusals outside debug mode: few. What can't be called fails when its turn comes.
attempt("no callback", loop.call_soon)
attempt("unknown keyword", lambda: loop.call_soon(note, keyword=1))
loop.call_soon(5)
loop.call_soon(None)
loop.call_soon(note.__get__(5), "bound")
loop.call_soon(loop.stop)
loop.run_forever()


async def coroutine_function():
    print("never runs")


# A coroutine function is called, and its coroutine is dropped.
loop.call_soon(coroutine_function)
loop.call_soon(loop.stop)
loop.run_forever()

# Debug mode looks at the callback when it is given.
loop.set_debug(True)
attempt("debug: not callable", loop.call_soon, 5)
attempt("debug: coroutine function", loop.call_soon, coroutine_function)
coroutine = coroutine_function()
attempt("debug: coroutine", loop.call_soon, coroutine)
coroutine.close()
attempt("debug: later, not callable", loop.call_later, 0, "text")
attempt("debug: at, not callable", loop.call_at, 0, None)
attempt("debug: threadsafe, not callable", loop.call_soon_threadsafe, 1)
attempt("debug: executor, coroutine function", loop.run_in_executor, None, coroutine_function)
loop.close()
attempt("closed", loop.call_soon, note)
attempt("closed, not callable", loop.call_soon, 5)
