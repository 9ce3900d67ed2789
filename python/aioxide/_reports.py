"""The texts that the native half asks for: representations, messages, checks of debug mode.

All of it runs when something is printed, has failed or is being debugged. The shapes are asyncio's,
made with asyncio's own helpers where it has them, so that they are those of the running Python.
"""

import asyncio
import sys
from asyncio import base_events, coroutines, format_helpers
from collections.abc import Callable
from typing import Any

_is_coroutine_function = getattr(coroutines, "_iscoroutinefunction", coroutines.iscoroutinefunction)


# Private names, which asyncio's stubs leave out. The logger is looked up when it is used: programs
# and tests replace it.
_base_events: Any = base_events


def _source_of(handle: Any) -> str:
    """Return the callback of a handle with its arguments and the place of its definition."""
    callback, arguments = handle._callback, handle._args
    if sys.version_info >= (3, 13):
        debug = handle._loop.get_debug()
        return format_helpers._format_callback_source(callback, arguments, debug=debug)
    return format_helpers._format_callback_source(callback, arguments)


def handle_info(handle: Any) -> list[str]:
    """Return the parts of a handle's representation."""
    parts = [handle.__class__.__name__]
    is_timer = isinstance(handle, asyncio.TimerHandle)
    if handle._cancelled:
        parts.append("cancelled")
    if is_timer:
        parts.append(f"when={handle._when}")
    if handle._callback is not None:
        parts.append(_source_of(handle))
    if handle._source_traceback:
        frame = handle._source_traceback[-1]
        parts.append(f"created at {frame[0]}:{frame[1]}")
    return parts


def describe_handle(handle: Any) -> str:
    """Return a handle's representation."""
    return f"<{' '.join(handle._repr_info())}>"


def describe_failure(handle: Any) -> str:
    """Return the message with which a callback's exception is reported."""
    return f"Exception in callback {_source_of(handle)}"


def check_callback(callback: Any, method: str) -> None:
    """Raise TypeError for what can't be a callback: a coroutine (function), or no callable."""
    if coroutines.iscoroutine(callback) or _is_coroutine_function(callback):
        raise TypeError(f"coroutines cannot be used with {method}()")
    if not callable(callback):
        raise TypeError(f"a callable object was expected by {method}(), got {callback!r}")


def report_slow_callback(handle: Any, seconds: float) -> None:
    """Warn that running a handle took long."""
    _base_events.logger.warning(
        "Executing %s took %.3f seconds", _base_events._format_handle(handle), seconds
    )


def coroutine_origin() -> tuple[tuple[str, int, str], ...] | None:
    """Return where the caller makes a coroutine, as `cr_origin`: newest frame first."""
    depth = sys.get_coroutine_origin_tracking_depth()
    origin: list[tuple[str, int, str]] = []
    frame = sys._getframe(1) if depth else None
    while frame is not None and len(origin) < depth:
        origin.append((frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
        frame = frame.f_back
    return tuple(origin) or None


def fileno_of(fileobj: Any) -> int:
    """Return the descriptor of a file object, or raise ValueError as the selectors module does."""
    try:
        fd = int(fileobj.fileno())
    except (AttributeError, TypeError, ValueError):
        raise ValueError(f"Invalid file object: {fileobj!r}") from None
    if fd < 0:
        raise ValueError(f"Invalid file descriptor: {fd}")
    return fd


def run_foreign_handle(handle: Any) -> None:
    """Run a handle of the standard library, unless it was cancelled meanwhile."""
    if not handle._cancelled:
        handle._run()


def report_client(loop: Any, exception: BaseException, transport: Any) -> None:
    """Report what a server's callback for a new connection has raised."""
    loop.call_exception_handler(
        {
            "message": "Unhandled exception in client_connected_cb",
            "exception": exception,
            "transport": transport,
        }
    )


def watch_client(loop: Any, transport: Any) -> Callable[[Any], None]:
    """Return what the task of a server's connection calls when it is done.

    A task that has failed is reported, and its transport is closed, as that of a cancelled one is.
    """

    def callback(task: Any) -> None:
        if task.cancelled():
            transport.close()
        elif (exception := task.exception()) is not None:
            report_client(loop, exception, transport)
            transport.close()

    return callback
