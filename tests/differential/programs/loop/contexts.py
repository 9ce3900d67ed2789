"""context= everywhere the loop takes it, and the context that callbacks see."""

import asyncio
import contextvars

from observe import attempt

variable = contextvars.ContextVar("variable", default="default")
loop = asyncio.new_event_loop()


def show(label, *_):
    print(label, variable.get())


def made(value):
    context = contextvars.copy_context()
    context.run(variable.set, value)
    return context


def run():
    loop.call_later(0.01, loop.stop)
    loop.run_forever()


loop.call_soon(show, "soon", context=made("a"))
loop.call_later(0, show, "later", context=made("b"))
loop.call_at(loop.time(), show, "at", context=made("c"))
loop.call_soon_threadsafe(show, "threadsafe", context=made("d"))
run()

future = loop.create_future()
variable.set("when added")
future.add_done_callback(lambda f: show("callback"))
future.add_done_callback(lambda f: show("callback with context"), context=made("e"))
variable.set("when done")
future.set_result(None)
run()


async def task(label):
    show(label)
    variable.set(f"{label} set it")
    await asyncio.sleep(0)
    show(label)


shared = made("shared")
loop.run_until_complete(loop.create_task(task("own copy")))
show("main unchanged")
loop.run_until_complete(loop.create_task(task("given"), context=shared))
print("given was changed", shared[variable])


async def children():
    variable.set("parent")
    await asyncio.create_task(task("child"))
    show("parent after child")
    await asyncio.gather(
        task("gathered"), asyncio.create_task(task("shared child"), context=shared)
    )
    print(shared[variable])
    await task("direct")
    show("parent after direct await")
    thread = await asyncio.to_thread(variable.get)
    print("to_thread sees", thread)
    print("executor sees", await loop.run_in_executor(None, variable.get, "nothing"))


loop.run_until_complete(children())
show("main at the end")

for wrong in (5, "text", {}):
    coroutine = task("wrong")
    attempt(f"task context {wrong!r}", lambda: loop.create_task(coroutine, context=wrong))  # noqa: B023
    coroutine.close()
loop.close()

# A callback in a context that is already entered can't run: reported, not lost.
loop = asyncio.new_event_loop()
context = contextvars.copy_context()
loop.call_soon(show, "entered twice", context=context)
loop.call_soon(loop.stop)
context.run(loop.run_forever)
loop.close()
