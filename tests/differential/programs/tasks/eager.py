# Needs Python 3.12
"""Eager tasks: what runs at once, what is current, what is registered, errors."""

import asyncio
import contextvars
import sys

from observe import attempt, attempt_await

variable = contextvars.ContextVar("variable", default="default")


def name_of(task):
    """The task's name without the number: asyncio's factory makes tasks of asyncio's class on any
    loop, and these are counted apart from aioxide's.
    """
    return task.get_name().rstrip("0123456789")


async def at_once(label):
    print(label, "runs in", name_of(asyncio.current_task()), variable.get())
    variable.set(label)
    return label


async def blocks(label):
    print(label, "before")
    await asyncio.sleep(0)
    print(label, "after", name_of(asyncio.current_task()))
    return label


async def fails():
    raise ValueError("eagerly")


async def leaves():
    asyncio.current_task().set_name("leaves")
    raise SystemExit("eagerly")


async def cancels_itself():
    asyncio.current_task().cancel("eager")
    await asyncio.sleep(0)


async def main():
    loop = asyncio.get_running_loop()
    asyncio.current_task().set_name("main")
    loop.set_task_factory(asyncio.eager_task_factory)
    print(loop.get_task_factory() is asyncio.eager_task_factory)
    task = asyncio.create_task(at_once("one"), name="one")
    print("created", task.done(), task, name_of(asyncio.current_task()), variable.get())
    await attempt_await("one", task)
    task = asyncio.create_task(blocks("two"), name="two")
    print("created", task.done(), task)
    print(sorted(t.get_name() for t in asyncio.all_tasks()))
    await attempt_await("two", task)
    task = asyncio.create_task(fails())
    print("created", task.done())
    await attempt_await("fails", task)
    attempt("leaves", lambda: asyncio.create_task(leaves()))
    print("current", name_of(asyncio.current_task()))
    task = asyncio.create_task(cancels_itself())
    print(task.done(), task.cancelled())
    await attempt_await("cancels itself", task)
    print("gather", await asyncio.gather(at_once("g1"), blocks("g2"), at_once("g3")))
    async with asyncio.TaskGroup() as group:
        first = group.create_task(at_once("in group"))
        second = group.create_task(blocks("in group too"))
        print(first.done(), second.done())
    await attempt_await("group fails", failing_group())
    print("wait_for", await asyncio.wait_for(at_once("timed"), 1))
    print("wait_for", await asyncio.wait_for(blocks("timed"), 1))
    context = contextvars.copy_context()
    task = asyncio.create_task(at_once("own context"), context=context)
    print(context[variable], variable.get())
    task = asyncio.create_task(at_once("names itself"))
    if sys.version_info >= (3, 13):
        # 3.12.1 crashes on a task that finished before it had a coroutine.
        print(task.get_coro(), task.get_context() is not None)

    class Custom(asyncio.Task):
        pass

    loop.set_task_factory(asyncio.create_eager_task_factory(Custom))
    task = asyncio.create_task(at_once("custom"))
    print(type(task).__name__, task.done())
    loop.set_task_factory(None)
    print(asyncio.create_task(at_once("not eager")).done())
    await asyncio.sleep(0)
    task = asyncio.Task(at_once("by hand"), loop=loop, eager_start=True)
    print(task.done())
    task = asyncio.Task(at_once("by hand, late"), loop=loop, eager_start=False)
    print(task.done(), await task)
    if sys.version_info >= (3, 14):
        print(asyncio.create_task(at_once("keyword"), eager_start=True).done())
        async with asyncio.TaskGroup() as group:
            print(group.create_task(at_once("keyword"), eager_start=True).done())


async def failing_group():
    async with asyncio.TaskGroup() as group:
        group.create_task(fails())
        print("after the failure")
        await asyncio.sleep(0)
        print("not reached")


asyncio.run(main())
loop = asyncio.new_event_loop()
loop.set_task_factory(asyncio.eager_task_factory)
coroutine = at_once("no loop runs")
attempt("loop not running", lambda: name_of(loop.create_task(coroutine)))
loop.set_task_factory(None)
attempt(
    "eager, loop not running",
    lambda: name_of(asyncio.Task(at_once("x"), loop=loop, eager_start=True)),
)
loop.call_soon(loop.stop)
loop.run_forever()
loop.close()


async def by_hand():
    async def answer():
        return "at once"

    loop = asyncio.get_running_loop()
    task = asyncio.eager_task_factory(loop, answer(), name="eager")
    print(task)
    attempt("a factory of no loop", asyncio.eager_task_factory, None, 5)


asyncio.run(by_hand())
