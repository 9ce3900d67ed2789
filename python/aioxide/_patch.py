"""`patch()` and `unpatch()`: code that says `import asyncio` finds aioxide's names there.

What must hold: every assignment comes from the table in `_names`, is recorded before it is made,
and is undone by `unpatch()`. Names that another library has replaced since are left to that
library.
"""

import _asyncio
import asyncio
import importlib
import sys
import threading
from collections.abc import Iterator
from typing import Any

from . import _native, runners
from ._compat import get_event_loop, policy_get_event_loop
from ._names import KEPT_BY_PATCH, NATIVE, REVIVED, UNLISTED
from ._policy import _DefaultPolicy
from .loops import new_event_loop

_ABSENT: Any = object()
_lock = threading.Lock()
# (namespace, name, what was there, what was put there), in the order of the assignments.
_assignments: list[tuple[Any, str, Any, Any]] = []


def patch(*, old_programs: bool = False) -> None:
    """Make `asyncio` and its modules show aioxide's names, and aioxide's loop the default one.

    For programs and libraries that say `import asyncio`; call it before they are imported, since a
    module that has already said `from asyncio import gather` keeps the one it has (which works on
    aioxide's loop all the same). A second call does nothing. A policy that the program sets itself
    still decides which loop `asyncio.run` makes.

    `old_programs`: on 3.14 and newer, let `asyncio.get_event_loop()` and all that rests on it make
    the main thread's loop again, as the launcher does.
    """
    with _lock:
        if _assignments:
            return
        _native.use_current_loop(_asyncio.get_event_loop)
        for namespace, name, value in _replacements(old_programs):
            _assignments.append((namespace, name, vars(namespace).get(name, _ABSENT), value))
            setattr(namespace, name, value)


def unpatch() -> None:
    """Put back what `patch()` replaced. Does nothing when nothing is patched."""
    with _lock:
        if _assignments:
            _native.use_current_loop(get_event_loop)
        while _assignments:
            namespace, name, before, ours = _assignments.pop()
            if vars(namespace).get(name, _ABSENT) is not ours:
                continue
            if before is _ABSENT:
                delattr(namespace, name)
            else:
                setattr(namespace, name, before)


def _replacements(old_programs: bool) -> Iterator[tuple[Any, str, Any]]:
    for module_name, names in (*NATIVE.items(), *REVIVED.items()):
        own = importlib.import_module(f"{__package__}.{module_name}")
        stdlib = importlib.import_module(f"asyncio.{module_name}")
        for name in names:
            if name not in KEPT_BY_PATCH:
                yield stdlib, name, getattr(own, name)
                yield asyncio, name, getattr(own, name)
        for name in UNLISTED.get(module_name, ()):
            yield stdlib, name, getattr(own, name)
    # asyncio.new_event_loop() and asyncio.run() ask the policy; so does aioxide.run() while the
    # patch is in place, for asyncio.run is then the same function.
    yield _DefaultPolicy, "_loop_factory", staticmethod(new_event_loop)
    yield runners, "_default_loop_factory", asyncio.events.new_event_loop
    if old_programs and sys.version_info >= (3, 14):
        yield _DefaultPolicy, "get_event_loop", policy_get_event_loop
