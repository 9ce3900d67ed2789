"""A loop's settings and questions, its policy and its life, used wrongly."""

import asyncio
import sys
import threading
import warnings

from observe import attempt, attempt_await, close, misuse

QUESTIONS = [
    "time",
    "is_running",
    "is_closed",
    "get_debug",
    "get_task_factory",
    "get_exception_handler",
    "create_future",
    "stop",
    "close",
    "run_forever",
    "shutdown_asyncgens",
]
SETTINGS = {
    "set_debug": "enabled",
    "set_task_factory": "factory",
    "set_exception_handler": "handler",
    "set_default_executor": "executor",
    "default_exception_handler": "context",
    "call_exception_handler": "context",
    "run_until_complete": "future",
}


async def nothing():
    pass


def settings(loop):
    misuse(loop, *QUESTIONS)
    for name in SETTINGS:
        method = getattr(loop, name)
        attempt(f"{name} without one", method)
        attempt(f"{name} with two", method, 1, 2)
        attempt(f"{name} with a keyword", method, None, surplus=1)
    for name in ("set_task_factory", "set_exception_handler"):
        attempt(f"{name} by keyword", getattr(loop, name), **{SETTINGS[name]: None})
        for wrong in (5, "text", []):
            attempt(f"{name}({wrong!r})", getattr(loop, name), wrong)
    attempt("set_debug by keyword", loop.set_debug, enabled=False)
    for wrong in (5, None, object):
        attempt(f"set_default_executor({wrong!r})", loop.set_default_executor, wrong)
    for wrong in (5, None, nothing, print):
        attempt(f"run_until_complete({type(wrong).__name__})", loop.run_until_complete, wrong)
    other = asyncio.new_event_loop()
    attempt("run_until_complete elsewhere", loop.run_until_complete, other.create_future())
    other.close()
    for wrong in (5, None, {"task": 1, "handle": 2}):
        attempt(f"default_exception_handler({wrong!r})", loop.default_exception_handler, wrong)
    print(loop.is_closed(), loop.get_debug(), loop.get_task_factory(), loop.get_exception_handler())


async def while_running():
    loop = asyncio.get_running_loop()
    other = asyncio.new_event_loop()
    for label, own in (("the loop", loop), ("another loop", other)):
        attempt(f"{label}: run_forever", own.run_forever)
        coroutine = nothing()
        attempt(f"{label}: run_until_complete", own.run_until_complete, coroutine)
        coroutine.close()
    attempt("close", loop.close)
    print(loop.is_closed(), loop.is_running())
    other.close()
    attempt("another one, closed: run_forever", other.run_forever)
    if sys.version_info >= (3, 12):
        shutting = loop.shutdown_default_executor("a while")
        await loop.run_in_executor(None, int)
        await attempt_await("shut down within a text", shutting)
        attempt("run_in_executor", loop.run_in_executor, None, print)
    attempt("shut down with a keyword", loop.shutdown_default_executor, surplus=1)


def factories():
    """What a task factory may do wrong."""
    loop = asyncio.new_event_loop()

    def refuse(loop, coro, **kwargs):
        raise LookupError("no tasks today")

    async def main():
        coroutine = nothing()
        loop.set_task_factory(refuse)
        attempt("create_task", loop.create_task, coroutine)
        attempt("create_task", asyncio.create_task, coroutine)
        attempt("ensure_future", asyncio.ensure_future, coroutine)
        loop.set_task_factory(lambda: None)
        attempt("create_task", loop.create_task, coroutine)
        loop.set_task_factory(None)
        close(coroutine)
        attempt("create_task of nothing", loop.create_task)
        attempt("create_task of a number", loop.create_task, 5)

    loop.run_until_complete(main())
    loop.set_task_factory(refuse)
    coroutine = nothing()
    attempt("run_until_complete", loop.run_until_complete, coroutine)
    coroutine.close()
    loop.close()


def policies():
    warnings.simplefilter("ignore", DeprecationWarning)
    attempt("new_event_loop of a number", asyncio.new_event_loop, 1)
    attempt("get_event_loop of a number", asyncio.get_event_loop, 1)
    attempt("get_running_loop of a number", asyncio.get_running_loop, 1)
    attempt("get_running_loop", asyncio.get_running_loop)
    attempt("set_event_loop of nothing", asyncio.set_event_loop)
    attempt("set_event_loop of two", asyncio.set_event_loop, None, None)
    for wrong in (5, "loop"):
        attempt(f"set_event_loop({wrong!r})", asyncio.set_event_loop, wrong)
    if not hasattr(asyncio, "get_event_loop_policy"):
        return
    attempt("get_event_loop_policy of a number", asyncio.get_event_loop_policy, 1)
    attempt("set_event_loop_policy of nothing", asyncio.set_event_loop_policy)
    for wrong in (5, "policy", object):
        attempt(f"set_event_loop_policy({wrong!r})", asyncio.set_event_loop_policy, wrong)
    policy = asyncio.get_event_loop_policy()
    misuse(policy, "get_event_loop", "new_event_loop")
    attempt("the policy's set_event_loop of nothing", policy.set_event_loop)
    attempt("the policy's set_event_loop of a number", policy.set_event_loop, 5)
    thread = threading.Thread(target=attempt, args=("get_event_loop", policy.get_event_loop))
    thread.start()
    thread.join()


loop = asyncio.new_event_loop()
settings(loop)
loop.run_until_complete(while_running())
loop.close()
factories()
policies()
