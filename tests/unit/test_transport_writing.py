"""Writing: at once or queued, flow control, what may be written, and writing too late."""

import array
import asyncio
import contextlib
import errno
import logging
import math
import socket
import sys

import pytest
from recorder import Recorder, connected, turns


async def read_all(peer, count):
    """Read `count` bytes from a blocking socket, in a thread."""

    def read():
        received = bytearray()
        while len(received) < count:
            chunk = peer.recv(1 << 16)
            assert chunk, "the stream ended early"
            received += chunk
        return bytes(received)

    return await asyncio.get_running_loop().run_in_executor(None, read)


@contextlib.asynccontextmanager
async def connection(protocol=None):
    protocol = protocol or Recorder()
    transport, peer = await connected(protocol)
    yield transport, peer
    transport.abort()
    await protocol.lost
    peer.close()


def fill(transport):
    """Write until something is queued; return how much was written."""
    written = 0
    while not transport.get_write_buffer_size():
        transport.write(bytes(1 << 16))
        written += 1 << 16
    return written


@pytest.mark.parametrize(
    "data", [b"bytes", bytearray(b"bytes"), memoryview(b"bytes"), memoryview(b"-b-y-t-e-s")[1:6]]
)
def test_what_fits_leaves_at_once(run, data):
    async def main():
        async with connection() as (transport, peer):
            transport.write(data)
            assert transport.get_write_buffer_size() == 0
            return peer.recv(100)

    assert run(main) == bytes(data)


@pytest.mark.parametrize("data", [b"", bytearray(), memoryview(b"")])
def test_nothing_is_written_for_nothing(run, data):
    async def main():
        async with connection() as (transport, peer):
            transport.write(data)
            transport.writelines([])
            transport.writelines([data, data])
            transport.write(b"end")
            # In a thread: up to 3.13 asyncio keeps the empty pieces until the loop turns.
            return await read_all(peer, 3)

    assert run(main) == b"end"


@pytest.mark.parametrize("data", ["text", 5, None, [b"list"], array.array("b", b"array")])
def test_what_is_not_bytes_is_refused(run, data):
    async def main():
        async with connection() as (transport, _):
            with pytest.raises(TypeError) as caught:
                transport.write(data)
            return str(caught.value)

    if sys.version_info >= (3, 13):
        wanted = "data argument must be a bytes, bytearray, or memoryview object, not "
    else:
        wanted = "data argument must be a bytes-like object, not "
    assert run(main) == wanted + repr(type(data).__name__)


def test_a_queue_of_every_kind_keeps_its_order(run):
    async def main():
        async with connection() as (transport, peer):
            size = fill(transport)
            for number in range(300):
                data = b"%08d" % number
                kind = (bytes, bytearray, memoryview)[number % 3]
                transport.write(kind(data))
            transport.writelines([b"one", bytearray(b"two"), memoryview(b"three")])
            tail = b"".join(b"%08d" % number for number in range(300)) + b"onetwothree"
            received = await read_all(peer, size + len(tail))
            assert transport.get_write_buffer_size() == 0
            return received[size:] == tail

    assert run(main)


@pytest.mark.only("aioxide")
def test_a_bytearray_may_change_after_write(run):
    async def main():
        async with connection() as (transport, peer):
            size = fill(transport)
            data = bytearray(b"before")
            transport.write(data)
            transport.writelines([data])
            data[:] = b"after, and longer"
            received = await read_all(peer, size + 12)
            return received[size:]

    assert run(main) == b"beforebefore"


def test_writelines_sends_lines_of_any_kind(run):
    async def main():
        async with connection() as (transport, peer):
            transport.writelines(iter([b"one ", bytearray(b"two "), memoryview(b"three")]))
            return await read_all(peer, 13)

    assert run(main) == b"one two three"


def test_writelines_refuses_what_is_not_bytes_and_sends_nothing(implementation, run):
    if implementation == "asyncio" and sys.version_info >= (3, 15):
        pytest.skip("since 3.15 asyncio keeps the pieces before it, and sends nothing any more")

    async def main():
        async with connection() as (transport, peer):
            with pytest.raises(TypeError):
                transport.writelines([b"never sent", "text"])
            transport.write(b"sent")
            return peer.recv(100)

    assert run(main) == b"sent"


def test_the_protocol_pauses_above_the_high_mark_and_resumes_at_the_low_one(run):
    async def main():
        protocol = Recorder()
        async with connection(protocol) as (transport, peer):
            transport.set_write_buffer_limits(high=100_000, low=10)
            written = fill(transport)
            while transport.get_write_buffer_size() <= 100_000:
                assert "pause" not in protocol.calls
                transport.write(bytes(20_000))
                written += 20_000
            assert protocol.calls.count("pause") == 1
            transport.write(b"more")
            assert transport._protocol_paused
            await read_all(peer, written + 4)
            await turns()
            return protocol.calls[:], transport._protocol_paused

    assert run(main) == (["made", "pause", "resume"], False)


def test_limits_set_below_what_is_queued_pause_at_once(run):
    async def main():
        protocol = Recorder()
        async with connection(protocol) as (transport, _):
            transport.set_write_buffer_limits(high=1 << 30)
            fill(transport)
            before = list(protocol.calls)
            transport.set_write_buffer_limits(high=0)
            return before, protocol.calls[:]

    assert run(main) == (["made"], ["made", "pause"])


@pytest.mark.parametrize(
    ("marks", "limits"),
    [
        ({}, (16384, 65536)),
        ({"high": 1000}, (250, 1000)),
        ({"low": 1000}, (1000, 4000)),
        ({"high": 0}, (0, 0)),
        ({"high": 7, "low": 7}, (7, 7)),
    ],
)
def test_one_mark_follows_from_the_other(run, marks, limits):
    async def main():
        async with connection() as (transport, _):
            transport.set_write_buffer_limits(**marks)
            return transport.get_write_buffer_limits()

    assert run(main) == limits


@pytest.mark.parametrize("marks", [{"high": 1, "low": 2}, {"low": -1}, {"high": -5}])
def test_marks_that_contradict_each_other_are_refused(run, marks):
    async def main():
        async with connection() as (transport, _):
            with pytest.raises(ValueError, match=r"^high \(.*\) must be >= low") as caught:
                transport.set_write_buffer_limits(**marks)
            return str(caught.value), transport.get_write_buffer_limits()

    text, limits = run(main)
    assert text.endswith("must be >= 0") and limits == (16384, 65536)


def test_an_infinite_high_mark_never_pauses(run):
    async def main():
        protocol = Recorder()
        async with connection(protocol) as (transport, _):
            transport.set_write_buffer_limits(high=math.inf, low=0)
            transport.write(bytes(8 << 20))
            return protocol.calls[:]

    assert run(main) == ["made"]


def test_a_protocol_that_raises_when_paused_is_reported(run):
    async def main():
        protocol = Recorder()

        def fail():
            raise ValueError("no")

        protocol.pause_writing = fail
        async with connection(protocol) as (transport, _):
            transport.write(bytes(8 << 20))
            assert not transport.is_closing()
            (report,) = run.reports
            run.reports.clear()
            assert report["transport"] is transport and report["protocol"] is protocol
            return report["message"], str(report["exception"])

    assert run(main) == ("protocol.pause_writing() failed", "no")


def test_late_writes_are_silent_at_first_and_then_warned_of(run, caplog):
    async def main():
        protocol = Recorder()
        transport, peer = await connected(protocol)
        transport.close()
        warned = []
        with caplog.at_level(logging.WARNING, logger="asyncio"):
            for _ in range(7):
                caplog.clear()
                transport.write(b"late")
                warned.append([record.getMessage() for record in caplog.records])
        await protocol.lost
        transport.write(b"later still")
        transport.writelines([])
        peer.close()
        return warned

    assert run(main) == [[]] * 4 + [["socket.send() raised exception."]] * 3


def test_writing_to_a_vanished_peer_loses_the_connection(run):
    async def main():
        protocol = Recorder(keep_open=True)
        transport, peer = await connected(protocol)
        transport.pause_reading()
        peer.close()
        transport.write(b"x")
        assert transport.is_closing()
        await protocol.lost
        return protocol.calls

    assert run(main) == ["made", ("lost", BrokenPipeError)]


def test_a_socket_that_was_closed_behind_the_transports_back_is_an_error(run):
    async def main():
        protocol = Recorder()
        ours, peer = socket.socketpair()
        transport, _ = await asyncio.get_running_loop().create_connection(
            lambda: protocol, sock=ours
        )
        transport.pause_reading()
        number = ours.fileno()
        ours.close()
        # The number goes to another file, which must not get the bytes.
        bystander, other = socket.socketpair()
        assert number in (bystander.fileno(), other.fileno())
        transport.write(b"not for the bystander")
        lost = await protocol.lost
        for end in (bystander, other):
            end.setblocking(False)
            with pytest.raises(BlockingIOError):
                end.recv(10)
        bystander.close()
        other.close()
        peer.close()
        return type(lost), lost.errno

    assert run(main) == (OSError, errno.EBADF)


def test_small_writes_leave_without_delay(run):
    async def main():
        loop = asyncio.get_running_loop()
        listener = socket.create_server(("127.0.0.1", 0))
        protocol = Recorder()
        transport, _ = await loop.create_connection(lambda: protocol, *listener.getsockname())
        sock = transport.get_extra_info("socket")
        delay = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert transport.get_extra_info("peername") == listener.getsockname()
        assert transport.get_extra_info("sockname") == sock.getsockname()
        assert transport.get_extra_info("nothing") is None
        assert transport.get_extra_info("nothing", default=5) == 5
        transport.close()
        await protocol.lost
        listener.close()
        return bool(delay)

    assert run(main)


@pytest.mark.only("aioxide")
def test_a_stream_over_a_native_transport_is_fed_without_a_call(aio, run):
    """Neither side of a stream goes through a method that Python could see."""

    async def main():
        called = []
        ours, peer = socket.socketpair()
        reader, writer = await aio.open_connection(sock=ours)
        protocol = writer.transport.get_protocol()
        for name in ("data_received", "write"):
            owner = type(protocol) if name == "data_received" else type(writer.transport)
            original = getattr(owner, name)
            setattr(owner, name, lambda *args, name=name: called.append(name))
            try:
                peer.sendall(b"question\n")
                assert await reader.readline() == b"question\n"
                writer.write(b"answer")
                await writer.drain()
                assert peer.recv(100) == b"answer"
            finally:
                setattr(owner, name, original)
        writer.close()
        await writer.wait_closed()
        peer.close()
        return called

    assert run(main) == []
