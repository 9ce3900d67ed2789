"""Subclasses of Task, tasks with uninitialised bases, cycles."""

import asyncio
import gc
import weakref

from observe import attempt, attempt_await


class Loud(asyncio.Task):
    def __init__(self, coroutine, **kwargs):
        print("__init__", coroutine.__name__)
        super().__init__(coroutine, **kwargs)
        self.history = []

    def cancel(self, msg=None):
        print("cancel", msg)
        return super().cancel(msg)

    def add_done_callback(self, callback, *, context=None):
        print("add_done_callback")
        super().add_done_callback(callback, context=context)

    def get_name(self):
        return "loud " + super().get_name()

    def __repr__(self):
        return "<Loud>"


class NoInit(asyncio.Task):
    def __init__(self):
        pass


async def value():
    await asyncio.sleep(0)
    return asyncio.current_task()


async def forever():
    await asyncio.Event().wait()


async def main():
    loop = asyncio.get_running_loop()
    loop.set_task_factory(lambda loop, coroutine, **kwargs: Loud(coroutine, loop=loop, **kwargs))
    task = asyncio.create_task(value(), name="one")
    print(task, task.get_name(), task.history)
    print(await task is task)
    task = asyncio.create_task(forever())
    await asyncio.sleep(0)
    outer = asyncio.create_task(asyncio.wait_for(task, 0.01))
    await attempt_await("times out", outer)
    print(task.cancelled())
    await await_group()
    loop.set_task_factory(None)
    for name in ("done", "result", "cancel", "get_name", "__repr__", "cancelling"):
        attempt(f"uninitialised {name}", getattr(NoInit(), name))


async def await_group():
    async with asyncio.TaskGroup() as group:
        task = group.create_task(value(), name="in group")
    print(task.get_name())


async def cycles():
    task = asyncio.create_task(value(), name="cycle")
    task.itself = task
    reference = weakref.ref(task)
    await task
    del task
    # The handle that runs now may hold it.
    await asyncio.sleep(0)
    gc.collect()
    print("collected", reference() is None)


async def refused():
    attempt("set_result", asyncio.create_task(value()).set_result, 1)
    await asyncio.sleep(0)
    await asyncio.sleep(0)


asyncio.run(refused())
asyncio.run(cycles())
asyncio.run(main())
