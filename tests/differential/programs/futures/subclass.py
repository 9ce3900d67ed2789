"""Subclasses of Future: overridden methods are used, attributes are kept, cycles are collected."""

import asyncio
import gc
import weakref

from observe import attempt, attempt_await


class Loud(asyncio.Future):
    def __init__(self, *, loop=None, label="label"):
        super().__init__(loop=loop)
        self.label = label

    def add_done_callback(self, callback, *, context=None):
        print("add_done_callback", self.label)
        super().add_done_callback(callback, context=context)

    def result(self):
        print("result", self.label)
        return super().result()

    def cancel(self, msg=None):
        print("cancel", self.label, msg)
        return super().cancel(msg=msg)

    def set_result(self, value):
        print("set_result", self.label, value)
        super().set_result(value)

    def done(self):
        print("done", self.label)
        return super().done()


class Replaced(asyncio.Future):
    """Iteration replaced: awaiting it never looks at the base class."""

    def __await__(self):
        yield from asyncio.sleep(0).__await__()
        return "replaced"

    __iter__ = __await__


async def main():
    loop = asyncio.get_running_loop()
    loud = Loud(loop=loop)
    loop.call_soon(loud.set_result, "value")
    await attempt_await("loud", loud)
    loud = Loud(loop=loop, label="cancelled by its waiter")

    async def waiter():
        await loud

    task = asyncio.create_task(waiter())
    await asyncio.sleep(0)
    print(task.cancel("from outside"))
    await attempt_await("task", task)
    print("loud", loud.cancelled())
    await attempt_await("replaced", Replaced(loop=loop))
    await attempt_await("wait_for", asyncio.wait_for(Loud(loop=loop, label="timed"), 0.01))
    finished = Loud(loop=loop, label="finished")
    finished.set_result(1)
    await attempt_await("shield", asyncio.shield(finished))
    await attempt_await("gather", asyncio.gather(finished, finished))
    attempt("init without super", lambda: NoInit().done())
    attempt("its repr", lambda: repr(NoInit()))
    attempt("its result", lambda: NoInit().result())
    attempt("its loop", lambda: NoInit().get_loop())
    attempt("its set_result", lambda: NoInit().set_result(1))
    attempt("its add_done_callback", lambda: NoInit().add_done_callback(print))
    attempt("its cancel", lambda: NoInit().cancel())


class NoInit(asyncio.Future):
    def __init__(self):
        pass


asyncio.run(main())

loop = asyncio.new_event_loop()
future = Loud(loop=loop)
future.itself = future
reference = weakref.ref(future)
del future
gc.collect()
print("collected", reference() is None)
future = loop.create_future()
future.add_done_callback(lambda f, me=future: None)
reference = weakref.ref(future)
del future
gc.collect()
print("collected through its callback", reference() is None)
loop.close()
