"""What making a connection leaves to Python: debug mode, wrong arguments."""

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
    """Have a program's own `staggered_race`, in the place of asyncio's, try all of the addresses.

    Each begins `delay` seconds after the one before, or when that has failed. Returns what the
    program's race does: a tuple that begins with the socket that was connected first, or None. Each
    attempt appends a list of its errors to `failures`.
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


def log_endpoint(local_addr: Any, remote_addr: Any, transport: Any, protocol: Any) -> None:
    """Note a datagram endpoint that was made, in debug mode."""
    if local_addr:
        _base_events.logger.info(
            "Datagram endpoint local_addr=%r remote_addr=%r created: (%r, %r)",
            local_addr,
            remote_addr,
            transport,
            protocol,
        )
    else:
        _base_events.logger.debug(
            "Datagram endpoint remote_addr=%r created: (%r, %r)", remote_addr, transport, protocol
        )


def refuse_modifiers(
    local_addr: Any,
    remote_addr: Any,
    family: Any,
    proto: Any,
    flags: Any,
    reuse_port: Any,
    allow_broadcast: Any,
) -> None:
    """Raise ValueError with the arguments that a socket which is made already can't take."""
    problems = ", ".join(f"{name}={value}" for name, value in locals().items() if value)
    raise ValueError(
        f"socket modifier keyword arguments can not be used when sock is specified. ({problems})"
    )


def unpack_address(found: Any) -> tuple[Any, Any, Any]:
    """Return family, protocol and address out of an unusual result of `getaddrinfo`.

    Raises ValueError or TypeError for what has not five items.
    """
    family, _, protocol, _, address = found
    return family, protocol, address
