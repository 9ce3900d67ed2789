"""Telling the native half what a socket object looks like."""

import socket

from . import _native

_SECONDS = 1.5


def know_sockets() -> bool:
    """Let the native half read descriptors out of socket objects. Done once, at import.

    Returns False where it can't: `socket.socket` is not the standard library's own class, is laid
    out in another way, or no socket can be made. Sockets are then used through their methods.
    """
    try:
        sample, other = socket.socketpair()
    except OSError:
        return False
    with sample, other:
        sample.settimeout(_SECONDS)
        numbers = (sample.fileno(), sample.family, sample.type, sample.proto)
        return _native.know_sockets(
            socket.socket, sample, *map(int, numbers), int(_SECONDS * 1_000_000_000)
        )
