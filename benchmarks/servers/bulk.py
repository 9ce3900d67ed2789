"""One way: a sink that counts what comes and tells it at the end, a source without end."""

import asyncio
from types import ModuleType

from benchmarks.servers import protocols, streams
from benchmarks.servers.address import Address
from benchmarks.servers.protocols import READ_BYTES

#: A whole number of the periods that the load client checks for: the bytes from 0 to 255.
CHUNK = bytes(range(256)) * 256
#: A transport whose peer reads as fast as it writes never pauses; others want their turn too.
CHUNKS_IN_A_TURN = 16


class Sink(asyncio.Protocol):
    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.counted = 0

    def data_received(self, data: bytes) -> None:
        self.counted += len(data)

    def eof_received(self) -> None:
        self.transport.write(str(self.counted).encode())


class Source(asyncio.Protocol):
    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.loop = asyncio.get_running_loop()
        self.paused = False
        self.pour()

    def pour(self) -> None:
        for _ in range(CHUNKS_IN_A_TURN):
            if self.paused or self.transport.is_closing():
                return
            self.transport.write(CHUNK)
        self.loop.call_soon(self.pour)

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False
        self.pour()


async def serve_sink(aio: ModuleType, address: Address, size: int) -> tuple[Address, object]:
    return await protocols.listen(aio, Sink, address)


async def serve_source(aio: ModuleType, address: Address, size: int) -> tuple[Address, object]:
    return await protocols.listen(aio, Source, address)


async def serve_sink_streams(
    aio: ModuleType, address: Address, size: int
) -> tuple[Address, object]:
    async def count(reader, writer) -> None:
        counted = 0
        while data := await reader.read(READ_BYTES):
            counted += len(data)
        writer.write(str(counted).encode())
        writer.close()

    return await streams.listen(aio, count, address)


async def serve_source_streams(
    aio: ModuleType, address: Address, size: int
) -> tuple[Address, object]:
    async def pour(reader, writer) -> None:
        try:
            while not writer.is_closing():
                writer.write(CHUNK)
                await writer.drain()
        except ConnectionError:
            writer.close()

    return await streams.listen(aio, pour, address)
