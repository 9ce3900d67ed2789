"""UDP: an echo, and a counter that tells its count to whoever asks."""

import asyncio
from types import ModuleType

from benchmarks.servers.address import Address

QUESTION = b"count"


class DatagramEcho(asyncio.DatagramProtocol):
    """Sends each datagram back to where it came from."""

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple) -> None:
        self.transport.sendto(data, addr)


class DatagramCounter(asyncio.DatagramProtocol):
    """Counts datagrams; a question is answered and not counted."""

    def __init__(self) -> None:
        self.counted = 0

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple) -> None:
        if data == QUESTION:
            self.transport.sendto(str(self.counted).encode(), addr)
        else:
            self.counted += 1


async def bind(
    aio: ModuleType, protocol: type[asyncio.DatagramProtocol], address: Address
) -> tuple[Address, object]:
    loop = aio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        protocol, local_addr=(address.host, address.port)
    )
    return address.found(transport.get_extra_info("sockname")), transport


async def serve_datagrams(aio: ModuleType, address: Address, size: int) -> tuple[Address, object]:
    return await bind(aio, DatagramEcho, address)


async def serve_counter(aio: ModuleType, address: Address, size: int) -> tuple[Address, object]:
    return await bind(aio, DatagramCounter, address)
