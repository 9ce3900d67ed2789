"""`Loop`: the native scheduler, with what runs once per program around it.

The native half (`_native.LoopBase`) holds everything that runs once per callback, per timer or per
turn. What runs once per program (starting, stopping, shutting down, signal handlers, the texts of
the exception handler) is the running Python's own code, inherited, so that it is right for each
version; so is the code of TLS and subprocesses, which rests on native transports.

What must hold: nothing inherited runs on the path of a callback, a timer, a task step or a turn.
"""

import os
import selectors
import signal
import stat
import sys
from asyncio import events, sslproto, tasks
from asyncio.unix_events import _UnixSelectorEventLoop
from collections.abc import Mapping
from typing import Any

from . import _native, _transports
from ._executor import DefaultExecutor
from ._marks import mark_coroutine_functions
from ._registry import connect_registries
from ._sockets import know_sockets

connect_registries()
know_sockets()
mark_coroutine_functions()
os.register_at_fork(after_in_child=_native.note_fork)

# Of a selector that a program hands over only the kind is taken: the loop has its own.
_PLAIN_SELECTORS = tuple(
    getattr(selectors, name)
    for name in ("SelectSelector", "PollSelector", "EpollSelector", "DevpollSelector")
    if hasattr(selectors, name)
)


class _SelectorView:
    """What `loop._selector` shows: the descriptors that the native selector watches."""

    def __init__(self, loop: "Loop") -> None:
        self._loop = loop

    def get_map(self) -> Mapping[int, selectors.SelectorKey]:
        """Return the watched descriptors, with (reader, writer) handles as their data."""
        return {
            fd: selectors.SelectorKey(fd, fd, _events_of(handles), handles)
            for fd, handles in self._loop._watched().items()
        }

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        """Return the key of one watched descriptor. Raises KeyError for others."""
        fd = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        return self.get_map()[fd]

    def close(self) -> None:
        """Do nothing: the native selector is closed with its loop."""


def _events_of(handles: tuple[Any, Any]) -> int:
    reader, writer = handles
    return (selectors.EVENT_READ if reader is not None else 0) | (
        selectors.EVENT_WRITE if writer is not None else 0
    )


class Loop(_native.LoopBase, _UnixSelectorEventLoop):
    """An event loop, as asyncio.AbstractEventLoop describes it.

    `selector` is accepted for the sake of programs that choose one of the standard library's; the
    loop closes it and uses its own. A selector of another class is refused with TypeError, since
    its `select` would never be called.
    """

    def __init__(self, selector: selectors.BaseSelector | None = None) -> None:
        if selector is not None:
            if type(selector) not in _PLAIN_SELECTORS:
                raise TypeError(
                    f"aioxide's loop has its own selector and can't use {selector!r}; "
                    "asyncio.unix_events._UnixSelectorEventLoop can"
                )
            selector.close()
        _native.LoopBase.__init__(self)
        view: Any = _SelectorView(self)
        _UnixSelectorEventLoop.__init__(self, view)
        self._wakeup_fd_before: int | None = None
        self._notice_overrides()

    def _notice_overrides(self) -> None:
        """Look which hot methods are overridden, by a subclass or on the instance."""
        cls, own = type(self), vars(self)

        def is_native(name: str) -> bool:
            return getattr(cls, name) is getattr(Loop, name) and name not in own

        self._set_shortcuts(
            all(map(is_native, ("call_soon", "call_soon_threadsafe", "get_debug"))),
            all(map(is_native, ("create_task", "create_future"))),
            is_native("time"),
        )

    def run_forever(self) -> None:
        """Run until stop() is called.

        Raises RuntimeError when the loop is closed or running, or another loop runs in this thread;
        lets KeyboardInterrupt and SystemExit of callbacks through.
        """
        self._run_forever_setup()
        try:
            if type(self)._run_once is Loop._run_once:
                self._run_turns()
            else:
                while not self._stopping:
                    self._run_once()
        finally:
            self._run_forever_cleanup()

    def _run_forever_setup(self) -> None:
        self._check_closed()
        self._check_running()
        self._set_coroutine_origin_tracking(self._debug)
        self._old_agen_hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(
            firstiter=self._asyncgen_firstiter_hook, finalizer=self._asyncgen_finalizer_hook
        )
        self._notice_overrides()
        self._set_running_thread(True)
        self._take_wakeup_fd()
        events._set_running_loop(self)

    def _run_forever_cleanup(self) -> None:
        self._stopping = False
        self._set_running_thread(False)
        events._set_running_loop(None)
        self._give_wakeup_fd_back()
        self._set_coroutine_origin_tracking(False)
        if self._old_agen_hooks is not None:
            sys.set_asyncgen_hooks(*self._old_agen_hooks)
            self._old_agen_hooks = None

    def _take_wakeup_fd(self) -> None:
        """Let signals wake the blocked loop: one may arrive just before it blocks.

        Somebody else's descriptor is left in place.
        """
        if self._csock is None:
            return
        own = self._csock.fileno()
        try:
            before = signal.set_wakeup_fd(own, warn_on_full_buffer=False)
        except ValueError:
            return  # Not the main thread of the main interpreter: signals are handled elsewhere.
        if before not in (-1, own):
            signal.set_wakeup_fd(before)
        elif before == -1:
            self._wakeup_fd_before = before

    def _give_wakeup_fd_back(self) -> None:
        before, self._wakeup_fd_before = self._wakeup_fd_before, None
        if before is not None and not self._signal_handlers:
            signal.set_wakeup_fd(before)

    def _set_coroutine_origin_tracking(self, enabled: bool) -> None:
        super()._set_coroutine_origin_tracking(enabled)
        _native.track_origins(bool(enabled))

    def set_debug(self, enabled: bool) -> None:
        """Switch debug mode on or off."""
        self._debug = enabled
        if self.is_running():
            self.call_soon_threadsafe(self._set_coroutine_origin_tracking, self._debug)

    def _run_in_any_executor(self, *args: Any, **kwargs: Any) -> Any:
        """What `run_in_executor` does when it is not a plain call into the loop's own threads."""
        executor = args[0] if args else kwargs.get("executor")
        if executor is None and self._default_executor is None:
            self._check_closed()
            self._check_default_executor()
            self._default_executor = DefaultExecutor()
            return self.run_in_executor(*args, **kwargs)
        return _UnixSelectorEventLoop.run_in_executor(self, *args, **kwargs)

    def _create_task_by_factory(self, coro: Any, **kwargs: Any) -> Any:
        """Make a task by the loop's factory, with the arguments that this Python gives it."""
        factory = self._task_factory
        if sys.version_info >= (3, 14):
            return factory(self, coro, **kwargs)
        name = kwargs.pop("name", None)
        if kwargs.get("context", ...) is None:
            del kwargs["context"]
        if sys.version_info < (3, 13):
            _refuse_others(kwargs)
        task = factory(self, coro, **kwargs)
        if sys.version_info >= (3, 13):
            task.set_name(name)
        else:
            vars(tasks)["_set_task_name"](task, name)
        return task

    def _make_read_pipe_transport(
        self, pipe: Any, protocol: Any, waiter: Any = None, extra: dict[str, Any] | None = None
    ) -> Any:
        _transports.prepare_pipe(pipe, "Pipe transport is for pipes/sockets only.")
        info = _transports.complete_pipe_info(pipe, extra)
        return _native.make_read_pipe(self, pipe, protocol, waiter, info)

    def _make_write_pipe_transport(
        self, pipe: Any, protocol: Any, waiter: Any = None, extra: dict[str, Any] | None = None
    ) -> Any:
        mode = _transports.prepare_pipe(
            pipe, "Pipe transport is only for pipes, sockets and character devices"
        )
        info = _transports.complete_pipe_info(pipe, extra)
        notices_peer = not stat.S_ISCHR(mode)
        return _native.make_write_pipe(notices_peer, self, pipe, protocol, waiter, info)

    def _make_ssl_transport(
        self,
        rawsock: Any,
        protocol: Any,
        sslcontext: Any,
        waiter: Any = None,
        *,
        server_side: bool = False,
        server_hostname: str | None = None,
        extra: dict[str, Any] | None = None,
        server: Any = None,
        context: Any = None,
        **timeouts: Any,
    ) -> Any:
        """asyncio's TLS over a native transport."""
        self._ensure_fd_no_transport(rawsock)
        tls: Any = sslproto.SSLProtocol(
            self, protocol, sslcontext, waiter, server_side, server_hostname, **timeouts
        )
        given = {} if context is None else {"context": context}
        self._make_socket_transport(rawsock, tls, extra=extra, server=server, **given)
        return tls._app_transport

    def close(self) -> None:
        """Close the loop: drop what is queued, close the selector, shut the executor down.

        Does nothing on a closed loop. Raises RuntimeError while the loop runs.
        """
        if self.is_closed() and not self.is_running():
            return
        super().close()
        self._close_engine()


_native.note_loop_class(Loop)


def _refuse_others(kwargs: Mapping[str, Any]) -> None:
    for name in kwargs:
        if name != "context":
            raise TypeError(f"Loop.create_task() got an unexpected keyword argument {name!r}")


def new_event_loop() -> Loop:
    """Return a new event loop of aioxide."""
    return Loop()
