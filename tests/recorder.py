"""A protocol that notes its calls, on a connection whose other end is a blocking socket."""

import asyncio
import socket


class Recorder(asyncio.Protocol):
    """Notes each call; `keep_open` is what it answers to the end of the peer's stream."""

    def __init__(self, keep_open=False):
        self.calls = []
        self.keep_open = keep_open
        self.transport = None
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.transport = transport
        self.calls.append("made")

    def data_received(self, data):
        self.calls.append(bytes(data))

    def eof_received(self):
        self.calls.append("eof")
        return self.keep_open

    def pause_writing(self):
        self.calls.append("pause")

    def resume_writing(self):
        self.calls.append("resume")

    def connection_lost(self, exc):
        self.calls.append(("lost", type(exc)))
        if not self.lost.done():
            self.lost.set_result(exc)


async def connected(protocol):
    """Return the transport of `protocol`, and the blocking socket at the other end."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(10)
    transport, _ = await asyncio.get_running_loop().create_connection(lambda: protocol, sock=ours)
    return transport, theirs


async def turns(count=5):
    for _ in range(count):
        await asyncio.sleep(0.002)
