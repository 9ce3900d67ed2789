"""`asyncio.streams` with aioxide's readers, writers and protocols.

What runs once per connection is here: opening one, serving, going over to TLS. What runs once per
read or write is in the native module.
"""

import sys
from asyncio.events import get_running_loop
from collections.abc import Callable
from typing import Any

from ._native import FlowControlMixin as FlowControlMixin
from ._native import StreamReader as StreamReader
from ._native import StreamReaderProtocol as StreamReaderProtocol
from ._native import StreamWriter as StreamWriter
from ._submodules import stdlib_names_behind

_DEFAULT_LIMIT = 2**16


async def open_connection(
    host: Any = None, port: Any = None, *, limit: int = _DEFAULT_LIMIT, **kwds: Any
) -> tuple[StreamReader, StreamWriter]:
    """Connect to a TCP server and return a (reader, writer) pair.

    `limit` is how long a line may be, in bytes, and half of what is read ahead; everything else is
    an argument of `loop.create_connection`. Raises OSError when nobody answers.
    """
    return await _open(get_running_loop().create_connection, limit, (host, port), kwds)


async def open_unix_connection(
    path: Any = None, *, limit: int = _DEFAULT_LIMIT, **kwds: Any
) -> tuple[StreamReader, StreamWriter]:
    """Connect to a Unix socket and return a (reader, writer) pair. See `open_connection`."""
    return await _open(get_running_loop().create_unix_connection, limit, (path,), kwds)


async def _open(
    connect: Callable[..., Any], limit: int, address: tuple[Any, ...], options: dict[str, Any]
) -> tuple[StreamReader, StreamWriter]:
    loop = get_running_loop()
    reader = StreamReader(limit, loop)
    protocol = StreamReaderProtocol(reader, None, loop)
    transport, _ = await connect(lambda: protocol, *address, **options)
    return reader, StreamWriter(transport, protocol, reader, loop)


async def start_server(
    client_connected_cb: Any,
    host: Any = None,
    port: Any = None,
    *,
    limit: int = _DEFAULT_LIMIT,
    **kwds: Any,
) -> Any:
    """Serve TCP: call `client_connected_cb(reader, writer)` for each connection.

    A coroutine that this returns is run as a task. `limit` is as for `open_connection`; everything
    else is an argument of `loop.create_server`, whose Server is returned.
    """
    factory = _protocol_factory(client_connected_cb, limit)
    return await get_running_loop().create_server(factory, host, port, **kwds)


async def start_unix_server(
    client_connected_cb: Any, path: Any = None, *, limit: int = _DEFAULT_LIMIT, **kwds: Any
) -> Any:
    """Serve a Unix socket. See `start_server`."""
    factory = _protocol_factory(client_connected_cb, limit)
    return await get_running_loop().create_unix_server(factory, path, **kwds)


def _protocol_factory(client_connected: Any, limit: int) -> Callable[[], StreamReaderProtocol]:
    loop = get_running_loop()
    return lambda: StreamReaderProtocol(StreamReader(limit, loop), client_connected, loop)


async def _start_tls(writer: Any, sslcontext: Any, options: dict[str, Any]) -> None:
    protocol = writer._protocol
    server_side = protocol._client_connected_cb is not None
    await writer.drain()
    transport = await writer._loop.start_tls(
        writer._transport, protocol, sslcontext, server_side=server_side, **options
    )
    writer._transport = transport
    protocol._replace_transport(transport)


if sys.version_info >= (3, 12):

    async def start_tls(
        self: Any,
        sslcontext: Any,
        *,
        server_hostname: str | None = None,
        ssl_handshake_timeout: float | None = None,
        ssl_shutdown_timeout: float | None = None,
    ) -> None:
        """Go over to TLS on a connection that is open. Timeouts are in seconds."""
        options = {
            "server_hostname": server_hostname,
            "ssl_handshake_timeout": ssl_handshake_timeout,
            "ssl_shutdown_timeout": ssl_shutdown_timeout,
        }
        await _start_tls(self, sslcontext, options)

else:

    async def start_tls(
        self: Any,
        sslcontext: Any,
        *,
        server_hostname: str | None = None,
        ssl_handshake_timeout: float | None = None,
    ) -> None:
        """Go over to TLS on a connection that is open. The timeout is in seconds."""
        options = {
            "server_hostname": server_hostname,
            "ssl_handshake_timeout": ssl_handshake_timeout,
        }
        await _start_tls(self, sslcontext, options)


start_tls.__qualname__ = "StreamWriter.start_tls"
StreamWriter.start_tls = start_tls  # type: ignore[method-assign]
del start_tls

__getattr__, __dir__ = stdlib_names_behind(__name__)
