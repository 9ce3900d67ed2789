"""What a server has to say in the log, in asyncio's words.

The loggers are looked up when they are used: programs and tests replace them.
"""

from asyncio import base_events, unix_events
from typing import Any

# Private names, which asyncio's stubs leave out.
_base_events: Any = base_events
_unix_events: Any = unix_events


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


def log_stale_file(path: str | bytes, error: OSError) -> None:
    """Report that nobody knows whether there is a stale socket, or that it stays."""
    _unix_events.logger.error("Unable to check or remove stale UNIX socket %r: %r", path, error)


def log_file_left(path: str | bytes, error: OSError) -> None:
    """Report that the file of a server stays."""
    _unix_events.logger.error("Unable to clean up listening UNIX socket %r: %r", path, error)
