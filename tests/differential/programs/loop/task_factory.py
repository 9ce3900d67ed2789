"""create_task with and without a factory, and what the factory is given."""

import asyncio
import contextvars
import sys

from observe import attempt, close


async def value():
    return "value"


loop = asyncio.new_event_loop()
print(loop.get_task_factory())


def factory(loop_, coroutine, **kwargs):
    print(
        "factory",
        loop_ is loop,
        coroutine.__name__,
        sorted(k for k, v in kwargs.items() if v is not None),
    )
    return asyncio.Task(coroutine, loop=loop_, **kwargs)


loop.set_task_factory(factory)
print(loop.get_task_factory() is factory)
context = contextvars.copy_context()
task = loop.create_task(value())
attempt("plain", loop.run_until_complete, task)
task = loop.create_task(value(), name="named")
print(task.get_name())
attempt("named", loop.run_until_complete, task)
task = loop.create_task(value(), context=context)
attempt("context", loop.run_until_complete, task)
task = loop.create_task(value(), name=None, context=None)
attempt("nones", loop.run_until_complete, task)
attempt("run_until_complete uses it", loop.run_until_complete, value())


async def inside():
    print("asyncio.create_task")
    await asyncio.create_task(value(), name="inside")
    print("ensure_future")
    await asyncio.ensure_future(value())
    print("gather")
    await asyncio.gather(value())
    async with asyncio.TaskGroup() as group:
        group.create_task(value(), name="in group")


loop.run_until_complete(inside())


# A factory that gives something else.
def futures(loop_, coroutine, **kwargs):
    coroutine.close()
    future = loop_.create_future()
    future.set_result("not a task")
    return future


loop.set_task_factory(futures)
attempt("a future", loop.run_until_complete, value())


def failing(loop_, coroutine, **kwargs):
    coroutine.close()
    raise ValueError("no tasks today")


loop.set_task_factory(failing)
attempt("failing", loop.create_task, value())
attempt("failing in run_until_complete", loop.run_until_complete, value())

for wrong in (5, "text", [], object):
    attempt(f"factory {wrong!r}", loop.set_task_factory, wrong)
loop.set_task_factory(None)
print(loop.get_task_factory())
attempt("no coroutine", loop.create_task, 5)
attempt("a function", loop.create_task, value)
attempt("a future", loop.create_task, loop.create_future())
coroutine = value()
attempt("positional name", lambda: loop.create_task(coroutine, "name"))
attempt("unknown keyword", lambda: loop.create_task(coroutine, colour="red"))
close(coroutine)
if sys.version_info >= (3, 14):
    task = loop.create_task(value(), eager_start=False)
    attempt("not eager", loop.run_until_complete, task)
loop.close()
