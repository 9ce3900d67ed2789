"""Every server by the name of its kind."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType

from benchmarks.servers import apps, bulk, datagrams, files, protocols, sockets, streams
from benchmarks.servers.address import Address

#: Starts a server for messages of so many bytes; where it listens, and what keeps it alive.
Serve = Callable[[ModuleType, Address, int], Awaitable[tuple[Address, object]]]


@dataclass(frozen=True)
class Kind:
    """One kind of server."""

    name: str
    title: str
    serve: Serve
    #: The kind of the limit's server that does the same work; of a service of PyPI there is none.
    limit: str
    #: The server uses names of the module, so aioxide's two doors are two servers.
    both_doors: bool = False


KINDS = {
    kind.name: kind
    for kind in (
        Kind("protocol", "Protocol", protocols.serve_protocol, limit="echo"),
        Kind("buffered", "BufferedProtocol", protocols.serve_buffered, limit="echo"),
        Kind("read", "streams, `read`", streams.serve_read, limit="echo", both_doors=True),
        Kind(
            "readline", "streams, `readline`", streams.serve_readline, limit="echo", both_doors=True
        ),
        Kind(
            "readexactly",
            "streams, `readexactly`",
            streams.serve_readexactly,
            limit="echo",
            both_doors=True,
        ),
        Kind("sock", "`sock_*`", sockets.serve_sockets, limit="echo"),
        Kind("datagram", "UDP", datagrams.serve_datagrams, limit="datagram"),
        Kind("datagram-sink", "UDP", datagrams.serve_counter, limit="datagram-sink"),
        Kind("sink", "Protocol", bulk.serve_sink, limit="sink"),
        Kind("source", "Protocol", bulk.serve_source, limit="source"),
        Kind("sink-streams", "streams", bulk.serve_sink_streams, limit="sink", both_doors=True),
        Kind(
            "source-streams", "streams", bulk.serve_source_streams, limit="source", both_doors=True
        ),
        Kind("file", "`sendfile`", files.serve_files, limit="file"),
        Kind("file-sock", "`sock_sendfile`", files.serve_files_by_socket, limit="file"),
        Kind("uvicorn", "uvicorn", apps.serve_uvicorn, limit=""),
        Kind("aiohttp", "aiohttp", apps.serve_aiohttp, limit=""),
    )
}


@contextmanager
def closing(alive: object) -> Iterator[None]:
    """Ends what keeps one of these servers alive, a task or something with ``close``."""
    try:
        yield
    finally:
        (alive.cancel if isinstance(alive, asyncio.Future) else alive.close)()
