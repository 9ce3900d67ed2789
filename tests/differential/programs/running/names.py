"""The public names and their signatures."""

import asyncio
import inspect
import sys

from observe import attempt

PARTS = [
    "AbstractEventLoop",
    "AbstractServer",
    "CancelledError",
    "Event",
    "Future",
    "Handle",
    "InvalidStateError",
    "Runner",
    "Task",
    "TaskGroup",
    "TimeoutError",
    "Timeout",
    "TimerHandle",
    "all_tasks",
    "as_completed",
    "create_task",
    "current_task",
    "ensure_future",
    "gather",
    "get_event_loop",
    "get_running_loop",
    "iscoroutine",
    "isfuture",
    "new_event_loop",
    "run",
    "run_coroutine_threadsafe",
    "set_event_loop",
    "shield",
    "sleep",
    "timeout",
    "timeout_at",
    "to_thread",
    "wait",
    "wait_for",
    "wrap_future",
]

# On 3.11 inspect goes by a function's code alone, which native functions lack; asyncio's own test
# knows a mark.
is_coroutine_function = (
    inspect.iscoroutinefunction if sys.version_info >= (3, 12) else asyncio.iscoroutinefunction
)

for name in PARTS:
    thing = getattr(asyncio, name, None)
    print(name, type(thing) is type, callable(thing), is_coroutine_function(thing))


def signature(function):
    """Without annotations: they are for type checkers."""
    found = inspect.signature(function)
    plain = [p.replace(annotation=p.empty) for p in found.parameters.values()]
    return found.replace(parameters=plain, return_annotation=found.empty)


for name in PARTS:
    if name == "run" and sys.version_info < (3, 12):
        continue  # aioxide's takes a loop_factory on 3.11 too
    thing = getattr(asyncio, name)
    if not isinstance(thing, type):
        attempt(f"signature of {name}", signature, thing)
for owner in (asyncio.TaskGroup, asyncio.Timeout, asyncio.Runner, asyncio.Handle):
    for name in sorted(n for n in vars(owner) if not n.startswith("_")):
        print(owner.__name__, name, inspect.iscoroutinefunction(getattr(owner, name)))
for owner in (asyncio.Future, asyncio.Task):
    print(owner.__name__, sorted(n for n in dir(owner) if not n.startswith("_")))
print(asyncio.CancelledError.__mro__)
print(asyncio.InvalidStateError.__mro__)
print(
    asyncio.TimeoutError is TimeoutError,
    asyncio.CancelledError is asyncio.exceptions.CancelledError,
)
loop = asyncio.new_event_loop()
print(
    sorted(
        n for n in dir(asyncio.AbstractEventLoop) if not n.startswith("_") and not hasattr(loop, n)
    )
)
for name in (
    "call_soon",
    "call_later",
    "call_at",
    "call_soon_threadsafe",
    "run_until_complete",
    "run_in_executor",
    "create_task",
    "stop",
    "close",
    "time",
    "add_reader",
    "add_signal_handler",
    "set_debug",
):
    attempt(name, signature, getattr(loop, name))
loop.close()
