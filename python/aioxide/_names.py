"""Which of asyncio's names are aioxide's own: the one table.

Three readers hold to it: the package (what `import aioxide as asyncio` shows), `aioxide.patch()`
(what it assigns on the stdlib's modules) and the tests (which compare both with what is really
there). A name that is in `asyncio.__all__` and not in this table is the stdlib's own object, and
works on aioxide's loop.
"""

import sys

# Keyed by the module of asyncio in which the name lives: asyncio.gather is asyncio.tasks.gather.
NATIVE: dict[str, tuple[str, ...]] = {
    "events": ("Handle", "TimerHandle", "get_event_loop", "new_event_loop"),
    "futures": ("Future",),
    "locks": ("Barrier", "BoundedSemaphore", "Condition", "Event", "Lock", "Semaphore"),
    "queues": ("LifoQueue", "PriorityQueue", "Queue"),
    "runners": ("Runner", "run"),
    "streams": (
        "StreamReader",
        "StreamReaderProtocol",
        "StreamWriter",
        "open_connection",
        "open_unix_connection",
        "start_server",
        "start_unix_server",
    ),
    "taskgroups": ("TaskGroup",),
    "tasks": (
        "Task",
        "all_tasks",
        "as_completed",
        "create_task",
        "current_task",
        "ensure_future",
        "gather",
        "run_coroutine_threadsafe",
        "shield",
        "sleep",
        "wait",
        "wait_for",
    ),
    "threads": ("to_thread",),
    "timeouts": ("Timeout", "timeout", "timeout_at"),
    "unix_events": ("SelectorEventLoop",),
}

if sys.version_info >= (3, 12):
    NATIVE["tasks"] += ("eager_task_factory",)
if sys.version_info >= (3, 13):
    NATIVE["unix_events"] += ("EventLoop",)
if sys.version_info >= (3, 14):
    NATIVE["futures"] += ("future_add_to_awaited_by", "future_discard_from_awaited_by")

# Native names that asyncio keeps in their module and out of its public namespace.
UNLISTED: dict[str, tuple[str, ...]] = {"streams": ("FlowControlMixin",)}

# Names that asyncio has dropped and aioxide still answers to (`aioxide._compat` says which, and
# which not).
REVIVED: dict[str, tuple[str, ...]] = {"coroutines": ("coroutine",)}

# Native names that patch() leaves alone on the stdlib's modules, each for its reason:
# - Handle, TimerHandle: the stdlib's Python loops build their callbacks with these, and
#   trio-asyncio and aiodebug subclass them and replace their methods;
# - new_event_loop, get_event_loop: they ask the event loop policy, which a program may have set.
#   patch() changes the default policy instead, so both give aioxide's loop unless the program chose
#   another one.
KEPT_BY_PATCH = frozenset({"Handle", "TimerHandle", "get_event_loop", "new_event_loop"})
