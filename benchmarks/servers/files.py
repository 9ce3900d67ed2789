"""One way from a file: the same one again and again, through a transport or into a socket."""

import asyncio
import contextlib
import socket
import tempfile
from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import BinaryIO

from benchmarks.servers import protocols
from benchmarks.servers.address import Address
from benchmarks.servers.sockets import serve_connections

#: What the load client checks for, again and again.
PERIOD = bytes(range(256))


async def send_again_and_again(size: int, send: Callable[[BinaryIO], Awaitable[int]]) -> None:
    """Send a file of about so many bytes for as long as somebody takes it."""
    # A client that goes is an error of the connection, or of the transport that notices it; a loop
    # that sends no files says NotImplementedError.
    with tempfile.TemporaryFile() as file, contextlib.suppress(OSError, RuntimeError):
        file.write(PERIOD * max(1, size // len(PERIOD)))
        file.flush()
        while True:
            await send(file)


class FileSource(asyncio.Protocol):
    def __init__(self, size: int) -> None:
        self.size = size

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.pouring = asyncio.get_running_loop().create_task(self.pour())

    async def pour(self) -> None:
        loop = asyncio.get_running_loop()
        await send_again_and_again(self.size, lambda file: loop.sendfile(self.transport, file))
        self.transport.close()


async def serve_files(aio: ModuleType, address: Address, size: int) -> tuple[Address, object]:
    return await protocols.listen(aio, lambda: FileSource(size), address)


async def serve_files_by_socket(
    aio: ModuleType, address: Address, size: int
) -> tuple[Address, object]:
    loop = aio.get_running_loop()

    async def pour(connection: socket.socket) -> None:
        await send_again_and_again(size, lambda file: loop.sock_sendfile(connection, file))

    return serve_connections(loop, address, pour)
