"""What a task says when its coroutine yields something that it can't wait for."""

import asyncio
import types

from observe import attempt_await


@types.coroutine
def give(thing):
    return (yield thing)


async def wait(thing):
    try:
        return await give(thing)
    except BaseException as error:
        print("thrown in:", type(error).__name__, error)
        raise


def generator():
    yield


class Duck:
    """Has the attribute of a future, set as asked."""

    def __init__(self, blocking):
        self._asyncio_future_blocking = blocking

    def __repr__(self):
        return f"Duck({self._asyncio_future_blocking})"

    def get_loop(self):
        return asyncio.get_running_loop()

    def add_done_callback(self, callback, *, context=None):
        print("duck: add_done_callback", context is not None)
        asyncio.get_running_loop().call_soon(callback, self, context=context)

    def result(self):
        return "duck's"


class Hostile:
    @property
    def _asyncio_future_blocking(self):
        raise ZeroDivisionError("looked")


async def main():
    loop = asyncio.get_running_loop()
    await attempt_await("None", asyncio.create_task(wait(None)))
    for thing in (5, "text", [], object, generator, True):
        await attempt_await(f"yield {thing!r}", asyncio.create_task(wait(thing)))
    await attempt_await("yield a generator", asyncio.create_task(wait(generator())))
    await attempt_await("yield a future", asyncio.create_task(wait(loop.create_future())))
    await attempt_await("duck False", asyncio.create_task(wait(Duck(False))))
    await attempt_await("duck True", asyncio.create_task(wait(Duck(True))))
    await attempt_await("duck None", asyncio.create_task(wait(Duck(None))))

    # An error from looking at what was yielded goes to the exception handler, and the task never
    # goes on.
    loop.set_exception_handler(lambda loop, context: print("handler", repr(context["exception"])))
    stuck = asyncio.create_task(wait(Hostile()), name="stuck")
    await asyncio.wait([stuck], timeout=0.001)
    print(stuck.done())
    loop.set_exception_handler(None)
    stuck._log_destroy_pending = False
    asyncio.tasks._unregister_task(stuck)

    other = asyncio.new_event_loop()
    foreign = other.create_future()

    async def await_foreign():
        await foreign

    await attempt_await(
        "another loop's future", asyncio.create_task(await_foreign(), name="crosser")
    )
    other.close()

    async def await_self():
        await asyncio.current_task()

    await attempt_await("itself", asyncio.create_task(await_self(), name="narcissus"))

    async def await_self_later():
        await asyncio.sleep(0)
        try:
            await asyncio.current_task()
        except RuntimeError as error:
            print("caught", error)
        return "went on"

    await attempt_await("itself, caught", asyncio.create_task(await_self_later(), name="echo"))


asyncio.run(main())
