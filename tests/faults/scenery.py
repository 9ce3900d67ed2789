"""The sockets, protocols and counters of the tests of faults."""

import asyncio
import gc
import resource
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path

#: What has not happened by then will not.
PATIENCE_SECONDS = 10
#: Long enough that a loop that spins shows in its CPU time, short enough to wait for.
WATCHED_SECONDS = 0.2
#: What a loop that waits may use of it; one that spins uses all that the machine gives it.
IDLE_CPU_SECONDS = 0.02


def tcp_pair() -> tuple[socket.socket, socket.socket]:
    """Two connected TCP sockets: ours, non-blocking, and the peer's, with a time limit."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        peer = socket.create_connection(listener.getsockname())
        ours, _ = listener.accept()
    ours.setblocking(False)
    peer.settimeout(PATIENCE_SECONDS)
    return ours, peer


def unix_pair() -> tuple[socket.socket, socket.socket]:
    """The same of Unix sockets, which have small buffers."""
    ours, peer = socket.socketpair()
    ours.setblocking(False)
    peer.settimeout(PATIENCE_SECONDS)
    return ours, peer


def reset(peer: socket.socket) -> None:
    """Close a TCP socket so that the other side is told of a reset and not of an end."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


def resident_bytes() -> int:
    """The physical memory that this process has in use."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


async def cpu_seconds_of_idling(aio) -> float:
    """CPU time of this process over a while in which the loop has nothing to do."""
    before = time.process_time()
    await aio.sleep(WATCHED_SECONDS)
    return time.process_time() - before


async def until(aio, condition: Callable[[], object]) -> None:
    """Wait for something that happens in another callback."""
    async with aio.timeout(PATIENCE_SECONDS):
        while not condition():
            await aio.sleep(0.001)


def collect_garbage() -> None:
    """Until nothing is left: a finalizer may leave more."""
    for _ in range(3):
        gc.collect()


class Recorder(asyncio.Protocol):
    """Writes down each call; ``lost`` is a future with what ``connection_lost`` was given."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.data = b""
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport) -> None:
        self.calls.append("connection_made")
        self.transport = transport

    def data_received(self, data) -> None:
        self.calls.append("data_received")
        self.data += data

    def eof_received(self) -> None:
        self.calls.append("eof_received")

    def pause_writing(self) -> None:
        self.calls.append("pause_writing")

    def resume_writing(self) -> None:
        self.calls.append("resume_writing")

    def connection_lost(self, exc) -> None:
        self.calls.append("connection_lost")
        self.lost.set_result(exc)

    async def end(self) -> Exception | None:
        """Wait for ``connection_lost``; what it was given."""
        return await asyncio.wait_for(self.lost, PATIENCE_SECONDS)


class BufferedRecorder(asyncio.BufferedProtocol, Recorder):
    """The same, with a buffer of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.buffer = bytearray(1024)

    def get_buffer(self, sizehint):
        return self.buffer

    def buffer_updated(self, nbytes) -> None:
        self.data += self.buffer[:nbytes]


class DatagramRecorder(asyncio.DatagramProtocol):
    """Writes down datagrams and errors."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.errors: list[Exception] = []
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport) -> None:
        self.transport = transport

    def datagram_received(self, data, addr) -> None:
        self.received.append(data)

    def error_received(self, exc) -> None:
        self.errors.append(exc)

    def connection_lost(self, exc) -> None:
        self.lost.set_result(exc)


async def connect(aio, factory, pair=tcp_pair):
    """A transport over one side of a pair, its protocol, and the other side."""
    ours, peer = pair()
    transport, protocol = await aio.get_running_loop().create_connection(factory, sock=ours)
    return transport, protocol, peer


async def bind_datagrams(aio, factory=DatagramRecorder, **options):
    """A UDP transport on a loopback port, or whatever the options say, and its protocol."""
    options = options or {"local_addr": ("127.0.0.1", 0)}
    return await aio.get_running_loop().create_datagram_endpoint(factory, **options)
