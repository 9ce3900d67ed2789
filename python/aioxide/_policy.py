"""The event loop policy: by it a program that says `asyncio.run` gets aioxide's loop alone.

Policies end with Python 3.16. From 3.14 on asyncio warns about every public name that touches one,
so this module goes through the private names there: `install()` asks for aioxide's loop, and that
is not deprecated.
"""

import sys
from asyncio import events, unix_events
from typing import Any

from .loops import new_event_loop

_DefaultPolicy: Any = getattr(unix_events, "_UnixDefaultEventLoopPolicy")  # noqa: B009


class EventLoopPolicy(_DefaultPolicy):  # type: ignore[misc]
    """The platform's default policy, except that the loops it makes are aioxide's."""

    _loop_factory = staticmethod(new_event_loop)


_replaced: list[Any] = []


def current_policy() -> Any:
    """Return asyncio's policy object, made on first use, without a deprecation warning."""
    if sys.version_info >= (3, 14):
        return events._get_event_loop_policy()
    return events.get_event_loop_policy()


def set_policy(policy: Any) -> None:
    """Set asyncio's policy object (None: the default one), without a deprecation warning."""
    if sys.version_info >= (3, 14):
        events._set_event_loop_policy(policy)
    else:
        events.set_event_loop_policy(policy)


def install() -> None:
    """Make `asyncio.run`, `asyncio.Runner` and `asyncio.new_event_loop` make aioxide's loop.

    Tasks and futures that the loop makes are aioxide's; names such as `asyncio.gather` stay the
    stdlib's (`aioxide.patch()` replaces these too). A second call does nothing. Never warns.
    """
    current = current_policy()
    if not isinstance(current, EventLoopPolicy):
        _replaced.append(current)
        set_policy(EventLoopPolicy())


def uninstall() -> None:
    """Put back the policy that `install()` replaced, unless another one has been set since."""
    if isinstance(current_policy(), EventLoopPolicy):
        set_policy(_replaced.pop() if _replaced else None)
    _replaced.clear()
