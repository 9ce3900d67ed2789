"""What the tests of datagram transports share: a protocol that keeps its calls, and endpoints."""

import asyncio
import contextlib
import socket

from recorder import Notes, turns


class Recorder(Notes, asyncio.DatagramProtocol):
    """Keeps every call; `received` is the data of those that brought some."""

    def datagram_received(self, data, addr):
        self.note("received", data, addr)

    def error_received(self, exc):
        self.note("error", type(exc).__name__)

    @property
    def received(self):
        return [call[1] for call in self.calls if call[0] == "received"]


def ending_after(count, end, base=Recorder):
    """A protocol class that calls `end` of its transport inside its call with so many received."""

    class Ending(base):
        def datagram_received(self, data, addr):
            super().datagram_received(data, addr)
            if len(self.received) == count:
                getattr(self.transport, end)()

    return Ending


@contextlib.asynccontextmanager
async def endpoint(factory=Recorder, **options):
    """An endpoint on the loopback, unless the options say something else; gone afterwards."""
    options = options or {"local_addr": ("127.0.0.1", 0)}
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(factory, **options)
    try:
        yield transport, protocol
    finally:
        transport.abort()
        await turns(1)


def name_of(transport):
    return transport.get_extra_info("sockname")


def plain_socket(family=socket.AF_INET, address=("127.0.0.1", 0)):
    """A bound socket that no loop knows of; receiving gives up after ten seconds."""
    plain = socket.socket(family, socket.SOCK_DGRAM)
    plain.bind(address)
    plain.settimeout(10)
    return plain


def pair():
    """A connected Unix socket with room for few datagrams, and its peer, which gives up after 10 s.

    Both have names, which the kernel chose: asyncio takes a peer without one for no peer at all.
    """
    peer = plain_socket(socket.AF_UNIX, "")
    connected = plain_socket(socket.AF_UNIX, "")
    connected.connect(peer.getsockname())
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8000)
    return connected, peer


async def fill(transport, size=1000):
    """Send numbered datagrams that nobody reads until one is queued; return how many."""
    count = 0
    while not transport.get_write_buffer_size():
        assert not transport.is_closing()
        transport.sendto(b"%04d" % count + bytes(size - 4))
        count += 1
    return count
