"""Counting what a process holds: memory blocks, objects of each type, descriptors, threads."""

import collections
import ctypes
import gc
import os
import sys
import threading
from collections.abc import Callable

#: So often is the work done before anything is counted, and again between two counts.
TIMES = 30
#: A leak shows in every round; what only fills a cache or resizes a table does not.
ROUNDS = 12
#: Bytes past Python's allocator that may come and go in a round (libc counts what it keeps for
#: later, too): less than anything that Rust allocates for an object, each time.
SLACK_BYTES = 48 * TIMES


class _Mallinfo(ctypes.Structure):
    """libc's `struct mallinfo2`, of which one field counts here: `uordblks`."""

    _fields_ = [
        *((f"unused_{place}", ctypes.c_size_t) for place in range(7)),
        ("in_use", ctypes.c_size_t),
        *((f"unused_{place}", ctypes.c_size_t) for place in range(8, 10)),
    ]


def malloc_bytes() -> int:
    """Bytes allocated past Python's allocator, Rust's among them; 0 where libc can't say."""
    try:
        function = ctypes.CDLL(None).mallinfo2
    except (AttributeError, OSError):
        return 0
    function.restype = _Mallinfo
    return function().in_use


def collect() -> None:
    """Until nothing is left: a finalizer may leave more."""
    for _ in range(3):
        gc.collect()


def counted() -> dict[str, int]:
    """How much of each kind there is."""
    collect()
    kinds = collections.Counter(
        f"{type(thing).__module__}.{type(thing).__qualname__}" for thing in gc.get_objects()
    )
    native = {name: number for name, number in kinds.items() if "aioxide" in name}
    kinds.clear()
    return {
        **native,
        "descriptors": len(os.listdir("/proc/self/fd")),
        "threads": threading.active_count(),
        "malloc bytes": malloc_bytes(),
        "blocks": sys.getallocatedblocks(),
    }


def growth(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """What has become more by so much that each time can have left one behind."""
    return {
        name: number - before.get(name, 0)
        for name, number in after.items()
        if number - before.get(name, 0) >= (SLACK_BYTES if name == "malloc bytes" else TIMES - 2)
    }


def assert_flat(work: Callable[[int], object]) -> None:
    """Fail when `work(times)` leaves something behind each time that it is called."""
    work(TIMES)
    before = counted()
    left: dict[str, int] = {}
    for _ in range(ROUNDS):
        work(TIMES)
        after = counted()
        grown = growth(before, after)
        if not grown:
            return
        # What grows for a reason of its own does so in one round, and something else in another.
        left = grown if not left else {name: grown[name] for name in grown if name in left}
        if not left:
            return
        before = after
    raise AssertionError(f"left behind by {TIMES} times, in each of {ROUNDS} rounds: {left}")
