"""The two ends of a pipe as transports: data and its end, flow control, and what breaks."""

import asyncio
import contextlib
import errno
import gc
import io
import logging
import os
import pty
import re
import socket
import tempfile
import weakref

import pytest
from recorder import Notes, alive_after_rounds, turns


class Recorder(Notes, asyncio.Protocol):
    """Keeps every call; `data` is what came, end to end."""

    def data_received(self, data):
        assert type(data) is bytes
        self.note("data", data)

    def eof_received(self):
        self.note("eof")

    @property
    def data(self):
        return b"".join(call[1] for call in self.calls if call[0] == "data")


@contextlib.asynccontextmanager
async def reading(factory=Recorder):
    """A transport that reads, its protocol, and the number of the other end."""
    ours, theirs = os.pipe()
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.connect_read_pipe(factory, io.FileIO(ours, "rb"))
    try:
        yield transport, protocol, theirs
    finally:
        transport.close()
        with contextlib.suppress(OSError):
            os.close(theirs)
        await turns(1)


@contextlib.asynccontextmanager
async def writing(factory=Recorder):
    """A transport that writes, its protocol, and the number of the other end."""
    theirs, ours = os.pipe()
    os.set_blocking(theirs, False)
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.connect_write_pipe(factory, io.FileIO(ours, "wb"))
    try:
        yield transport, protocol, theirs
    finally:
        # asyncio's refuses when the pipe is closed already.
        with contextlib.suppress(AttributeError):
            transport.abort()
        with contextlib.suppress(OSError):
            os.close(theirs)
        await turns(1)


def masked(subject):
    return re.sub(r"fd=\d+", "fd=N", repr(subject))


async def drained(transport, fd, size):
    """Read `size` bytes that the transport writes when there is room."""
    data = b""
    async with asyncio.timeout(10):
        while len(data) < size:
            with contextlib.suppress(BlockingIOError):
                data += os.read(fd, 1 << 20)
            await turns(1)
    return data


def test_they_are_asyncios_transports_for_whoever_asks(run):
    async def main():
        async with reading() as (reader, _, _), writing() as (writer, _, _):
            assert isinstance(reader, asyncio.ReadTransport)
            assert isinstance(reader, asyncio.unix_events._UnixReadPipeTransport)
            assert isinstance(writer, asyncio.WriteTransport)
            assert isinstance(writer, asyncio.unix_events._UnixWritePipeTransport)
            for end in (reader, writer):
                assert weakref.ref(end)() is end
                assert end.get_extra_info("pipe").fileno() == end._fileno
                assert end.get_extra_info("no such", "default") == "default"
                assert not os.get_blocking(end._fileno)
                end.colour = "red"

    run(main)


@pytest.mark.only("aioxide")
def test_they_are_native(run):
    async def main():
        async with reading() as (reader, _, _), writing() as (writer, _, _):
            return {type(reader).__module__, type(writer).__module__}

    assert run(main) == {"aioxide._native"}


def test_data_comes_then_the_end_then_the_loss(run):
    async def main():
        async with reading() as (transport, protocol, theirs):
            os.write(theirs, b"one")
            await protocol.wait("data")
            os.write(theirs, b"two")
            os.close(theirs)
            await protocol.wait("lost")
            assert transport.is_closing()
            return protocol.calls

    assert run(main) == [("made",), ("data", b"one"), ("data", b"two"), ("eof",), ("lost", None)]


def test_a_megabyte_comes_whole(run):
    payload = os.urandom(1 << 20)

    async def main():
        async with reading() as (_, protocol, theirs):
            sent = 0
            os.set_blocking(theirs, False)
            while sent < len(payload):
                with contextlib.suppress(BlockingIOError):
                    sent += os.write(theirs, payload[sent:])
                await turns(1)
            await protocol.wait_until(lambda: len(protocol.data) == len(payload))
            return protocol.data == payload

    assert run(main)


def test_a_paused_reader_reads_nothing(run):
    async def main():
        async with reading() as (transport, protocol, theirs):
            transport.pause_reading()
            transport.pause_reading()
            assert not transport.is_reading()
            os.write(theirs, b"later")
            await turns()
            assert protocol.names == ["made"]
            transport.resume_reading()
            transport.resume_reading()
            await protocol.wait("data")

    run(main)


def test_the_protocol_may_be_changed_in_its_own_call(run):
    class Switching(Recorder):
        def data_received(self, data):
            super().data_received(data)
            self.transport.set_protocol(other)

    other = None

    async def main():
        nonlocal other
        other = Recorder()
        async with reading(Switching) as (transport, protocol, theirs):
            os.write(theirs, b"one")
            await protocol.wait("data")
            assert transport.get_protocol() is other
            os.write(theirs, b"two")
            os.close(theirs)
            await other.wait("lost")
            return protocol.names, other.names

    assert run(main) == (["made", "data"], ["data", "eof", "lost"])


def test_exceptions_of_data_received_are_reported_and_reading_goes_on(run):
    class Failing(Recorder):
        def data_received(self, data):
            super().data_received(data)
            raise LookupError(data)

    async def main():
        async with reading(Failing) as (_, protocol, theirs):
            for text in (b"one", b"two"):
                os.write(theirs, text)
                await protocol.wait_until(lambda text=text: protocol.data.endswith(text))
            await turns()

    run(main)
    assert [report["exception"].args for report in run.reports] == [(b"one",), (b"two",)]
    run.reports.clear()


@pytest.mark.parametrize("method", ["connection_made", "eof_received", "connection_lost"])
def test_exceptions_of_other_methods_are_reported_and_the_pipe_is_closed(run, method):
    def fail(self, *args):
        getattr(Recorder, method)(self, *args)
        raise LookupError(method)

    failing = type("Failing", (Recorder,), {method: fail})

    async def main():
        async with reading(failing) as (transport, protocol, theirs):
            pipe = transport.get_extra_info("pipe")
            os.close(theirs)
            await protocol.wait("lost")
            await turns()
            assert pipe.closed

    run(main)
    assert str(run.reports.pop()["exception"]) == method


def test_a_terminal_that_hangs_up_ends_quietly_with_its_error(run):
    async def main():
        master, slave = pty.openpty()
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.connect_read_pipe(Recorder, io.FileIO(master, "rb"))
        os.write(slave, b"typed")
        await protocol.wait("data")
        os.close(slave)
        await protocol.wait("lost")
        assert transport.is_closing()
        return protocol.calls[-1][1].errno, protocol.names

    assert run(main) == (errno.EIO, ["made", "data", "lost"])


def test_a_terminal_can_be_written_to_and_typing_does_not_close_it(run):
    async def main():
        master, slave = pty.openpty()
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.connect_write_pipe(Recorder, io.FileIO(slave, "wb"))
        os.write(master, b"typed\n")
        await turns()
        transport.write(b"shown")
        # The terminal itself shows what is typed.
        assert b"shown" in await drained(transport, master, len("typed\r\nshown"))
        assert protocol.names == ["made"]
        transport.close()
        await protocol.wait("lost")
        os.close(master)

    run(main)


def test_sockets_are_pipes_too(run):
    async def main():
        one, two = socket.socketpair()
        loop = asyncio.get_running_loop()
        reader, protocol = await loop.connect_read_pipe(Recorder, one)
        two.send(b"hello")
        await protocol.wait("data")
        two.close()
        await protocol.wait("lost")
        assert one.fileno() == -1
        one, two = socket.socketpair()
        writer, protocol = await loop.connect_write_pipe(Recorder, one)
        writer.write(b"hello")
        assert two.recv(10) == b"hello"
        two.close()
        await protocol.wait("lost")
        assert reader.is_closing()
        assert writer.is_closing()

    run(main)


def test_files_are_refused(run):
    async def main():
        loop = asyncio.get_running_loop()
        with tempfile.TemporaryFile() as file:
            with pytest.raises(ValueError, match=r"^Pipe transport is for pipes/sockets only\.$"):
                await loop.connect_read_pipe(Recorder, file)
            text = "Pipe transport is only for pipes, sockets and character devices"
            with pytest.raises(ValueError, match=f"^{text}$"):
                await loop.connect_write_pipe(Recorder, file)
            assert not file.closed

    run(main)


@pytest.mark.parametrize("data", [b"bytes", bytearray(b"array"), memoryview(b"view")])
def test_bytes_of_every_kind_are_written_at_once(run, data):
    async def main():
        async with writing() as (transport, _, theirs):
            transport.write(data)
            transport.write(b"")
            transport.writelines([b"-", b"more"])
            return os.read(theirs, 100)

    assert run(main) == bytes(data) + b"-more"


@pytest.mark.parametrize("data", ["text", None, 5])
def test_other_data_is_refused(run, data):
    async def main():
        async with writing() as (transport, _, _):
            with pytest.raises(AssertionError) as raised:
                transport.write(data)
            assert str(raised.value) == repr(data)
            assert not transport.is_closing()

    run(main)


@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_a_full_pipe_queues_and_everything_arrives_in_order(run, kind):
    payload = os.urandom(500_000)

    async def main():
        async with writing() as (transport, protocol, theirs):
            data = kind(payload)
            transport.write(data)
            if kind is bytearray:
                data[:] = bytes(len(data))
            transport.write(b"end")
            queued = transport.get_write_buffer_size()
            assert 0 < queued < len(payload)
            assert bytes(transport._buffer) == (payload + b"end")[-queued:]
            assert protocol.names == ["made", "pause"]
            transport.close()
            assert transport.is_closing()
            got = await drained(transport, theirs, len(payload) + 3)
            assert got == payload + b"end"
            await protocol.wait("lost")
            return protocol.calls

    assert run(main) == [("made",), ("pause",), ("resume",), ("lost", None)]


def test_the_writer_resumes_when_all_is_written(run):
    async def main():
        async with writing() as (transport, protocol, theirs):
            transport.set_write_buffer_limits(high=10)
            assert transport.get_write_buffer_limits() == (2, 10)
            transport.write(bytes(300_000))
            assert protocol.names == ["made", "pause"]
            os.read(theirs, 100_000)
            await turns()
            assert protocol.names == ["made", "pause"]
            await drained(transport, theirs, 200_000)
            await protocol.wait("resume")
            assert transport.get_write_buffer_size() == 0

    run(main)


@pytest.mark.parametrize("end", ["close", "write_eof"])
def test_closing_twice_tells_the_protocol_once(run, end):
    async def main():
        async with writing() as (transport, protocol, theirs):
            assert transport.can_write_eof()
            transport.write(b"last")
            getattr(transport, end)()
            getattr(transport, end)()
            assert protocol.names == ["made"]
            await protocol.wait("lost")
            await turns()
            transport.close()
            assert os.read(theirs, 100) == b"last"
            assert os.read(theirs, 100) == b""
            return protocol.calls

    assert run(main) == [("made",), ("lost", None)]


def test_abort_drops_what_is_queued(run):
    async def main():
        async with writing() as (transport, protocol, _):
            transport.write(bytes(300_000))
            transport.abort()
            assert transport.get_write_buffer_size() == 0
            await protocol.wait("lost")
            return protocol.calls

    assert run(main) == [("made",), ("pause",), ("lost", None)]


def test_a_reader_that_leaves_is_noticed(run):
    async def main():
        async with writing() as (_, protocol, theirs):
            os.close(theirs)
            await protocol.wait("lost")
            return protocol.calls

    assert run(main) == [("made",), ("lost", None)]


def test_a_reader_that_leaves_with_data_queued_breaks_the_pipe(run):
    async def main():
        async with writing() as (transport, protocol, theirs):
            transport.write(bytes(300_000))
            os.close(theirs)
            await protocol.wait("lost")
            await turns()
            return protocol.names, type(protocol.calls[-1][1])

    assert run(main) == (["made", "pause", "lost"], BrokenPipeError)


def test_writing_to_a_reader_that_has_just_left_is_quiet(run):
    async def main():
        async with writing() as (transport, protocol, theirs):
            os.close(theirs)
            transport.write(b"nobody")
            assert transport.is_closing()
            await protocol.wait("lost")
            return protocol.names, type(protocol.calls[-1][1])

    assert run(main) == (["made", "lost"], BrokenPipeError)


def test_writes_to_a_closed_pipe_warn_after_five(run, caplog):
    async def main():
        async with writing() as (transport, protocol, _):
            transport.close()
            await protocol.wait("lost")
            with caplog.at_level(logging.WARNING, "asyncio"):
                for _ in range(8):
                    transport.write(b"nobody")

    run(main)
    text = "pipe closed by peer or os.write(pipe, data) raised exception."
    assert [record.getMessage() for record in caplog.records] == [text] * 3


def test_representations(run):
    async def main():
        async with reading() as (reader, _, _), writing() as (writer, _, _):
            await turns(1)
            shown = [masked(reader), masked(writer)]
            reader.close()
            writer.close()
            shown += [masked(reader), masked(writer)]
            await turns(1)
            return [*shown, masked(reader), masked(writer)]

    assert run(main) == [
        "<_UnixReadPipeTransport fd=N polling>",
        "<_UnixWritePipeTransport fd=N idle bufsize=0>",
        "<_UnixReadPipeTransport closing fd=N idle>",
        "<_UnixWritePipeTransport closing fd=N idle bufsize=0>",
        "<_UnixReadPipeTransport closed fd=N closed>",
        "<_UnixWritePipeTransport closed fd=N closed>",
    ]


@pytest.mark.parametrize("kind", ["read", "write"])
def test_a_transport_that_is_never_closed_warns_and_closes_its_pipe(run, kind):
    async def main():
        numbers = os.pipe()
        ours, theirs = numbers if kind == "read" else reversed(numbers)
        pipe = io.FileIO(ours, "rb" if kind == "read" else "wb")
        loop = asyncio.get_running_loop()
        transport, protocol = await getattr(loop, f"connect_{kind}_pipe")(Recorder, pipe)
        loop._remove_reader(pipe.fileno())
        protocol.transport = None
        await turns()
        gc.collect()  # What earlier tests have left warns now, and not below.
        with pytest.warns(ResourceWarning, match=r"^unclosed transport <_Unix\w+PipeTransport fd="):
            del transport
            gc.collect()
        os.close(theirs)
        return pipe.closed

    assert run(main)


def test_a_number_closed_behind_the_loops_back_is_an_error(run):
    async def main():
        async with writing() as (transport, protocol, _):
            os.close(transport._pipe.fileno())
            transport.write(b"x")
            assert transport.is_closing()
            with contextlib.suppress(OSError):
                transport._pipe.close()
            await protocol.wait("lost")
            return protocol.calls[-1][1].errno

    assert run(main) == errno.EBADF


def test_five_hundred_pipes_leave_nothing_behind(run):
    async def one_round(number):
        async with reading() as (reader, got, to), writing() as (writer, _, source):
            os.write(to, b"x")
            writer.write(bytes(100_000 if number % 2 else 10))
            if number % 3:
                await got.wait("data")
            if number % 5 == 0:
                os.close(source)
        return weakref.ref(reader), weakref.ref(writer)

    async def main():
        assert await alive_after_rounds(one_round) == []

    run(main)


@pytest.mark.parametrize("name", ["is_reading", "pause_reading", "resume_reading"])
def test_a_writing_end_says_that_it_does_not_read(run, name):
    async def main():
        async with writing() as (transport, _, _):
            with pytest.raises(NotImplementedError):
                getattr(transport, name)()

    run(main)
