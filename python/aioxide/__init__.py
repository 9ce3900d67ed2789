"""asyncio, all of it, in Rust.

Three doors, each usable alone:

- the loop: `aioxide.run(main())`, `loop_factory=aioxide.new_event_loop`, or `aioxide.install()`;
- the module: `import aioxide as asyncio`, every name of the running Python's asyncio;
- the launcher: `python -m aioxide app.py`, or `aioxide.patch()` first thing in a program.

What must hold: each name of `asyncio.__all__` is here, the ones in `_names.NATIVE` are aioxide's
own, and importing the package changes nothing outside it.
"""

# ruff: noqa: F401, F403 (the imports are the package's contents)

import asyncio as _asyncio
import sys
from asyncio import *
from typing import TYPE_CHECKING

from . import (
    _policy,
    coroutines,
    events,
    futures,
    locks,
    queues,
    runners,
    streams,
    taskgroups,
    tasks,
    threads,
    timeouts,
    unix_events,
)
from ._patch import patch as patch
from ._patch import unpatch as unpatch
from ._policy import install as install
from ._policy import uninstall as uninstall
from ._submodules import alias_the_rest
from .coroutines import coroutine as coroutine
from .loops import Loop as Loop

# A checker keeps asyncio's types for the names that stand for asyncio's, so that a program can mix
# the two.
if TYPE_CHECKING:
    from asyncio.taskgroups import TaskGroup as TaskGroup
else:
    from .events import Handle, TimerHandle, get_event_loop, new_event_loop
    from .futures import Future
    from .locks import Barrier, BoundedSemaphore, Condition, Event, Lock, Semaphore
    from .queues import LifoQueue, PriorityQueue, Queue
    from .runners import Runner, run
    from .streams import (
        StreamReader,
        StreamReaderProtocol,
        StreamWriter,
        open_connection,
        open_unix_connection,
        start_server,
        start_unix_server,
    )
    from .taskgroups import TaskGroup
    from .tasks import (
        Task,
        all_tasks,
        as_completed,
        create_task,
        current_task,
        ensure_future,
        gather,
        run_coroutine_threadsafe,
        shield,
        sleep,
        wait,
        wait_for,
    )
    from .threads import to_thread
    from .timeouts import Timeout, timeout, timeout_at
    from .unix_events import SelectorEventLoop

    if sys.version_info >= (3, 12):
        from .tasks import eager_task_factory
    if sys.version_info >= (3, 13):
        from .unix_events import EventLoop
    if sys.version_info >= (3, 14):
        from .futures import future_add_to_awaited_by, future_discard_from_awaited_by

alias_the_rest(sys.modules[__name__])

_OWN_NAMES: tuple[str, ...] = ("Loop", "coroutine", "install", "patch", "uninstall", "unpatch")
if sys.version_info < (3, 14):
    from ._policy import EventLoopPolicy as EventLoopPolicy

    _OWN_NAMES += ("EventLoopPolicy",)

# asyncio's names in asyncio's order, then ours.
__all__ = (*_asyncio.__all__, *_OWN_NAMES)

if sys.version_info >= (3, 14):
    from ._deprecated import deprecate

    deprecate(
        sys.modules[__name__],
        AbstractEventLoopPolicy=("asyncio", events, "_AbstractEventLoopPolicy"),
        DefaultEventLoopPolicy=("asyncio", unix_events, "_DefaultEventLoopPolicy"),
        EventLoopPolicy=("aioxide", _policy, "EventLoopPolicy"),
    )
