"""Writes that follow each other within moments leave together; nobody can tell but by the clock.

The peer is a plain socket that is looked at from inside the turn. What asyncio does at once,
aioxide does at once for a connection that writes once in a turn, and at the end of the turn for one
that is known to write several times.
"""

import asyncio
import contextlib
import os
import random
import socket
import threading
import time

import pytest

from toolkit import is_ours

PATIENCE_SECONDS = 10
#: Far more than the moments that may lie between two writes of an answer.
PAUSE_SECONDS = 0.005
TURNS = 3


class Calls(asyncio.Protocol):
    """Keeps what it is told, and whether it may write."""

    def __init__(self):
        self.paused = False
        self.calls = []
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.transport = transport

    def pause_writing(self):
        self.paused = True
        self.calls.append("pause")

    def resume_writing(self):
        self.paused = False
        self.calls.append("resume")

    def connection_lost(self, exc):
        self.lost.set_result(exc)


@contextlib.asynccontextmanager
async def connection():
    """A transport's protocol, and the plain socket at the other end, which does not block."""
    near, peer = socket.socketpair()
    with peer:
        peer.setblocking(False)
        _, protocol = await asyncio.get_running_loop().create_connection(Calls, sock=near)
        yield protocol, peer
        protocol.transport.abort()
        await protocol.lost


def arrived(peer):
    """What the peer has got so far."""
    data = b""
    with contextlib.suppress(BlockingIOError):
        while chunk := peer.recv(1 << 20):
            data += chunk
    return data


async def make_habit(protocol, peer):
    """Write twice in each of some turns, without a pause."""
    for _ in range(TURNS):
        protocol.transport.write(b"header")
        protocol.transport.write(b"body")
        await asyncio.sleep(0)
        assert arrived(peer) == b"headerbody"


def in_a_turn(run, act):
    """Run `act(protocol, peer)` for a connection with the habit, in one turn; what it returns."""

    async def main():
        async with connection() as (protocol, peer):
            await make_habit(protocol, peer)
            found = act(protocol, peer)
            await asyncio.sleep(0)
            return found, arrived(peer)

    return run(main)


def test_a_header_waits_for_its_body(run):
    """Where a busy machine interrupts the two writes, the habit has to be made anew."""

    async def main():
        found = set()
        async with connection() as (protocol, peer):
            for _ in range(50):
                await make_habit(protocol, peer)
                protocol.transport.write(b"header")
                first = arrived(peer)
                protocol.transport.write(b"body")
                at_once = first + arrived(peer)
                await asyncio.sleep(0)
                found.add((at_once, arrived(peer)))
            return found, is_ours(protocol.transport)

    found, ours = run(main)
    assert found <= {(b"headerbody", b""), (b"", b"headerbody")}
    assert ((b"", b"headerbody") in found) == ours


def test_single_writes_leave_at_once(run):
    async def main():
        async with connection() as (protocol, peer):
            for _ in range(5):
                protocol.transport.write(b"single")
                assert arrived(peer) == b"single"
                await asyncio.sleep(0)

    run(main)


def test_the_habit_ends_with_a_write_that_waits_in_vain(run):
    async def main():
        async with connection() as (protocol, peer):
            await make_habit(protocol, peer)
            protocol.transport.write(b"single")
            await asyncio.sleep(0)
            assert arrived(peer) == b"single"
            protocol.transport.write(b"again")
            assert arrived(peer) == b"again"

    run(main)


def test_whoever_pauses_between_two_writes_sends_each_at_once(run):
    async def main():
        async with connection() as (protocol, peer):
            for number in range(5):
                protocol.transport.write(b"%d" % number)
                assert arrived(peer) == b"%d" % number
                time.sleep(PAUSE_SECONDS)

    run(main)


def test_a_pause_ends_the_habit(run):
    def act(protocol, peer):
        protocol.transport.write(b"one")
        time.sleep(PAUSE_SECONDS)
        protocol.transport.write(b"two")
        together = arrived(peer)
        protocol.transport.write(b"three")
        return together + arrived(peer)

    assert in_a_turn(run, act) == (b"onetwothree", b"")


def test_much_does_not_wait(run):
    large = bytes(20_000)

    def act(protocol, peer):
        protocol.transport.write(b"header")
        protocol.transport.write(large)
        return arrived(peer)

    assert in_a_turn(run, act) == (b"header" + large, b"")


ORDERS = {
    "close": lambda transport: transport.close(),
    "abort": lambda transport: transport.abort(),
    "write_eof": lambda transport: transport.write_eof(),
    "get_write_buffer_size": lambda transport: transport.get_write_buffer_size(),
    "set_write_buffer_limits": lambda transport: transport.set_write_buffer_limits(0),
    "_buffer": lambda transport: transport._buffer,
}


@pytest.mark.parametrize("order", ORDERS)
def test_whatever_else_is_done_comes_behind_what_was_written(run, order):
    def act(protocol, peer):
        protocol.transport.write(b"last ")
        protocol.transport.write(b"words")
        result = ORDERS[order](protocol.transport)
        if order == "get_write_buffer_size":
            assert result == 0
        return arrived(peer)

    assert in_a_turn(run, act) == (b"last words", b"")


def test_lines_come_behind_what_was_written(run):
    def act(protocol, peer):
        protocol.transport.write(b"header ")
        protocol.transport.writelines([b"one ", bytearray(b"two ")])
        protocol.transport.write(b"three")
        return arrived(peer)

    at_once, later = in_a_turn(run, act)
    assert at_once + later == b"header one two three"


@contextlib.asynccontextmanager
async def streams(aio):
    """A reader and a writer of the namespace under test, and the plain socket at the other end."""
    near, peer = socket.socketpair()
    with peer:
        peer.setblocking(False)
        reader, writer = await aio.open_connection(sock=near)
        yield reader, writer, peer
        writer.close()
        await writer.wait_closed()


def test_drain_sends(aio, run):
    async def main():
        async with streams(aio) as (_, writer, peer):
            for _ in range(TURNS):
                writer.write(b"one")
                writer.write(b"two")
                await writer.drain()
                assert arrived(peer) == b"onetwo"

    run(main)


def test_answers_to_what_came_together_leave_together(aio, run):
    """A peer that has asked several things at once gets them at once, and nothing is held back."""
    lines = [b"%d\n" % number for number in range(20)]

    async def main():
        async with streams(aio) as (reader, writer, peer):
            for _ in range(TURNS):
                peer.send(b"".join(lines))
                for line in lines:
                    assert await reader.readline() == line
                    writer.write(line)
                    await writer.drain()
                await asyncio.sleep(0)
                assert arrived(peer) == b"".join(lines)

    run(main)


def test_what_may_change_is_copied(run):
    def act(protocol, peer):
        header, body = bytearray(b"header"), bytearray(b"body")
        protocol.transport.write(header)
        protocol.transport.write(memoryview(body))
        header[:] = b"HEADER"
        body[:] = b"BODY"

    assert in_a_turn(run, act)[1] in (b"headerbody", b"")


@pytest.mark.parametrize("how", ["stop", "exit", "interrupt", "cancel"])
def test_it_leaves_however_the_loop_ends(run, how):
    near, peer = socket.socketpair()
    peer.setblocking(False)
    loop = run.loop_factory()

    async def begin():
        _, protocol = await loop.create_connection(Calls, sock=near)
        await make_habit(protocol, peer)
        return protocol

    def act():
        protocol.transport.write(b"header")
        protocol.transport.write(b"body")
        if how == "stop":
            loop.stop()
        elif how == "exit":
            raise SystemExit
        elif how == "interrupt":
            raise KeyboardInterrupt
        else:
            waiting.cancel()

    protocol = loop.run_until_complete(begin())
    waiting = loop.create_future()
    loop.call_soon(act)
    with contextlib.suppress(SystemExit, KeyboardInterrupt, asyncio.CancelledError):
        if how == "cancel":
            loop.run_until_complete(waiting)
        else:
            loop.run_forever()
    assert arrived(peer) == b"headerbody"
    protocol.transport.write(b"outside ")
    protocol.transport.write(b"of a turn")
    assert arrived(peer) == b"outside of a turn"
    protocol.transport.abort()
    loop.run_until_complete(protocol.lost)
    loop.close()
    peer.close()


def test_an_exception_of_a_callback_holds_nothing_back(run):
    async def main():
        async with connection() as (protocol, peer):
            await make_habit(protocol, peer)

            def act():
                protocol.transport.write(b"header")
                protocol.transport.write(b"body")
                raise LookupError("after both")

            asyncio.get_running_loop().call_soon(act)
            await asyncio.sleep(0.001)
            assert arrived(peer) == b"headerbody"

    run(main)
    assert isinstance(run.reports.pop()["exception"], LookupError)


def test_a_peer_that_has_gone_is_noticed(run):
    async def main():
        async with connection() as (protocol, peer):
            await make_habit(protocol, peer)
            protocol.transport.pause_reading()
            peer.close()
            protocol.transport.write(b"header")
            protocol.transport.write(b"body")
            async with asyncio.timeout(PATIENCE_SECONDS):
                error = await protocol.lost
            assert isinstance(error, BrokenPipeError)
            assert protocol.transport.is_closing()

    run(main)


def test_a_full_socket_pauses_the_protocol_and_loses_nothing(run):
    chance = random.Random(5)
    pieces = [bytes([number % 256]) * chance.randrange(1, 9000) for number in range(600)]

    async def main():
        async with connection() as (protocol, peer):
            await make_habit(protocol, peer)
            protocol.transport.set_write_buffer_limits(1000)
            loop, received = asyncio.get_running_loop(), b""
            for piece in pieces:
                protocol.transport.write(piece)
                if chance.random() < 0.3:
                    await asyncio.sleep(0)
                while protocol.paused:
                    received += await loop.sock_recv(peer, 1 << 20)
            async with asyncio.timeout(PATIENCE_SECONDS):
                while len(received) < sum(map(len, pieces)):
                    received += await loop.sock_recv(peer, 1 << 20)
            assert received == b"".join(pieces)
            assert protocol.calls.count("pause") == protocol.calls.count("resume") > 0

    run(main)


def test_another_thread_is_not_kept_waiting(run):
    """Writing from a thread is forbidden, and works in asyncio while the loop is idle."""

    async def main():
        async with connection() as (protocol, peer):
            await make_habit(protocol, peer)
            loop, idle = asyncio.get_running_loop(), asyncio.Event()

            def work():
                time.sleep(PAUSE_SECONDS)
                for _ in range(TURNS):
                    protocol.transport.write(b"header")
                    protocol.transport.write(b"body")
                found.append(arrived(peer))
                loop.call_soon_threadsafe(idle.set)

            found = []
            thread = threading.Thread(target=work)
            thread.start()
            await idle.wait()
            thread.join()
            return found

    assert run(main) == [b"headerbody" * TURNS]


def test_a_child_process_does_not_send_it_again(run):
    def act(protocol, peer):
        protocol.transport.write(b"header")
        protocol.transport.write(b"body")
        child = os.fork()
        if child == 0:
            try:
                protocol.transport.get_write_buffer_size()
            finally:
                os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        return arrived(peer)

    at_once, later = in_a_turn(run, act)
    assert at_once + later == b"headerbody"


def test_many_connections_and_many_turns(run):
    async def main():
        chance = random.Random(7)
        async with contextlib.AsyncExitStack() as stack:
            pairs = [await stack.enter_async_context(connection()) for _ in range(20)]
            sent, received = [b""] * len(pairs), [b""] * len(pairs)
            for _ in range(200):
                for _ in range(chance.randrange(1, 60)):
                    place = chance.randrange(len(pairs))
                    data = chance.randbytes(chance.choice([0, 1, 10, 100, 3000]))
                    pairs[place][0].transport.write(data)
                    sent[place] += data
                await asyncio.sleep(0)
                for place, (_, peer) in enumerate(pairs):
                    received[place] += arrived(peer)
                assert received == sent

    run(main)
