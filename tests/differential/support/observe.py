"""What the differential programs print with.

Must not import asyncio: the program's door decides what that is.
"""

import types


def describe(error):
    """An exception as one line: type, arguments, and the types of what it came from."""
    text = f"{type(error).__name__}{error.args!r}"
    if error.__cause__ is not None:
        text += f" cause {type(error.__cause__).__name__}"
    elif error.__context__ is not None and not error.__suppress_context__:
        text += f" context {type(error.__context__).__name__}"
    if isinstance(error, BaseExceptionGroup):
        text += " of [" + ", ".join(describe(inner) for inner in error.exceptions) + "]"
    return text


def attempt(label, function, *args, **kwargs):
    """Call, and print what was returned or raised. Returns the result, or None."""
    try:
        result = function(*args, **kwargs)
    except BaseException as error:
        print(f"{label} raised {describe(error)}")
        return None
    print(f"{label} -> {result!r}")
    return result


async def attempt_await(label, awaitable):
    """Await, and print what came of it. Returns the result, or None."""
    try:
        result = await awaitable
    except BaseException as error:
        print(f"{label} raised {describe(error)}")
        return None
    print(f"{label} -> {result!r}")
    return result


def misuse(target, *names):
    """Call methods that take no argument with one too many, by position and by keyword."""
    for name in names:
        attempt(f"{name} with an argument", getattr(target, name), 1)
        attempt(f"{name} with a keyword", getattr(target, name), surplus=1)


@types.coroutine
def turn():
    """Give way once, as ``asyncio.sleep(0)`` does."""
    yield


async def settle(turns=20):
    """Let everything run that is ready, without a clock: a busy machine changes no order."""
    for _ in range(turns):
        await turn()


async def rest(asyncio, rounds=5):
    """Let everything arrive that is on its way: in each round the loop asks its selector."""
    for _ in range(rounds):
        await asyncio.sleep(0.002)


def close(*coroutines):
    """Close coroutines that an error left un-awaited, so that they do not warn."""
    for coroutine in coroutines:
        coroutine.close()


async def cancel_while_waiting(label, task, turns=1):
    """Let a task run for some turns, cancel it where it waits, and print how it ended."""
    for _ in range(turns):
        await turn()
    print(f"{label}: cancel() {task.cancel('enough')}")
    await attempt_await(f"{label} cancelled", task)


def show_call_graph(graph, program, depth=0):
    """Print a call graph: each future, its coroutines of the file `program`, who awaits it.

    asyncio's own coroutines have frames only where they are written in Python.
    """
    frames = [entry.frame.f_code for entry in graph.call_stack]
    stack = [code.co_name for code in frames if code.co_filename == program]
    print(
        "  " * depth,
        type(graph).__name__,
        getattr(graph.future, "get_name", lambda: "future")(),
        stack,
    )
    for waiter in sorted(graph.awaited_by, key=lambda g: g.future.get_name()):
        show_call_graph(waiter, program, depth + 1)
