"""The functions that make, join and look up tasks, given what they can't take."""

import asyncio
import sys
import threading

from observe import attempt, attempt_await


async def nothing():
    pass


async def making(loop):
    for wrong in (5, None, nothing, [nothing]):
        attempt(f"create_task({type(wrong).__name__})", asyncio.create_task, wrong)
        attempt(f"ensure_future({type(wrong).__name__})", asyncio.ensure_future, wrong)
    coroutine = nothing()
    attempt("create_task with two", asyncio.create_task, coroutine, "name")
    coroutine.close()
    coroutine = nothing()
    attempt("create_task with a keyword", asyncio.create_task, coroutine, surplus=1)
    coroutine.close()
    attempt("create_task without one", asyncio.create_task)
    attempt("ensure_future without one", asyncio.ensure_future)
    other = asyncio.new_event_loop()
    attempt("ensure_future elsewhere", asyncio.ensure_future, loop.create_future(), loop=other)
    attempt("shield elsewhere", asyncio.shield, other.create_future(), loop)
    other.close()
    attempt("current_task of two", asyncio.current_task, 1, 2)
    attempt("current_task with a keyword", asyncio.current_task, surplus=1)
    attempt("all_tasks of two", asyncio.all_tasks, 1, 2)
    attempt("all_tasks with a keyword", asyncio.all_tasks, surplus=1)
    for wrong in (5, nothing):
        attempt(
            f"run_coroutine_threadsafe({type(wrong).__name__})",
            asyncio.run_coroutine_threadsafe,
            wrong,
            loop,
        )
    attempt("run_coroutine_threadsafe nowhere", asyncio.run_coroutine_threadsafe)
    await attempt_await("to_thread of no callable", asyncio.to_thread(5))
    attempt("to_thread of nothing", asyncio.to_thread)


async def joining(loop):
    future = loop.create_future()
    attempt("gather with a keyword", asyncio.gather, surplus=1)
    attempt("gather of numbers", asyncio.gather, 5, 6)
    attempt("shield of a number", asyncio.shield, 5)
    attempt("shield of nothing", asyncio.shield)
    for wrong in (5, None, future, nothing, [5]):
        # Up to 3.12 it is a generator, which looks at its arguments when it is asked.
        attempt(f"as_completed({wrong!r})", lambda wrong=wrong: next(asyncio.as_completed(wrong)))
    attempt("as_completed by position", asyncio.as_completed, [future], 1)
    for wrong in (5, None, future, [], [5], [nothing]):
        await attempt_await("wait for the wrong thing", asyncio.wait(wrong))
    await attempt_await("wait in no way", asyncio.wait([future], return_when="SOMETIMES"))
    await attempt_await("wait as long as a text", asyncio.wait([future], timeout="long"))
    attempt("wait by position", asyncio.wait, [future], 1)
    coroutine = nothing()
    await attempt_await("wait for a coroutine", asyncio.wait([coroutine]))
    coroutine.close()
    for wrong in (5, None, nothing):
        await attempt_await("wait_for the wrong thing", asyncio.wait_for(wrong, 1))
        await attempt_await("wait_for it without a limit", asyncio.wait_for(wrong, None))
    coroutine = nothing()
    await attempt_await("wait_for as long as a text", asyncio.wait_for(coroutine, "long"))
    coroutine.close()
    attempt("wait_for without a limit", asyncio.wait_for, future)
    for wrong in ("long", None, []):
        await attempt_await(f"sleep({wrong!r})", asyncio.sleep(wrong))
    await attempt_await("sleep for no number", asyncio.sleep(float("nan")))
    attempt("sleep without a delay", asyncio.sleep)
    attempt("sleep with three", asyncio.sleep, 0, 1, 2)
    future.cancel()


def predicates():
    for name in ("isfuture", "iscoroutine", "iscoroutinefunction"):
        function = getattr(asyncio, name)
        attempt(f"{name} of nothing", function)
        attempt(f"{name} of two", function, 1, 2)
        attempt(f"{name} with a keyword", function, surplus=1)
    for wrong in (5, None, "text"):
        attempt(f"wrap_future({wrong!r})", asyncio.wrap_future, wrong)
    attempt("wrap_future of nothing", asyncio.wrap_future)


async def eager(loop):
    attempt("create_eager_task_factory of nothing", asyncio.create_eager_task_factory)
    attempt("eager_task_factory of nothing", asyncio.eager_task_factory)
    attempt("eager_task_factory of a number", asyncio.eager_task_factory, loop, 5)
    factory = asyncio.create_eager_task_factory(5)
    coroutine = nothing()
    attempt("a constructor that is none", factory, loop, coroutine)
    coroutine.close()


async def awaited_by(loop):
    for name in ("future_add_to_awaited_by", "future_discard_from_awaited_by"):
        function = getattr(asyncio, name)
        attempt(f"{name} of nothing", function)
        attempt(f"{name} of one", function, loop.create_future())
        attempt(f"{name} of numbers", function, 1, 2)
    attempt("capture_call_graph of a number", asyncio.capture_call_graph, 5)
    attempt("capture_call_graph as deep as a text", asyncio.capture_call_graph, depth="deep")
    attempt("format_call_graph of a number", asyncio.format_call_graph, 5)
    attempt("print_call_graph of a number", asyncio.print_call_graph, 5)
    attempt("print_call_graph to a text", asyncio.print_call_graph, file="file")


async def main():
    loop = asyncio.get_running_loop()
    await making(loop)
    await joining(loop)
    predicates()
    if sys.version_info >= (3, 12):
        await eager(loop)
    if sys.version_info >= (3, 14):
        await awaited_by(loop)


asyncio.run(main())


def without_a_loop():
    for name in ("get_running_loop", "get_event_loop", "current_task", "all_tasks"):
        attempt(name, getattr(asyncio, name))
    for name in ("create_task", "ensure_future", "shield", "gather"):
        coroutine = nothing()
        attempt(name, getattr(asyncio, name), coroutine)
        coroutine.close()


# In a thread of its own: what the main thread's current loop is, is a matter of its own.
thread = threading.Thread(target=without_a_loop, name="thread")
thread.start()
thread.join()
