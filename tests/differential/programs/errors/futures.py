"""Future and Task: arguments that do not fit, and objects that were never initialised."""

import asyncio
import sys

from observe import attempt, attempt_await, settle

QUESTIONS = ["result", "exception", "done", "cancelled", "get_loop"]
OF_TASKS = ["cancelling", "uncancel", "get_coro", "get_name"]
if sys.version_info >= (3, 12):
    OF_TASKS.append("get_context")

WITH_AN_ARGUMENT = ["set_result", "set_exception", "add_done_callback", "remove_done_callback"]


async def forever():
    await asyncio.get_running_loop().create_future()


def refusal(label, function, **keywords):
    """How a C function words that it has no such keyword depends on how it takes its arguments."""
    try:
        print(label, "->", function(**keywords))
    except Exception as error:
        print(label, "raised", type(error).__name__)


def wrong_arguments(future, *more):
    for name in WITH_AN_ARGUMENT:
        attempt(f"{name} without one", getattr(future, name))
        attempt(f"{name} with two", getattr(future, name), 1, 2)
    refusal("set_result by keyword", future.set_result, result=1)
    refusal("set_exception by keyword", future.set_exception, exception=ValueError())
    refusal("add_done_callback by keyword", future.add_done_callback, fn=print)
    refusal("remove_done_callback by keyword", future.remove_done_callback, fn=print)
    attempt("cancel with two", future.cancel, 1, 2)
    attempt("cancel with another keyword", future.cancel, message="text")
    attempt("add_done_callback in no context", future.add_done_callback, print, context=5)
    attempt("add_done_callback with a keyword", future.add_done_callback, print, surplus=5)
    for name in (*QUESTIONS, *more):
        attempt(f"{name} with an argument", getattr(future, name), 1)
        # 3.12's own take any keyword there.
        if name not in ("exception", "get_loop"):
            refusal(f"{name} with a keyword", getattr(future, name), surplus=1)
    print(future.done())


def never_initialised(kind):
    raw = kind.__new__(kind)
    for name in QUESTIONS:
        attempt(name, getattr(raw, name))
    attempt("cancel", raw.cancel)
    attempt("set_result", raw.set_result, 1)
    attempt("set_exception", raw.set_exception, ValueError())
    attempt("add_done_callback", raw.add_done_callback, print)
    attempt("remove_done_callback", raw.remove_done_callback, print)
    attempt("iter", iter, raw)


async def main():
    future = asyncio.get_running_loop().create_future()
    print("--- a future")
    wrong_arguments(future)
    for wrong in (5, "text", int, StopIteration, StopIteration("as a value"), None):
        other = asyncio.get_running_loop().create_future()
        attempt(f"set_exception({wrong!r})", other.set_exception, wrong)
        print(repr(other.exception()) if other.done() else "pending")
    future.set_result("result")
    attempt("set_result of a finished one", future.set_result, 1)
    attempt("set_exception of a finished one", future.set_exception, ValueError())
    future.add_done_callback(5)
    reports = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: reports.append(repr(context["exception"])))
    await settle()
    print("a callback that is none", reports)

    print("--- a task")
    task = asyncio.create_task(forever(), name="task")
    await settle()
    wrong_arguments(task, *OF_TASKS)
    attempt("set_name without one", task.set_name)
    attempt("set_name with two", task.set_name, 1, 2)
    refusal("set_name by keyword", task.set_name, value="name")
    attempt("get_stack by position", task.get_stack, 1)
    attempt("get_stack with a keyword", task.get_stack, surplus=1)
    attempt("get_stack as deep as a text", task.get_stack, limit="deep")
    attempt("print_stack by position", task.print_stack, 1)
    attempt("print_stack to a text", task.print_stack, file="file")
    attempt("result of a pending one", task.result)
    attempt("exception of a pending one", task.exception)

    class Nameless:
        def __str__(self):
            raise LookupError("no name")

    attempt("a name that has no text", task.set_name, Nameless())
    print(task.get_name())
    task.cancel()
    await attempt_await("task", task)
    attempt("result of a cancelled one", task.result)
    for kind in (asyncio.Future, asyncio.Task):
        print("--- never initialised:", kind.__name__)
        never_initialised(kind)
    raw = asyncio.Task.__new__(asyncio.Task)
    for name in ("cancelling", "uncancel", "get_name", "get_stack"):
        attempt(name, getattr(raw, name))
    # Before 3.13 CPython's own crashes.
    if sys.version_info >= (3, 13):
        attempt("get_coro", raw.get_coro)


asyncio.run(main())
