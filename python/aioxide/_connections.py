"""What making a connection leaves to Python: asyncio's race of several attempts, and debug mode."""

import functools
from asyncio import base_events, staggered
from collections.abc import Awaitable, Iterable
from typing import Any

# Private names, which asyncio's stubs leave out. The logger is looked up when it is used: programs
# and tests replace it.
_base_events: Any = base_events
_staggered: Any = staggered


def race(
    loop: Any,
    failures: list[list[OSError]],
    addresses: Iterable[Any],
    local_addresses: Iterable[Any] | None,
    delay: float,
) -> Awaitable[tuple[Any, ...]]:
    """Try all of the addresses, each `delay` seconds after the one before or when that has failed.

    The first item of the result is the socket that was connected first, or None. Each attempt
    appends a list of its errors to `failures`.
    """
    attempts = (
        functools.partial(loop._connect_sock, failures, address, local_addresses)
        for address in addresses
    )
    race: Awaitable[tuple[Any, ...]] = _staggered.staggered_race(attempts, delay, loop=loop)
    return race


def log_connection(transport: Any, protocol: Any, host: Any, port: Any) -> None:
    """Note a connection that was made, in debug mode."""
    sock = transport.get_extra_info("socket")
    _base_events.logger.debug(
        "%r connected to %s:%r: (%r, %r)", sock, host, port, transport, protocol
    )


def log_accepted(transport: Any, protocol: Any) -> None:
    """Note a connection that was taken over, in debug mode."""
    sock = transport.get_extra_info("socket")
    _base_events.logger.debug("%r handled: (%r, %r)", sock, transport, protocol)
