"""Task: life, results, names, coroutines, what it refuses."""

import asyncio
import inspect
import sys
import types
import weakref

from observe import attempt, attempt_await, close, settle


async def value(result="value"):
    await asyncio.sleep(0)
    return result


async def fail(error):
    await asyncio.sleep(0)
    raise error


@types.coroutine
def generator_based():
    yield
    return "generator based"


def plain_generator():
    yield


class CoroutineLike:
    """A collections.abc.Coroutine that is no coroutine object."""

    def __init__(self):
        self.turns = 0

    def send(self, value):
        self.turns += 1
        if self.turns == 3:
            raise StopIteration("coroutine-like")

    def throw(self, *args):
        raise args[0]

    def close(self):
        pass

    def __await__(self):
        yield


async def main():
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(value(), name="mine")
    print(task.done(), task.cancelled(), task.get_name(), task.get_loop() is loop)
    attempt("result", task.result)
    attempt("exception", task.exception)
    await attempt_await("await", task)
    print(task.done(), task.cancelled(), task.result(), task.exception())
    await attempt_await("await again", task)
    print(task.get_coro().__name__, inspect.iscoroutine(task.get_coro()))
    print("context", type(task.get_context()).__name__ if hasattr(task, "get_context") else "none")

    task = asyncio.create_task(fail(ValueError("text")))
    await attempt_await("await", task)
    attempt("result", task.result)
    print(repr(task.exception()))
    await attempt_await("StopIteration", asyncio.create_task(fail(StopIteration("inside"))))
    await attempt_await(
        "StopAsyncIteration", asyncio.create_task(fail(StopAsyncIteration("inside")))
    )
    await attempt_await("CancelledError", asyncio.create_task(fail(asyncio.CancelledError("own"))))
    await attempt_await("TimeoutError", asyncio.create_task(fail(TimeoutError("own"))))

    # A task takes it up to 3.11 only.
    attempt("generator based", asyncio.create_task, generator_based())
    await settle()
    await attempt_await("coroutine-like", asyncio.create_task(CoroutineLike()))
    for wrong in (None, 5, value, plain_generator(), loop.create_future(), [1]):
        attempt(f"Task({type(wrong).__name__})", lambda: asyncio.Task(wrong, name="direct"))  # noqa: B023
        attempt(f"create_task({type(wrong).__name__})", lambda: asyncio.create_task(wrong))  # noqa: B023
    coroutine = value()
    attempt("positional loop", lambda: asyncio.Task(coroutine, loop))
    attempt("unknown keyword", lambda: asyncio.Task(coroutine, colour=1))
    attempt("no coroutine", lambda: asyncio.Task())
    attempt("create_task nothing", lambda: asyncio.create_task())
    attempt("create_task positional name", lambda: asyncio.create_task(coroutine, "name"))
    close(coroutine)

    for name in ("set_result", "set_exception"):
        task = asyncio.create_task(value())
        attempt(name, getattr(task, name), ValueError("from outside"))
        await task
    # Names.
    for name in (None, "text", 5, ["list"], ""):
        task = asyncio.create_task(value(), name=name)
        print(repr(task.get_name()))
        attempt("set_name", task.set_name, 7)
        print(repr(task.get_name()))
        await task
    attempt("set_name nothing", lambda: task.set_name())

    task = asyncio.create_task(value())
    print(
        weakref.ref(task)() is task,
        isinstance(task, asyncio.Task),
        isinstance(task, asyncio.Future),
    )
    print(asyncio.isfuture(task), asyncio.iscoroutine(task), asyncio.iscoroutine(task.get_coro()))
    print(asyncio.Task.__class_getitem__(int))
    task.anything = 1
    print(task.anything, hash(task) == hash(task))
    await task
    same = value()
    await attempt_await("once", asyncio.create_task(same))
    await attempt_await("the same coroutine again", asyncio.create_task(same))
    task = asyncio.create_task(value())
    await attempt_await("awaited in its own coroutine's task", task)
    print(asyncio.current_task().get_name())


async def generator_exit():
    # Thrown into a chain of awaits it closes the inner ones and comes out of the outermost as it
    # is.
    await attempt_await("GeneratorExit", asyncio.create_task(fail(GeneratorExit("inside"))))
    print("not reached")


asyncio.run(main())
attempt("GeneratorExit", asyncio.run, generator_exit())
coroutine = value()
# From 3.14 on asyncio refuses; aioxide makes the main thread's loop, as older Pythons do.
if sys.version_info < (3, 14):
    attempt("no loop", asyncio.Task, coroutine)
attempt("create_task without a loop", asyncio.create_task, coroutine)
coroutine.close()
loop = asyncio.new_event_loop()
task = asyncio.Task(value("with loop="), loop=loop)
print(loop.run_until_complete(task))
loop.close()
