"""Programs of the older eras, on every supported Python.

Revived, in aioxide's namespace and under the launcher or `aioxide.patch()`:

- `@asyncio.coroutine` on a generator function with `yield from`, or on a plain function (dropped in
  3.11). It warns as Python 3.8 to 3.10 did.
- `get_event_loop()` before any loop runs (RuntimeError since 3.14): the main thread's loop is made
  and set, with the DeprecationWarning of 3.12 and 3.13 from 3.12 on, silently on 3.11. Other
  threads get the RuntimeError they always got. Whatever asks for the current loop follows:
  `ensure_future(coroutine)`, `gather(...)`, `Future()`.

Not revived:

- `asyncio.async(...)`: a syntax error since 3.7; `ensure_future` is its name since 3.4.4.
- `loop=` arguments of `sleep`, `gather`, `Lock`, `Queue` and the like (dropped in 3.10): accepting
  and ignoring them would hide a wrong loop, so they stay a TypeError.
- `with (yield from lock)` (dropped in 3.9) and `Task.all_tasks()`, `Task.current_task()` (dropped
  in 3.9; the functions `all_tasks()` and `current_task()` exist since 3.7).
- bare coroutines in `asyncio.wait` (dropped in 3.11), and child watchers (dropped in 3.14: the loop
  watches processes by itself).
"""

import functools
import inspect
import sys
import threading
import types
import warnings
from asyncio import AbstractEventLoop, coroutines, events
from collections.abc import Callable, Coroutine, Generator
from pathlib import Path
from typing import Any, cast

from . import _native
from ._policy import EventLoopPolicy, _DefaultPolicy, current_policy
from .loops import new_event_loop

# Frames of asyncio and of aioxide are not the place a warning is about.
_OWN_FILES = tuple(f"{Path(file).parent}/" for file in (events.__file__, __file__))


def coroutine(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a generator function a coroutine function: its `yield from` awaits. Deprecated in 3.8.

    Takes a generator function, or a function that returns a future, a generator, a coroutine or a
    plain value. Returns a function whose calls return coroutines; a coroutine function is returned
    unchanged.
    """
    warnings.warn(
        '"@coroutine" decorator is deprecated since Python 3.8, use "async def" instead',
        DeprecationWarning,
        stacklevel=2,
    )
    if inspect.iscoroutinefunction(function):
        return function
    if inspect.isgeneratorfunction(function):
        generator_function: Any = function
        start: Any = types.coroutine(generator_function)

        def begin(*arguments: Any, **keywords: Any) -> Coroutine[Any, Any, Any]:
            return _drive(start(*arguments, **keywords))

    else:

        def begin(*arguments: Any, **keywords: Any) -> Coroutine[Any, Any, Any]:
            return _call(function, arguments, keywords)

    @functools.wraps(function)
    def wrapper(*arguments: Any, **keywords: Any) -> Any:
        running: Any = begin(*arguments, **keywords)
        # Names for repr, for "was never awaited" and for tracebacks: the program's function, not
        # this driver.
        running.__name__ = getattr(function, "__name__", running.__name__)
        running.__qualname__ = getattr(function, "__qualname__", running.__qualname__)
        return running

    if sys.version_info >= (3, 12):
        inspect.markcoroutinefunction(wrapper)
    # What asyncio.iscoroutinefunction looks for on every version, and asgiref and sentry-sdk beside
    # it.
    setattr(wrapper, "_is_coroutine", getattr(coroutines, "_is_coroutine"))  # noqa: B009, B010
    return wrapper


# A real coroutine around the generator: from 3.12 on asyncio.iscoroutine refuses generators.
async def _drive(generator: Any) -> Any:
    return await generator


async def _call(
    function: Callable[..., Any], arguments: tuple[Any, ...], keywords: dict[str, Any]
) -> Any:
    result = function(*arguments, **keywords)
    if inspect.isawaitable(result) or inspect.isgenerator(result):
        return await _delegate(result)
    return result


@types.coroutine
def _delegate(awaitable: Any) -> Generator[Any, Any, Any]:
    if not inspect.isgenerator(awaitable) and not inspect.iscoroutine(awaitable):
        awaitable = awaitable.__await__()
    return (yield from awaitable)


def get_event_loop() -> AbstractEventLoop:
    """Return the running loop, else the thread's current one; the main thread gets a new one.

    Raises RuntimeError in a thread without a loop, and in the main thread after
    `set_event_loop(None)` until Python 3.13. A policy that is neither asyncio's default nor
    aioxide's decides for itself.
    """
    running = events._get_running_loop()
    if running is not None:
        return running
    policy = current_policy()
    if type(policy) in (_DefaultPolicy, EventLoopPolicy):
        _ensure_current_loop(policy, new_event_loop)
    return cast(AbstractEventLoop, policy.get_event_loop())


def policy_get_event_loop(policy: Any) -> AbstractEventLoop:
    """Be asyncio's default policy's `get_event_loop`, under `aioxide.patch()` on 3.14 and newer.

    C code asks the policy when no loop runs, so this reaches every caller:
    `asyncio.get_event_loop`, the stdlib's `Future()`, `ensure_future` and `gather`.
    """
    _ensure_current_loop(policy, policy.new_event_loop)
    return cast(AbstractEventLoop, _stdlib_policy_get_event_loop(policy))


_stdlib_policy_get_event_loop = _DefaultPolicy.get_event_loop
# What the TypeError for a surplus argument calls it.
policy_get_event_loop.__qualname__ = _stdlib_policy_get_event_loop.__qualname__

# What aioxide.Future() and aioxide.ensure_future(coroutine) belong to when no loop is named.
_native.use_current_loop(get_event_loop)


def _ensure_current_loop(policy: Any, factory: Callable[[], AbstractEventLoop]) -> None:
    """Make the main thread's loop with `factory` where Python up to 3.13 would have made one."""
    local = policy._local
    if local._loop is not None or getattr(local, "_set_called", False):
        return
    if threading.current_thread() is not threading.main_thread():
        return
    if sys.version_info >= (3, 12):
        warnings.warn(
            "There is no current event loop", DeprecationWarning, skip_file_prefixes=_OWN_FILES
        )
    policy.set_event_loop(factory())
