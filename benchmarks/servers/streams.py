"""Echo with streams, read in the three ways that programs read."""

from collections.abc import Awaitable, Callable
from types import ModuleType

from benchmarks.servers.address import BACKLOG, Address
from benchmarks.servers.protocols import READ_BYTES

#: asyncio's own; a line may not be longer than the limit.
DEFAULT_LIMIT = 64 * 1024


async def listen(
    aio: ModuleType,
    handler: Callable[..., Awaitable[None]],
    address: Address,
    limit: int = DEFAULT_LIMIT,
) -> tuple[Address, object]:
    """Serve with a coroutine for each connection; where, and what keeps the server alive."""
    if address.family == "unix":
        server = await aio.start_unix_server(handler, address.path, backlog=BACKLOG, limit=limit)
    else:
        server = await aio.start_server(
            handler, address.host, address.port, backlog=BACKLOG, limit=limit
        )
    return address.found(server.sockets[0].getsockname()), server


async def serve_read(aio: ModuleType, address: Address, size: int) -> tuple[Address, object]:
    async def echo(reader, writer) -> None:
        while data := await reader.read(READ_BYTES):
            writer.write(data)
            await writer.drain()
        writer.close()

    return await listen(aio, echo, address)


async def serve_readline(aio: ModuleType, address: Address, size: int) -> tuple[Address, object]:
    async def echo(reader, writer) -> None:
        while line := await reader.readline():
            writer.write(line)
            await writer.drain()
        writer.close()

    return await listen(aio, echo, address, limit=max(DEFAULT_LIMIT, 2 * size))


async def serve_readexactly(aio: ModuleType, address: Address, size: int) -> tuple[Address, object]:
    async def echo(reader, writer) -> None:
        try:
            while True:
                writer.write(await reader.readexactly(size))
                await writer.drain()
        except aio.IncompleteReadError:
            writer.close()

    return await listen(aio, echo, address)
