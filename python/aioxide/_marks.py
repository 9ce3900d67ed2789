"""Marking the native functions that stand for coroutine functions.

`inspect` and `asyncio` tell a coroutine function by its code or by a mark; native functions have no
code, so they get the marks, and asyncio's signature of the running version.
"""

import asyncio
import inspect
import sys
from asyncio import coroutines

from . import _native

COROUTINE_FUNCTIONS = ("sleep", "to_thread", "wait", "wait_for")


def mark_coroutine_functions() -> None:
    """Set the marks. Done once, when the package is imported."""
    for name in COROUTINE_FUNCTIONS:
        function = getattr(_native, name)
        attributes = vars(function)
        attributes["__signature__"] = inspect.signature(getattr(asyncio, name))
        attributes["_is_coroutine"] = coroutines._is_coroutine  # type: ignore[attr-defined]
        if sys.version_info >= (3, 12):
            inspect.markcoroutinefunction(function)
