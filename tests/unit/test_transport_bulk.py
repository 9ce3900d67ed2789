"""Bulk of more than one receive: what a protocol does in the middle holds for the rest."""

import asyncio
import fcntl
import socket
import struct
import termios

import pytest
from recorder import Recorder, turns

#: The most that one receive gives.
MOST = 256 * 1024
ALL = bytes(range(256)) * 1300


class Middle(asyncio.BufferedProtocol):
    """Has `act(self)` done when the first part is there."""

    def __init__(self, act):
        self.act = act
        self.buffer = bytearray(MOST)
        self.parts = []
        self.calls = []
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.transport = transport
        transport.pause_reading()

    def get_buffer(self, sizehint):
        return self.buffer

    def buffer_updated(self, nbytes):
        self.parts.append(bytes(self.buffer[:nbytes]))
        self.calls.append("data")
        if len(self.parts) == 1:
            self.act(self)

    def eof_received(self):
        self.calls.append("eof")

    def connection_lost(self, exc):
        self.calls.append("lost")
        self.lost.set_result(exc)


def waiting_bytes(sock):
    return struct.unpack("i", fcntl.ioctl(sock, termios.FIONREAD, bytes(4)))[0]


async def connected_to_bulk(act):
    """A protocol, paused, and the socket of its peer, who has sent more than one receive gives."""
    ours, theirs = socket.socketpair()
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    ours.setblocking(False)
    theirs.setblocking(False)
    protocol = Middle(act)
    await asyncio.get_running_loop().connect_accepted_socket(lambda: protocol, ours)
    assert theirs.send(ALL) == len(ALL)
    assert waiting_bytes(ours) == len(ALL) > MOST
    return protocol, theirs


def nothing(_):
    pass


def test_everything_comes_in_order_and_the_end_once(run):
    async def main():
        protocol, theirs = await connected_to_bulk(nothing)
        theirs.close()
        protocol.transport.resume_reading()
        await asyncio.wait_for(protocol.lost, 10)
        return b"".join(protocol.parts) == ALL, protocol.calls

    assert run(main) == (True, ["data", "data", "eof", "lost"])


def test_the_same_connection_goes_on_afterwards(run):
    async def main():
        protocol, theirs = await connected_to_bulk(nothing)
        protocol.transport.resume_reading()
        await turns()
        theirs.send(b"small")
        await turns()
        theirs.close()
        await asyncio.wait_for(protocol.lost, 10)
        return b"".join(protocol.parts) == ALL + b"small", protocol.calls

    assert run(main) == (True, ["data", "data", "data", "eof", "lost"])


def test_a_pause_in_the_middle_holds(run):
    async def main():
        protocol, theirs = await connected_to_bulk(lambda me: me.transport.pause_reading())
        protocol.transport.resume_reading()
        await turns()
        paused = len(protocol.parts), len(protocol.parts[0])
        protocol.transport.resume_reading()
        theirs.close()
        await asyncio.wait_for(protocol.lost, 10)
        return paused, b"".join(protocol.parts) == ALL

    assert run(main) == ((1, MOST), True)


@pytest.mark.parametrize("end", ["close", "abort"])
def test_nothing_comes_after_an_end_in_the_middle(run, end):
    async def main():
        protocol, theirs = await connected_to_bulk(lambda me: getattr(me.transport, end)())
        protocol.transport.resume_reading()
        with theirs:
            return await asyncio.wait_for(protocol.lost, 10), protocol.calls

    assert run(main) == (None, ["data", "lost"])


def test_an_exception_in_the_middle_ends_the_connection_once(run):
    def fail(me):
        raise ValueError("no")

    async def main():
        reports = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: reports.append(context["message"]))
        protocol, theirs = await connected_to_bulk(fail)
        protocol.transport.resume_reading()
        with theirs:
            exc = await asyncio.wait_for(protocol.lost, 10)
        return type(exc), protocol.calls, len(reports)

    assert run(main) == (ValueError, ["data", "lost"], 1)


def test_another_protocol_gets_the_rest(run):
    async def main():
        second = Recorder()
        protocol, theirs = await connected_to_bulk(lambda me: me.transport.set_protocol(second))
        protocol.transport.resume_reading()
        await turns()
        theirs.close()
        await asyncio.wait_for(second.lost, 10)
        rest = b"".join(call for call in second.calls if isinstance(call, bytes))
        return protocol.parts[0] + rest == ALL, protocol.calls

    assert run(main) == (True, ["data"])


def test_a_stop_in_the_middle_loses_nothing(loop):
    async def begin():
        return await connected_to_bulk(lambda me: loop.stop())

    protocol, theirs = loop.run_until_complete(begin())
    protocol.transport.resume_reading()
    loop.run_forever()
    theirs.close()
    loop.run_until_complete(asyncio.wait_for(protocol.lost, 10))
    assert b"".join(protocol.parts) == ALL
