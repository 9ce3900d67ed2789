"""What transports do once, or when something goes wrong: asyncio's code, called by the native half.

A native transport has the attributes of asyncio's, so asyncio's own methods take it for `self`: its
representation, its warning when it was never closed, its reports of errors are those of the running
Python, to the letter.
"""

import asyncio
import os
import socket
import stat
import types
from asyncio import selector_events, transports, trsock, unix_events
from collections.abc import Generator
from typing import Any

# Private names, which asyncio's stubs leave out. The logger is looked up when it is used: programs
# and tests replace it.
_selector_events: Any = selector_events
_unix_events: Any = unix_events
_transports: Any = transports
_SelectorTransport: Any = _selector_events._SelectorTransport
_ReadPipe: Any = vars(unix_events)["_UnixReadPipeTransport"]
_WritePipe: Any = vars(unix_events)["_UnixWritePipeTransport"]

describe_socket_transport = _SelectorTransport.__repr__
set_write_limits = _transports._FlowControlMixin._set_write_buffer_limits
socket_fatal_error = _SelectorTransport._fatal_error
warn_unclosed_socket = _SelectorTransport.__del__

describe_read_pipe = _ReadPipe.__repr__
read_pipe_fatal_error = _ReadPipe._fatal_error
warn_unclosed_read_pipe = _ReadPipe.__del__

describe_write_pipe = _WritePipe.__repr__
write_pipe_fatal_error = _WritePipe._fatal_error
warn_unclosed_write_pipe = _WritePipe.__del__
write_lines = transports.WriteTransport.writelines

# What a native transport does to a socket past its methods.
_BYPASSED = ("fileno", "recv", "recv_into", "send", "sendmsg", "shutdown")


def is_plain_socket(sock: Any) -> bool:
    """Return whether a native transport may take a socket past the methods of its class."""
    cls = type(sock)
    return cls is socket.socket or (
        issubclass(cls, socket.socket)
        and all(getattr(cls, name) is getattr(socket.socket, name) for name in _BYPASSED)
    )


def complete_socket_info(sock: socket.socket, extra: dict[str, Any] | None) -> dict[str, Any]:
    """Add to a transport's extra information what is known of its socket; return it."""
    extra = {} if extra is None else extra
    extra["socket"] = trsock.TransportSocket(sock)
    try:
        extra["sockname"] = sock.getsockname()
    except OSError:
        extra["sockname"] = None
    if "peername" not in extra:
        try:
            extra["peername"] = sock.getpeername()
        except OSError:
            extra["peername"] = None
    return extra


def prepare_pipe(pipe: Any, complaint: str) -> int:
    """Make a pipe, socket or character device non-blocking; return its mode as `os.fstat` has it.

    Raises ValueError with the complaint for anything else.
    """
    mode = os.fstat(pipe.fileno()).st_mode
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stat.S_ISCHR(mode)):
        raise ValueError(complaint)
    os.set_blocking(pipe.fileno(), False)
    return mode


def complete_pipe_info(pipe: Any, extra: dict[str, Any] | None) -> dict[str, Any]:
    """Add the pipe to a transport's extra information; return it."""
    extra = {} if extra is None else extra
    extra["pipe"] = pipe
    return extra


def warn_late_pipe_write() -> None:
    """Warn that a program goes on writing although the pipe is closed or broken."""
    _unix_events.logger.warning("pipe closed by peer or os.write(pipe, data) raised exception.")


def log_closed_by_peer(transport: Any) -> None:
    """Note that the other end of a pipe is gone, in debug mode."""
    _unix_events.logger.info("%r was closed by peer", transport)


def warn_late_write() -> None:
    """Warn that a program goes on writing although the connection is lost."""
    _selector_events.logger.warning("socket.send() raised exception.")


def log_transport(transport: Any, action: str) -> None:
    """Note what a transport does, in debug mode."""
    _selector_events.logger.debug(f"%r {action}", transport)


def send_datagram(transport: Any, data: Any, address: Any) -> None:
    """Send through the socket object: an address that has to be looked up, or is wrong."""
    if transport._extra["peername"]:
        transport._sock.send(data)
    else:
        transport._sock.sendto(data, address)


def report_flow_failure(
    transport: Any, protocol: asyncio.BaseProtocol, method: str, exception: BaseException
) -> None:
    """Report what pause_writing() or resume_writing() has raised."""
    transport._loop.call_exception_handler(
        {
            "message": f"protocol.{method}() failed",
            "exception": exception,
            "transport": transport,
            "protocol": protocol,
        }
    )


@types.coroutine
def _stand_by() -> Generator[None, None, None]:
    """Wait for whoever has started this coroutine ahead of time."""
    yield


async def accepted_connection(
    begun: list[tuple[asyncio.Transport, asyncio.Future[None]]],
) -> None:
    """What a task has left to do for an accepted connection after its factory was called.

    `begun` has the transport and a future that is done when the protocol knows it; nothing, if the
    factory or the transport has failed. Like asyncio's it ends well, also when it is cancelled:
    then the transport is closed.
    """
    cancelled = False
    try:
        await _stand_by()
    except asyncio.CancelledError:
        cancelled = True
    for transport, waiter in begun:
        if cancelled:
            waiter.cancel()
        try:
            await waiter
        except BaseException as exception:
            transport.close()
            if isinstance(exception, (SystemExit, KeyboardInterrupt)):
                raise
