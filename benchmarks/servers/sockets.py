"""Echo with sockets of one's own and the loop's ``sock_*`` methods: no transport, no protocol."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from types import ModuleType

from benchmarks.servers.address import BACKLOG, Address
from benchmarks.servers.protocols import READ_BYTES


def listening_socket(address: Address) -> socket.socket:
    if address.family == "unix":
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(address.path)
    else:
        # asyncio sends small answers at once where the socket says that it is TCP, and there alone.
        listener = socket.socket(proto=socket.IPPROTO_TCP)
        listener.bind((address.host, address.port))
    listener.listen(BACKLOG)
    listener.setblocking(False)
    return listener


def serve_connections(
    loop: asyncio.AbstractEventLoop,
    address: Address,
    converse: Callable[[socket.socket], Awaitable[None]],
) -> tuple[Address, object]:
    """Have each connection served in a task of its own, which closes it; where, and the server."""
    listener = listening_socket(address)

    async def attend(connection: socket.socket) -> None:
        with connection:
            await converse(connection)

    async def accept() -> None:
        conversations = set()
        with listener:
            while True:
                connection, _ = await loop.sock_accept(listener)
                if address.family == "tcp":
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                conversation = loop.create_task(attend(connection))
                conversations.add(conversation)
                conversation.add_done_callback(conversations.discard)

    return address.found(listener.getsockname()), loop.create_task(accept())


async def serve_sockets(aio: ModuleType, address: Address, size: int) -> tuple[Address, object]:
    loop = aio.get_running_loop()

    async def echo(connection: socket.socket) -> None:
        while data := await loop.sock_recv(connection, READ_BYTES):
            await loop.sock_sendall(connection, data)

    return serve_connections(loop, address, echo)
