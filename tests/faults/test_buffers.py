"""Buffers of a BufferedProtocol that are no good, and buffers that change under way."""

import sys

import pytest

from faults.scenery import BufferedRecorder, Recorder, connect, unix_pair, until

MIB = 1 << 20


def giving(buffer):
    """A protocol that offers this buffer for everything that comes."""

    class Giving(BufferedRecorder):
        def get_buffer(self, sizehint):
            return buffer

        def buffer_updated(self, nbytes):
            self.data += bytes(memoryview(buffer)[:nbytes])

    return Giving


def failed_read(aio, run, buffer):
    """The error that a connection with this buffer ends with, and what is reported of it."""

    async def main():
        _, protocol, peer = await connect(aio, giving(buffer))
        peer.send(b"hello")
        error = await protocol.end()
        assert protocol.calls == ["connection_made", "connection_lost"]
        peer.close()
        return error

    error = run(main)
    report = run.reports.pop()
    assert report["exception"] is error
    return error, report["message"]


@pytest.mark.parametrize("empty", [bytearray(), memoryview(b""), b""])
def test_an_empty_buffer_is_refused(aio, run, empty):
    error, message = failed_read(aio, run, empty)
    assert isinstance(error, RuntimeError)
    assert str(error) == "get_buffer() returned an empty buffer"
    assert message == "Fatal error: protocol.get_buffer() call failed."


@pytest.mark.parametrize("readonly", [b"12345678", memoryview(b"12345678")])
def test_a_buffer_that_cannot_be_written_is_refused(aio, run, readonly):
    error, message = failed_read(aio, run, readonly)
    assert isinstance(error, TypeError | BufferError)
    assert message == "Fatal read error on socket transport"
    assert bytes(readonly) == b"12345678"


@pytest.mark.parametrize("nonsense", [None, 42])
def test_what_has_no_length_is_refused(aio, run, nonsense):
    error, message = failed_read(aio, run, nonsense)
    assert isinstance(error, TypeError)
    assert message == "Fatal error: protocol.get_buffer() call failed."


@pytest.mark.parametrize("nonsense", ["text", [1, 2, 3]])
def test_what_is_no_buffer_is_refused(aio, run, nonsense):
    error, message = failed_read(aio, run, nonsense)
    assert isinstance(error, TypeError)
    assert message == "Fatal read error on socket transport"


async def is_greeted(aio, factory):
    """A peer's few bytes arrive whole."""
    transport, protocol, peer = await connect(aio, factory)
    peer.send(b"hello, world")
    await until(aio, lambda: len(protocol.data) == 12)
    assert protocol.data == b"hello, world"
    transport.close()
    await protocol.end()
    peer.close()


@pytest.mark.parametrize("size", [1, 3])
def test_a_small_buffer_is_filled_as_often_as_it_takes(aio, run, size):
    async def main():
        await is_greeted(aio, giving(bytearray(size)))

    run(main)


def test_a_buffer_of_wide_items_is_measured_in_bytes(aio, run):
    async def main():
        wide = memoryview(bytearray(16)).cast("I")

        class Wide(BufferedRecorder):
            def get_buffer(self, sizehint):
                return wide

            def buffer_updated(self, nbytes):
                self.data += wide.tobytes()[:nbytes]

        await is_greeted(aio, Wide)

    run(main)


def changed_after(aio, run, send):
    """What arrives when the buffer is overwritten right after ``send(transport, buffer)``."""

    async def main():
        loop = aio.get_running_loop()
        transport, protocol, peer = await connect(aio, Recorder, unix_pair)
        peer.setblocking(False)
        buffer = bytearray(b"a" * MIB)
        send(transport, buffer)
        buffer[:] = b"b" * MIB
        transport.close()
        received = b""
        while piece := await loop.sock_recv(peer, MIB):
            received += piece
        await protocol.end()
        peer.close()
        return received

    return run(main)


# From 3.12 on asyncio keeps the buffer and not its contents: what is overwritten is sent.
copying = (
    pytest.mark.only("asyncio", "aioxide")
    if sys.version_info < (3, 12)
    else (pytest.mark.only("aioxide"))
)


@copying
@pytest.mark.parametrize("wrap", [lambda buffer: buffer, memoryview])
def test_a_buffer_that_changes_after_write_was_written_as_it_was(aio, run, wrap):
    received = changed_after(aio, run, lambda transport, buffer: transport.write(wrap(buffer)))
    assert received == b"a" * MIB


@copying
def test_a_buffer_that_changes_after_writelines_was_written_as_it_was(aio, run):
    def send(transport, buffer):
        transport.writelines([b"", buffer])

    assert changed_after(aio, run, send) == b"a" * MIB


def test_writing_what_is_no_buffer_is_refused_and_harms_nothing(aio, run):
    async def main():
        loop = aio.get_running_loop()
        transport, protocol, peer = await connect(aio, Recorder)
        for nonsense in ("text", 42, None, [1]):
            with pytest.raises(TypeError):
                transport.write(nonsense)
        transport.write(b"")
        transport.write(b"hello")
        assert await loop.run_in_executor(None, peer.recv, 10) == b"hello"
        transport.close()
        await protocol.end()
        peer.close()

    run(main)
