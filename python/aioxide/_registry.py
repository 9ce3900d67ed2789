"""Letting `asyncio.all_tasks()` and debuggers see aioxide's tasks.

The native tasks are linked into a list. From Python 3.14 on the interpreter has such a list itself,
which `asyncio.all_tasks()`, `python -m asyncio ps` and profilers walk; where to find it stands in a
section of the interpreter's binary (`.AsyncioDebug`), which is read here and compared with the
native layout. Before 3.14, and should the layouts ever differ, the standard library's set of tasks
is taught to iterate over ours as well.
"""

import asyncio.tasks
import gc
import struct
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import _native

# Of the thirteen numbers in the section: name, awaited_by, is_task, awaited_by_is_set, coro and
# node within a task; then the running loop, the current task and the head of the list within a
# thread state.
_SECTION = b".AsyncioDebug"
_WANTED = (1, 2, 3, 4, 5, 6, 10, 11, 12)


class _TaskHooks(weakref.WeakSet[Any]):
    """The standard library's set of tasks, through which native ones join and leave their list."""

    def add(self, item: Any) -> None:
        if not _native.list_task(item):
            super().add(item)

    def discard(self, item: Any) -> None:
        if not _native.unlist_task(item):
            super().discard(item)


class _TaskSet(_TaskHooks):
    """The same, with the native tasks chained to it."""

    def __iter__(self) -> Iterator[Any]:
        yield from super().__iter__()
        yield from _native.listed_tasks()

    def __len__(self) -> int:
        return super().__len__() + len(_native.listed_tasks())

    def __contains__(self, item: object) -> bool:
        return super().__contains__(item) or item in _native.listed_tasks()


def connect_registries() -> None:
    """Make native tasks visible. Done once, when the package is imported."""
    kind: type[_TaskHooks] = _TaskSet
    if sys.version_info >= (3, 14):
        offsets = _published_offsets()
        if offsets is not None and _native.connect_registry(offsets):
            kind = _TaskHooks
    for tasks in _stdlib_task_sets():
        tasks.__class__ = kind


def _stdlib_task_sets() -> list[Any]:
    """Return the set that `asyncio.all_tasks()` of this Python reads."""
    if sys.version_info < (3, 12):
        return [vars(asyncio.tasks)["_all_tasks"]]
    if sys.version_info < (3, 14):
        return [asyncio.tasks._scheduled_tasks]
    referents = gc.get_referents(sys.modules["_asyncio"])
    return [thing for thing in referents if type(thing) is weakref.WeakSet]


def _published_offsets() -> tuple[int, ...] | None:
    """Return the offsets that this interpreter publishes, or None if it does not."""
    for path in _candidates():
        try:
            numbers = _read_section(Path(path).read_bytes())
        except (OSError, struct.error, ValueError):
            continue
        if numbers is not None:
            return tuple(numbers[index] for index in _WANTED)
    return None


def _candidates() -> Iterator[str]:
    """Yield the files that may hold the section: the accelerator, libpython, the executable."""
    accelerator = sys.modules.get("_asyncio")
    if accelerator is not None and getattr(accelerator, "__file__", None):
        yield str(accelerator.__file__)
    maps = Path("/proc/self/maps")
    if maps.exists():
        lines = maps.read_text().splitlines()
        files = {line.split(maxsplit=5)[5].strip() for line in lines if "/" in line}
        yield from sorted(file for file in files if "python" in Path(file).name)


def _read_section(binary: bytes) -> tuple[int, ...] | None:
    """Return the thirteen numbers of the section in an ELF file of 64-bit little-endian words."""
    if binary[:6] != b"\x7fELF\x02\x01":
        return None
    (table,) = struct.unpack_from("<Q", binary, 0x28)
    size, count, names_index = struct.unpack_from("<HHH", binary, 0x3A)

    def header(index: int) -> tuple[int, int, int]:
        name, _kind, _flags, _address, offset, length = struct.unpack_from(
            "<IIQQQQ", binary, table + index * size
        )
        return name, offset, length

    _, names, _ = header(names_index)
    for index in range(count):
        name, offset, length = header(index)
        if binary.startswith(_SECTION + b"\0", names + name) and length >= 13 * 8:
            return struct.unpack_from("<13Q", binary, offset)
    return None
