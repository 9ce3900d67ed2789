"""Echo at the lowest level that asyncio offers: a protocol and its transport."""

import asyncio
from types import ModuleType

from benchmarks.servers.address import BACKLOG, Address

READ_BYTES = 256 * 1024


class Echo(asyncio.Protocol):
    """Writes back each piece as it comes."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


class BufferedEcho(asyncio.BufferedProtocol):
    """The same, with one buffer for all connections: a piece is copied out before the next."""

    buffer = memoryview(bytearray(READ_BYTES))

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:
        return self.buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.transport.write(bytes(self.buffer[:nbytes]))


async def listen(
    aio: ModuleType, protocol: type[asyncio.BaseProtocol], address: Address
) -> tuple[Address, object]:
    """Serve with a protocol; where, and what keeps the server alive."""
    loop = aio.get_running_loop()
    if address.family == "unix":
        server = await loop.create_unix_server(protocol, address.path, backlog=BACKLOG)
    else:
        server = await loop.create_server(protocol, address.host, address.port, backlog=BACKLOG)
    return address.found(server.sockets[0].getsockname()), server


async def serve_protocol(aio: ModuleType, address: Address, size: int) -> tuple[Address, object]:
    return await listen(aio, Echo, address)


async def serve_buffered(aio: ModuleType, address: Address, size: int) -> tuple[Address, object]:
    return await listen(aio, BufferedEcho, address)
