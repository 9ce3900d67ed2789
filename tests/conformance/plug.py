"""Puts aioxide in the place of CPython's implementation, before any test module is imported.

The test files take what they test from asyncio by name, many of them in class bodies, so everything
has to be in place at their import. `aioxide.patch()` is the package's own door and replaces what
programs see: asyncio's public names. What only the test suite asks for is replaced here:

* the accelerated names: `futures._CFuture`, `tasks._CTask` and the `_c_` functions. The suite's
  "C" classes test what stands there, its mixed classes pair it with the pure-Python reference;
* the loop classes under all their names, and the class that the default policy makes loops of.

One thing that `patch()` does is taken back: on 3.14 and later it lets `get_event_loop()` make a
loop where none is, for programs of older eras, and the suite of 3.14 checks that it does not.

What must always hold: after `install()` a task, a future, a loop and a transport made through
asyncio's ordinary doors are aioxide's, or an exception says what is not. No test can quietly run
against the standard library.
"""

from __future__ import annotations

import asyncio
import asyncio.base_events
import asyncio.unix_events
import socket
import types

# The module that keeps an accelerated name, the name of the replacement in `aioxide._native`, and
# the name under which asyncio keeps the accelerated one. A version without the last has nothing to
# replace.
ACCELERATED = (
    (asyncio.futures, "Future", "_CFuture"),
    (asyncio.futures, "future_add_to_awaited_by", "_c_future_add_to_awaited_by"),
    (asyncio.futures, "future_discard_from_awaited_by", "_c_future_discard_from_awaited_by"),
    (asyncio.tasks, "Task", "_CTask"),
    (asyncio.tasks, "all_tasks", "_c_all_tasks"),
    (asyncio.tasks, "current_task", "_c_current_task"),
    (asyncio.tasks, "_register_task", "_c_register_task"),
    (asyncio.tasks, "_unregister_task", "_c_unregister_task"),
    (asyncio.tasks, "_register_eager_task", "_c_register_eager_task"),
    (asyncio.tasks, "_unregister_eager_task", "_c_unregister_eager_task"),
    (asyncio.tasks, "_enter_task", "_c_enter_task"),
    (asyncio.tasks, "_leave_task", "_c_leave_task"),
    (asyncio.tasks, "_swap_current_task", "_c_swap_current_task"),
    (asyncio.events, "get_event_loop", "_c_get_event_loop"),
    (asyncio.events, "get_running_loop", "_c_get_running_loop"),
    (asyncio.events, "_get_running_loop", "_c__get_running_loop"),
    (asyncio.events, "_set_running_loop", "_c__set_running_loop"),
)

# Without these the suite would test CPython's. The other functions read and write the state that
# the interpreter itself keeps (running loop, current task, registry), which both implementations
# share: where `aioxide._native` has none of its own, CPython's stay, and the tests show whether
# ours agree with them.
REQUIRED = {"Future", "Task", "future_add_to_awaited_by", "future_discard_from_awaited_by"}

# Where asyncio keeps a selector loop's class.
LOOP_NAMES = (
    (asyncio, "SelectorEventLoop"),
    (asyncio, "EventLoop"),
    (asyncio.unix_events, "SelectorEventLoop"),
    (asyncio.unix_events, "EventLoop"),
    (asyncio.unix_events, "_UnixSelectorEventLoop"),
    (asyncio.unix_events._UnixDefaultEventLoopPolicy, "_loop_factory"),
)


class NotPlugged(Exception):
    """Something that the suite would test is not aioxide's."""


def install() -> dict[str, str]:
    """Replaces everything; returns what now stands under which name. Raises NotPlugged."""
    import aioxide
    from aioxide import _native

    policy = asyncio.unix_events._UnixDefaultEventLoopPolicy
    get_event_loop = policy.get_event_loop
    aioxide.patch()
    policy.get_event_loop = get_event_loop
    plugged = replace_accelerated(_native)
    for owner, name in LOOP_NAMES:
        if hasattr(owner, name):
            setattr(owner, name, aioxide.Loop)
            plugged[f"{owner.__name__}.{name}"] = describe(aioxide.Loop)
    check(aioxide.Loop, _native)
    return plugged


def replace_accelerated(native: types.ModuleType) -> dict[str, str]:
    """Assigns the accelerated names of this version, in their module and in asyncio itself."""
    plugged = {}
    for module, ours, theirs in ACCELERATED:
        if not hasattr(module, theirs):
            continue
        replacement = getattr(native, ours, None)
        if replacement is None:
            if ours in REQUIRED:
                raise NotPlugged(
                    f"aioxide._native has no {ours} to replace {module.__name__}.{theirs} with"
                )
            continue
        setattr(module, theirs, replacement)
        setattr(module, ours, replacement)
        if hasattr(asyncio, ours):
            setattr(asyncio, ours, replacement)
        plugged[f"{module.__name__}.{theirs}"] = describe(replacement)
    return plugged


def describe(thing: object) -> str:
    """The place that something says it comes from, such as `aioxide._native.Task`."""
    return f"{getattr(thing, '__module__', '?')}.{getattr(thing, '__qualname__', repr(thing))}"


def check(loop_class: type, native: types.ModuleType) -> None:
    """Runs a coroutine through asyncio's ordinary doors and looks at what it ran on."""

    async def look() -> list[tuple[str, type, type]]:
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        loop.call_soon(future.set_result, None)
        await future
        child = asyncio.create_task(asyncio.sleep(0))
        await child
        ours, peer = socket.socketpair()
        transport, _ = await loop.create_connection(asyncio.Protocol, sock=ours)
        transport.close()
        peer.close()
        await asyncio.sleep(0)
        return [
            ("the running loop", type(loop), loop_class),
            ("the current task", type(asyncio.current_task()), native.Task),
            ("a task of create_task", type(child), native.Task),
            ("a future of the loop", type(future), native.Future),
            ("asyncio.Future()", type(asyncio.Future()), native.Future),
            ("a transport of create_connection", type(transport), native.SocketTransport),
        ]

    loop = asyncio.new_event_loop()
    try:
        for what, found, wanted in loop.run_until_complete(look()):
            if not issubclass(found, wanted):
                raise NotPlugged(f"{what} is {found!r}, not {wanted!r}")
    finally:
        loop.close()
