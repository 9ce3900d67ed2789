"""`run` and `Runner`: a program's way in, and its way out.

What must hold: after `close`, no task of the loop is pending, its asynchronous generators and its
executor are shut down and the loop is closed, whatever the program raised. The first Ctrl-C cancels
the main task and becomes KeyboardInterrupt once that task has unwound; the second one interrupts at
once.
"""

import contextvars
import enum
import functools
import inspect
import signal
import sys
import threading
from asyncio import AbstractEventLoop, CancelledError, constants, events
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import Context
from types import FrameType, TracebackType
from typing import Any, TypeVar, final

from ._submodules import stdlib_names_behind
from .coroutines import iscoroutine
from .loops import new_event_loop
from .tasks import Task, all_tasks, gather

__all__ = ("Runner", "run")

T = TypeVar("T")
LoopFactory = Callable[[], AbstractEventLoop]

# Asked when no loop_factory is given. `aioxide.patch()` puts asyncio's policy-asking function here,
# so that a program which sets a policy of its own gets that policy's loop, as it does from
# asyncio.run.
_default_loop_factory: LoopFactory = new_event_loop


class _State(enum.Enum):
    CREATED = "created"
    INITIALIZED = "initialized"
    CLOSED = "closed"


@final
class Runner:
    """A context manager that owns one event loop and runs coroutines in it, one after another.

    `debug`: True or False sets the loop's debug mode, None leaves it as PYTHONASYNCIODEBUG and -X
    dev have it.
    `loop_factory`: called without arguments for the loop; `aioxide.new_event_loop` when None, and
    then the loop is the thread's current one until `close`.
    """

    def __init__(
        self, *, debug: bool | None = None, loop_factory: LoopFactory | None = None
    ) -> None:
        self._state = _State.CREATED
        self._debug = debug
        self._loop_factory = loop_factory
        self._loop: AbstractEventLoop | None = None
        self._context: Context | None = None
        self._interrupt_count = 0
        self._is_current_loop = False

    def __enter__(self) -> "Runner":
        self._initialized_loop()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Cancel what is left, shut down async generators and the executor, and close the loop.

        Does nothing before the first use and after the first call. Waits at most 300 seconds for
        the threads of the executor (3.12 and newer; 3.11 waits without limit), then warns.
        """
        loop = self._loop
        if self._state is not _State.INITIALIZED or loop is None:
            return
        try:
            _cancel_all_tasks(loop)
            loop.run_until_complete(loop.shutdown_asyncgens())
            if sys.version_info >= (3, 12):
                limits = (constants.THREAD_JOIN_TIMEOUT,)
            else:
                limits = ()
            shutdown: Callable[..., Coroutine[Any, Any, None]] = loop.shutdown_default_executor
            loop.run_until_complete(shutdown(*limits))
        finally:
            if self._is_current_loop:
                events.set_event_loop(None)
            loop.close()
            self._loop = None
            self._state = _State.CLOSED

    def get_loop(self) -> AbstractEventLoop:
        """Return the loop, made on first use. Raises RuntimeError once the runner is closed."""
        return self._initialized_loop()

    def run(self, coro: Coroutine[Any, Any, T], *, context: Context | None = None) -> T:
        """Run `coro` (3.14 and newer: any awaitable) and return its result or raise its exception.

        `context`: the contextvars.Context to run in; None is the runner's own, kept from one call
        to the next. Raises RuntimeError in a thread whose loop is running, and for something that
        cannot be awaited ValueError (until 3.13) or TypeError.
        """
        if sys.version_info < (3, 14):
            # The older versions look at the argument first, the newer ones at the running loop.
            coro = _as_coroutine(coro)
        if events._get_running_loop() is not None:
            raise RuntimeError("Runner.run() cannot be called from a running event loop")
        loop = self._initialized_loop()
        coro = _as_coroutine(coro)
        main_task = loop.create_task(coro, context=self._context if context is None else context)

        handler = self._install_interrupt_handler(main_task)
        self._interrupt_count = 0
        try:
            return loop.run_until_complete(main_task)
        except CancelledError:
            if self._interrupt_count > 0:
                uncancel = getattr(main_task, "uncancel", None)
                if uncancel is not None and uncancel() == 0:
                    # Its context is the CancelledError, as asyncio shows it.
                    raise KeyboardInterrupt()  # noqa: B904
            raise
        finally:
            if handler is not None and signal.getsignal(signal.SIGINT) is handler:
                signal.signal(signal.SIGINT, signal.default_int_handler)

    def _initialized_loop(self) -> AbstractEventLoop:
        if self._state is _State.CLOSED:
            raise RuntimeError("Runner is closed")
        if self._loop is not None:
            return self._loop
        if self._loop_factory is None:
            self._loop = _default_loop_factory()
            events.set_event_loop(self._loop)
            self._is_current_loop = True
        else:
            self._loop = self._loop_factory()
        if self._debug is not None:
            self._loop.set_debug(self._debug)
        self._context = contextvars.copy_context()
        self._state = _State.INITIALIZED
        return self._loop

    def _install_interrupt_handler(
        self, main_task: Task[Any]
    ) -> Callable[[int, FrameType | None], None] | None:
        """Take over SIGINT, but only from Python's own handler: a program's handler stays."""
        if threading.current_thread() is not threading.main_thread():
            return None
        if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            return None
        handler = functools.partial(self._on_interrupt, main_task=main_task)
        try:
            signal.signal(signal.SIGINT, handler)
        except ValueError:
            # An embedding program can have a main thread in which Python must not touch signals.
            return None
        return handler

    def _on_interrupt(self, signum: int, frame: FrameType | None, main_task: Task[Any]) -> None:
        self._interrupt_count += 1
        if self._interrupt_count > 1 or main_task.done() or self._loop is None:
            raise KeyboardInterrupt()
        main_task.cancel()
        # The loop may be blocked in its selector: a callback from outside makes it take a turn.
        self._loop.call_soon_threadsafe(_nothing)


def run(
    main: Coroutine[Any, Any, T],
    *,
    debug: bool | None = None,
    loop_factory: LoopFactory | None = None,
) -> T:
    """Run `main` (3.14 and newer: any awaitable) in a new loop, close it, and return the result.

    `debug` and `loop_factory` as for Runner. Raises RuntimeError when the thread's loop is running.
    """
    if events._get_running_loop() is not None:
        # asyncio's text, word for word: programs match it.
        raise RuntimeError("asyncio.run() cannot be called from a running event loop")
    with Runner(debug=debug, loop_factory=loop_factory) as runner:
        return runner.run(main)


def _nothing() -> None:
    """Be scheduled: the turn of the loop is the point."""


def _as_coroutine(candidate: Any) -> Coroutine[Any, Any, Any]:
    if iscoroutine(candidate):
        return candidate
    if sys.version_info < (3, 14):
        raise ValueError(f"a coroutine was expected, got {candidate!r}")
    if inspect.isawaitable(candidate):
        return _await(candidate)
    raise TypeError("An asyncio.Future, a coroutine or an awaitable is required")


async def _await(awaitable: Awaitable[T]) -> T:
    return await awaitable


def _cancel_all_tasks(loop: AbstractEventLoop) -> None:
    """Cancel every task of `loop`, let all of them end, and report what they raise meanwhile."""
    remaining = all_tasks(loop)
    if not remaining:
        return
    for task in remaining:
        task.cancel()
    loop.run_until_complete(gather(*remaining, return_exceptions=True))
    for task in remaining:
        if not task.cancelled() and (failure := task.exception()) is not None:
            loop.call_exception_handler(
                {
                    "message": "unhandled exception during asyncio.run() shutdown",
                    "exception": failure,
                    "task": task,
                }
            )


__getattr__, __dir__ = stdlib_names_behind(__name__)
