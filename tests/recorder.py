"""Protocols that note their calls, and what tests of transports do while they wait for them."""

import asyncio
import gc
import os
import socket


class Notes:
    """Keeps every call in `calls`, as a tuple that begins with its name."""

    transport = None

    def __init__(self):
        self.calls = []
        self.changed = asyncio.Event()

    def note(self, *call):
        self.calls.append(call)
        self.changed.set()

    def connection_made(self, transport):
        self.transport = transport
        self.note("made")

    def pause_writing(self):
        self.note("pause")

    def resume_writing(self):
        self.note("resume")

    def connection_lost(self, exc):
        self.note("lost", exc)

    @property
    def names(self):
        return [call[0] for call in self.calls]

    async def wait(self, name, count=1):
        """Wait until the calls of this name are so many."""
        await self.wait_until(lambda: self.names.count(name) >= count)

    async def wait_until(self, condition):
        """Wait until a call makes the condition true; ten seconds at most."""
        async with asyncio.timeout(10):
            while not condition():
                self.changed.clear()
                await self.changed.wait()


class Recorder(asyncio.Protocol):
    """Notes each call of a connection; `keep_open` is what it answers to the peer's end."""

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
    """Let the loop ask its selector so many times: it need not while tasks are ready."""
    for _ in range(count):
        await asyncio.sleep(0.001)


async def alive_after_rounds(one_round, rounds=500):
    """Play so many rounds, which return weak references; return those that are not dead then.

    No file may stay open either.
    """

    def open_files():
        return len(os.listdir("/proc/self/fd"))

    await one_round(0)
    gc.collect()
    before = open_files()
    references = [ref for number in range(rounds) for ref in await one_round(number)]
    await turns()
    gc.collect()
    assert open_files() == before
    return [ref for ref in references if ref() is not None]
