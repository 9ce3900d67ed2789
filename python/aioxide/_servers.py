"""What a server, or the file of a Unix socket, has to say in the log, in asyncio's words.

The loggers are looked up when they are used: programs and tests replace them.
"""

from asyncio import base_events
from typing import Any

# Private names, which asyncio's stubs leave out.
_base_events: Any = base_events


def log_no_socket(family: int, kind: int, protocol: int) -> None:
    """Note that a socket could not be made, and why: called while the error is handled."""
    _base_events.logger.warning(
        "create_server() failed to create socket.socket(%r, %r, %r)",
        family,
        kind,
        protocol,
        exc_info=True,
    )


def log_not_bound(message: str) -> None:
    """Note that the machine has not got an address."""
    _base_events.logger.warning(message)


def log_serving(server: Any) -> None:
    """Note a new server, in debug mode."""
    _base_events.logger.info("%r is serving", server)


def log_stale_file(module: Any, path: str | bytes, error: OSError) -> None:
    """Report, as asyncio's module does, that a socket's file may be stale, or is and stays."""
    module.logger.error("Unable to check or remove stale UNIX socket %r: %r", path, error)


def log_file_left(module: Any, path: str | bytes, error: OSError) -> None:
    """Report, as asyncio's module does, that the file of a server stays."""
    module.logger.error("Unable to clean up listening UNIX socket %r: %r", path, error)
