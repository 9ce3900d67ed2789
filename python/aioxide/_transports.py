"""What transports do once, or when something goes wrong: asyncio's code, called by the native half.

A native transport has the attributes of asyncio's, so asyncio's own methods take it for `self`: its
representation, its warning when it was never closed, its reports of errors are those of the running
Python, to the letter.
"""

import asyncio
import socket
from asyncio import selector_events, transports, trsock
from typing import Any

# Private names, which asyncio's stubs leave out. The logger is looked up when it is used: programs
# and tests replace it.
_selector_events: Any = selector_events
_transports: Any = transports
_SelectorTransport: Any = _selector_events._SelectorTransport

describe_socket_transport = _SelectorTransport.__repr__
set_write_limits = _transports._FlowControlMixin._set_write_buffer_limits
socket_fatal_error = _SelectorTransport._fatal_error
warn_unclosed_socket = _SelectorTransport.__del__

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


def warn_late_write() -> None:
    """Warn that a program goes on writing although the connection is lost."""
    _selector_events.logger.warning("socket.send() raised exception.")


def log_transport(transport: Any, action: str) -> None:
    """Note what a transport does, in debug mode."""
    _selector_events.logger.debug(f"%r {action}", transport)


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
