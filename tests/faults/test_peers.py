"""Peers that vanish or dawdle: resets while paused, slow readers, buffers that fill up."""

import sys

import pytest

from faults.scenery import (
    IDLE_CPU_SECONDS,
    BufferedRecorder,
    Recorder,
    connect,
    cpu_seconds_of_idling,
    reset,
    unix_pair,
    until,
)
from toolkit import settle

MIB = 1 << 20


@pytest.mark.parametrize("factory", [Recorder, BufferedRecorder])
def test_a_reset_while_reading_is_paused_is_told_after_resuming(aio, run, factory):
    async def main():
        transport, protocol, peer = await connect(aio, factory)
        await settle(aio)
        transport.pause_reading()
        reset(peer)
        # The kernel reports a broken connection whether one asks for it or not: a trap for a loop.
        assert await cpu_seconds_of_idling(aio) < IDLE_CPU_SECONDS
        assert protocol.calls == ["connection_made"]
        transport.resume_reading()
        error = await protocol.end()
        assert isinstance(error, ConnectionResetError)
        assert protocol.calls == ["connection_made", "connection_lost"]

    run(main)


def test_an_end_while_reading_is_paused_is_told_after_the_data(aio, run):
    async def main():
        transport, protocol, peer = await connect(aio, Recorder)
        await settle(aio)
        transport.pause_reading()
        peer.send(b"last words")
        peer.close()
        assert await cpu_seconds_of_idling(aio) < IDLE_CPU_SECONDS
        assert protocol.calls == ["connection_made"]
        transport.resume_reading()
        assert await protocol.end() is None
        assert protocol.data == b"last words"
        assert protocol.calls == [
            "connection_made",
            "data_received",
            "eof_received",
            "connection_lost",
        ]

    run(main)


def test_a_reset_while_writing_is_paused_ends_the_connection(aio, run):
    async def main():
        transport, protocol, peer = await connect(aio, Recorder)
        await settle(aio)
        transport.pause_reading()
        while "pause_writing" not in protocol.calls:
            transport.write(bytes(MIB))
        reset(peer)
        error = await protocol.end()
        assert isinstance(error, (ConnectionResetError, BrokenPipeError))
        assert protocol.calls == ["connection_made", "pause_writing", "connection_lost"]
        assert transport.get_write_buffer_size() == 0

    run(main)


def test_an_abort_drops_what_was_not_sent(aio, run):
    async def main():
        transport, protocol, peer = await connect(aio, Recorder, unix_pair)
        transport.write(bytes(MIB))
        assert transport.get_write_buffer_size() > 0
        transport.abort()
        assert transport.is_closing() and protocol.calls == ["connection_made", "pause_writing"]
        assert await protocol.end() is None
        assert transport.get_write_buffer_size() == 0
        peer.close()

    run(main)


@pytest.mark.parametrize("sent", ["write", "writelines"])
def test_a_slow_reader_holds_a_fast_writer_at_the_high_water_mark(implementation, aio, run, sent):
    if implementation == "asyncio" and sent == "writelines" and sys.version_info < (3, 13):
        pytest.skip("early patches of 3.12 forgot the mark in writelines")
    high, chunk = 64 * 1024, 16 * 1024

    class Writer(Recorder):
        paused = False

        def pause_writing(self):
            assert not self.paused
            self.paused = True
            self.calls.append("pause_writing")

        def resume_writing(self):
            assert self.paused
            self.paused = False
            self.calls.append("resume_writing")

    async def main():
        loop = aio.get_running_loop()
        transport, protocol, peer = await connect(aio, Writer, unix_pair)
        transport.set_write_buffer_limits(high=high, low=chunk)
        peer.setblocking(False)
        sizes, received, total, written = [], 0, 4 * MIB, 0
        contents = bytes(range(256)) * (chunk // 256)
        while received < total:
            while written < total and not protocol.paused:
                if sent == "write":
                    transport.write(contents)
                else:
                    transport.writelines([contents[:100], contents[100:]])
                written += chunk
                sizes.append(transport.get_write_buffer_size())
            piece = await loop.sock_recv(peer, 50_000)
            assert piece[0] == received % 256
            received += len(piece)
            await aio.sleep(0)
        assert written == received == total
        assert high < max(sizes) <= high + chunk
        pauses = protocol.calls.count("pause_writing")
        assert pauses == protocol.calls.count("resume_writing") > 5
        transport.close()
        await protocol.end()
        peer.close()

    run(main)


def test_streams_hold_the_high_water_mark_too(aio, run):
    async def main():
        loop = aio.get_running_loop()
        ours, peer = unix_pair()
        _, writer = await aio.open_connection(sock=ours)
        peer.setblocking(False)
        sizes = []

        async def write():
            for _ in range(200):
                writer.write(bytes(16 * 1024))
                sizes.append(writer.transport.get_write_buffer_size())
                await writer.drain()
            writer.close()
            await writer.wait_closed()

        writing = aio.create_task(write())
        received = 0
        while piece := await loop.sock_recv(peer, 30_000):
            received += len(piece)
        await writing
        _, high = writer.transport.get_write_buffer_limits()
        assert received == 200 * 16 * 1024
        assert high < max(sizes) <= high + 16 * 1024
        peer.close()

    run(main)


def test_a_reader_that_is_not_read_pauses_its_transport(aio, run):
    async def main():
        ours, peer = unix_pair()
        reader, writer = await aio.open_connection(sock=ours, limit=1024)
        peer.setblocking(False)
        sent = 0
        # Everything that the stream and the kernel take, until nobody takes more.
        for _ in range(1000):
            try:
                sent += peer.send(bytes(4096))
            except BlockingIOError:
                await aio.sleep(0)
        await settle(aio)
        assert not writer.transport.is_reading()
        assert sent < 4 * MIB
        peer.close()
        assert len(await reader.read()) == sent
        writer.close()
        await writer.wait_closed()

    run(main)


def test_a_transport_that_closes_sends_the_rest_and_what_is_written_meanwhile(aio, run):
    async def main():
        loop = aio.get_running_loop()
        transport, protocol, peer = await connect(aio, Recorder, unix_pair)
        transport.write(bytes(MIB))
        transport.close()
        transport.write(b"a little more")
        peer.setblocking(False)
        received = 0
        while piece := await loop.sock_recv(peer, MIB):
            received += len(piece)
        assert received == MIB + len(b"a little more")
        assert await protocol.end() is None
        peer.close()

    run(main)


def test_half_a_close_leaves_the_other_half_open(aio, run):
    class Answerer(Recorder):
        def eof_received(self):
            super().eof_received()
            return True

    async def main():
        loop = aio.get_running_loop()
        transport, protocol, peer = await connect(aio, Answerer)
        peer.shutdown(1)
        await until(aio, lambda: "eof_received" in protocol.calls)
        assert await cpu_seconds_of_idling(aio) < IDLE_CPU_SECONDS
        transport.write(b"still here")
        transport.write_eof()
        assert await loop.run_in_executor(None, peer.recv, 100) == b"still here"
        assert await loop.run_in_executor(None, peer.recv, 100) == b""
        transport.close()
        assert await protocol.end() is None
        peer.close()

    run(main)
