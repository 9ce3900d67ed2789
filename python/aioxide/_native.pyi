"""The native module, for type checkers.

Names that stand for asyncio's have the very types that typeshed gives asyncio's for the Python
being checked: a program that mixes `asyncio.Task` and `aioxide.Task` in its annotations is right at
run time (isinstance agrees), so a checker must not object either.
"""

import sys
from asyncio import AbstractEventLoop, BaseEventLoop
from asyncio import Barrier as Barrier
from asyncio import BoundedSemaphore as BoundedSemaphore
from asyncio import Condition as Condition
from asyncio import Event as Event
from asyncio import Future as Future
from asyncio import Handle as Handle
from asyncio import LifoQueue as LifoQueue
from asyncio import Lock as Lock
from asyncio import PriorityQueue as PriorityQueue
from asyncio import Queue as Queue
from asyncio import Semaphore as Semaphore
from asyncio import StreamReader as StreamReader
from asyncio import StreamReaderProtocol as StreamReaderProtocol
from asyncio import StreamWriter as StreamWriter
from asyncio import Task as Task
from asyncio import TimerHandle as TimerHandle
from asyncio import all_tasks as all_tasks
from asyncio import as_completed as as_completed
from asyncio import create_task as create_task
from asyncio import current_task as current_task
from asyncio import ensure_future as ensure_future
from asyncio import gather as gather
from asyncio import run_coroutine_threadsafe as run_coroutine_threadsafe
from asyncio import shield as shield
from asyncio import sleep as sleep
from asyncio import to_thread as to_thread
from asyncio import wait as wait
from asyncio import wait_for as wait_for
from asyncio.streams import FlowControlMixin as FlowControlMixin
from asyncio.taskgroups import TaskGroup as TaskGroup
from asyncio.timeouts import Timeout as Timeout
from asyncio.timeouts import timeout as timeout
from asyncio.timeouts import timeout_at as timeout_at
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

if sys.version_info >= (3, 14):
    from asyncio import future_add_to_awaited_by as future_add_to_awaited_by
    from asyncio import future_discard_from_awaited_by as future_discard_from_awaited_by

# At run time a subclass of AbstractEventLoop alone. The base named here gives checkers the same
# methods without the abstract marks, which would forbid calling aioxide.Loop().
class LoopBase(BaseEventLoop):
    """The scheduling half of the loop; `aioxide.Loop` adds what runs once per program or server."""

    _old_agen_hooks: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None: ...
    def _run_once(self) -> None: ...
    def _make_socket_transport(
        self,
        sock: Any,
        protocol: Any,
        waiter: Any = ...,
        *,
        extra: dict[str, Any] | None = ...,
        server: Any = ...,
        context: Any = ...,
    ) -> Any: ...
    def _run_turns(self) -> None: ...
    def _set_coroutine_origin_tracking(self, enabled: bool) -> None: ...
    # What else the native half and asyncio's own loop keep private.
    def __getattr__(self, name: str) -> Any: ...

    _default_executor: Any
    def _check_closed(self) -> None: ...
    def _check_default_executor(self) -> None: ...

class JobQueue(SimpleQueue[Any]):
    """What a ThreadPoolExecutor keeps its work items in, and the native loop its calls.

    Not a subclass of SimpleQueue at run time: it has of it what the executor uses.
    """

    def __init__(self, limit: int, submit: Callable[..., Any] | None) -> None: ...
    def put(self, item: Any, block: bool = ..., timeout: float | None = ...) -> None: ...
    def get_nowait(self) -> Any: ...
    def claim_worker(self) -> bool: ...
    def give_worker_up(self) -> None: ...
    def work(self, run_item: Callable[[Any], Any]) -> None: ...
    def forget_workers(self) -> None: ...

# What the package itself needs.
def connect_registry(offsets: tuple[int, ...]) -> bool: ...
def list_task(task: object) -> bool: ...
def listed_tasks() -> list[Any]: ...
def make_read_pipe(
    loop: AbstractEventLoop, pipe: Any, protocol: Any, waiter: Any, extra: dict[str, Any], /
) -> Any: ...
def make_write_pipe(
    notices_peer: bool,
    loop: AbstractEventLoop,
    pipe: Any,
    protocol: Any,
    waiter: Any,
    extra: dict[str, Any],
    /,
) -> Any: ...
def note_fork() -> None: ...
def note_loop_class(cls: type, /) -> None: ...
def show_latest_coroutine(phase: str, info: dict[str, int], /) -> None: ...
def track_origins(enabled: bool) -> None: ...
def know_sockets(socket_class: type, sample: Any, /, *numbers: int) -> bool: ...
def unlist_task(task: object) -> bool: ...
def use_current_loop(function: Callable[[], AbstractEventLoop]) -> None: ...
