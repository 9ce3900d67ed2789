"""Connections: what a client pays for each one that it makes and drops.

The peer is a listening socket of the same process, from which each connection is taken by a plain
system call, so that no server is measured. It resets what it has taken: a port that waits for late
packets could not be used again, and they would soon run out.
"""

import socket
import struct
from types import ModuleType

from benchmarks.case import Case, expect

RESET_ON_CLOSE = struct.pack("ii", 1, 0)


def listener() -> socket.socket:
    """A listening socket whose connections are reset when they are closed: they inherit that."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    return listening


async def protocols(aio: ModuleType, count: int) -> int:
    """`create_connection` to an address in digits."""
    loop = aio.get_running_loop()
    made = lost = 0

    class Client(aio.Protocol):
        def connection_made(self, transport: object) -> None:
            nonlocal made
            made += 1

        def connection_lost(self, error: Exception | None) -> None:
            nonlocal lost
            lost += 1

    with listener() as listening:
        host, port = listening.getsockname()
        for _ in range(count):
            transport, _ = await loop.create_connection(Client, host, port)
            transport.abort()
            listening.accept()[0].close()
            await aio.sleep(0)
    expect(made, count, "connections made")
    return lost


async def streams(aio: ModuleType, count: int) -> int:
    """`open_connection` to an address in digits."""
    opened = 0
    with listener() as listening:
        host, port = listening.getsockname()
        for _ in range(count):
            _, writer = await aio.open_connection(host, port)
            writer.transport.abort()
            listening.accept()[0].close()
            await aio.sleep(0)
            opened += writer.is_closing()
    return opened


CASES = (
    Case("create_connection", "create_connection, then abort", protocols, aim=1),
    Case("open_connection", "open_connection, then abort", streams, aim=1),
)
