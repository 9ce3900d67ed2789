"""`sock_sendfile` and `sendfile`: what arrives, what they return, where the file stands then."""

import asyncio
import contextlib
import inspect
import io
import os
import socket
import ssl
import sys
import tempfile
from asyncio import constants

import pytest

from toolkit import stream_pair

DIGITS = b"0123456789"
MIB = 1 << 20
#: asyncio moves the file's position whatever is sent, and first of all when it copies.
ALWAYS_SEEKS = sys.version_info >= (3, 13)


@contextlib.contextmanager
def file_of(data=DIGITS, position=0):
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        file.seek(position)
        yield file


async def received(loop, sock, size):
    """Exactly so many bytes."""
    data = bytearray()
    while len(data) < size:
        data += await loop.sock_recv(sock, size - len(data))
    return bytes(data)


class Sink(asyncio.Protocol):
    """Keeps what it receives; `lost` is done at the end."""

    def __init__(self):
        self.data = bytearray()
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.data += data

    def connection_lost(self, exc):
        self.lost.set_result(exc)


async def transport_pair(loop):
    """Two transports' protocols, connected with each other."""
    one, other = socket.socketpair()
    _, near = await loop.create_connection(Sink, sock=one)
    _, far = await loop.create_connection(Sink, sock=other)
    return near, far


async def close_both(near, far):
    near.transport.close()
    await far.lost
    await near.lost


def unavailable(*_):
    """In place of a native method: says at once that it can't."""

    async def refuse():
        raise asyncio.SendfileNotAvailableError("not here")

    return refuse()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), DIGITS),
        ((3,), DIGITS[3:]),
        ((3, 4), DIGITS[3:7]),
        ((0, 10), DIGITS),
        ((8, 100), DIGITS[8:]),
        ((10,), b""),
        ((99, 5), b""),
        ((True, True), DIGITS[1:2]),
    ],
)
@pytest.mark.parametrize("is_native", [True, False])
def test_the_part_asked_for_is_sent_into_a_socket(run, arguments, expected, is_native):
    async def main():
        loop = asyncio.get_running_loop()
        if not is_native:
            loop._sock_sendfile_native = unavailable
        with stream_pair() as (near, far), file_of(position=int(is_native)) as file:
            assert await loop.sock_sendfile(near, file, *arguments) == len(expected)
            position = next(iter(arguments), 0) + len(expected)
            if expected or ALWAYS_SEEKS or not is_native:
                assert file.tell() == position
            else:
                assert file.tell() == 1
            near.close()
            assert await loop.sock_recv(far, 100) == expected

    run(main)


@pytest.mark.parametrize("is_native", [True, False])
def test_a_large_file_is_sent_as_the_reader_takes_it(run, is_native):
    data = os.urandom(MIB) * 3 + b"end"

    async def main():
        loop = asyncio.get_running_loop()
        if not is_native:
            loop._sock_sendfile_native = unavailable
        with stream_pair() as (near, far), file_of(data) as file:
            sending = asyncio.create_task(loop.sock_sendfile(near, file, 5, len(data) - 7))
            assert await received(loop, far, len(data) - 7) == data[5:-2]
            assert await sending == len(data) - 7
            assert file.tell() == len(data) - 2
            assert near.fileno() not in loop._selector.get_map()

    run(main)


def test_an_empty_file_is_sent_without_a_turn(run):
    async def main():
        loop = asyncio.get_running_loop()
        with stream_pair() as (near, _), tempfile.TemporaryFile() as file:
            with pytest.raises(StopIteration) as stopped:
                loop.sock_sendfile(near, file, 3).send(None)
            assert stopped.value.value == 0
            assert file.tell() == 0

    run(main)


def test_others_run_while_small_files_are_sent(run):
    async def main():
        loop = asyncio.get_running_loop()
        turns = []

        async def count():
            while True:
                turns.append(None)
                await asyncio.sleep(0)

        counting = asyncio.create_task(count())
        with stream_pair() as (near, _), file_of() as file:
            for _ in range(10):
                await loop.sock_sendfile(near, file)
        counting.cancel()
        assert len(turns) >= 10

    run(main)


class Reader(io.BytesIO):
    """A file without a descriptor."""


class Pipe(io.RawIOBase):
    """A file that can't seek, of a few short reads."""

    seek = property()

    def __init__(self, *blocks):
        self.blocks = list(blocks)

    def readinto(self, buffer):
        block = self.blocks.pop(0) if self.blocks else b""
        buffer[: len(block)] = block
        return len(block)


def test_what_has_no_descriptor_is_read_block_by_block(run, monkeypatch):
    monkeypatch.setattr(constants, "SENDFILE_FALLBACK_READBUFFER_SIZE", 4)

    async def main():
        loop = asyncio.get_running_loop()
        with stream_pair() as (near, far):
            file = Reader(DIGITS)
            assert await loop.sock_sendfile(near, file, 1) == 9
            assert file.tell() == 10
            assert await loop.sock_sendfile(near, file, 1, 6) == 6
            assert file.tell() == 7
            assert await loop.sock_sendfile(near, Pipe(b"ab", b"c", b"defg")) == 7
            near.close()
            assert await received(loop, far, 22) == DIGITS[1:] + DIGITS[1:7] + b"abcdefg"
            with pytest.raises(asyncio.SendfileNotAvailableError, match="not a regular file"):
                await loop.sock_sendfile(far, file, fallback=False)

    run(main)


def test_an_error_of_the_file_leaves_it_behind_what_was_sent(run, monkeypatch):
    monkeypatch.setattr(constants, "SENDFILE_FALLBACK_READBUFFER_SIZE", 4)

    class Broken(io.BytesIO):
        def readinto(self, buffer):
            if self.tell() >= 4:
                raise OSError("the disk is gone")
            return super().readinto(buffer)

    async def main():
        loop = asyncio.get_running_loop()
        file = Broken(DIGITS)
        with stream_pair() as (near, far):
            with pytest.raises(OSError, match="the disk is gone"):
                await loop.sock_sendfile(near, file)
            assert file.tell() == 4
            assert await loop.sock_recv(far, 100) == DIGITS[:4]

    run(main)


WRONG = [
    ((-1,), ValueError, "offset must be a non-negative integer"),
    (("0",), TypeError, "offset must be a non-negative integer"),
    ((1.0,), TypeError, "offset must be a non-negative integer"),
    ((0, 0), ValueError, "count must be a positive integer"),
    ((0, -1), ValueError, "count must be a positive integer"),
    ((0, "4"), TypeError, "count must be a positive integer"),
]


@pytest.mark.parametrize(("arguments", "error", "words"), WRONG)
def test_wrong_numbers_are_refused(run, arguments, error, words):
    async def main():
        loop = asyncio.get_running_loop()
        with stream_pair() as (near, _), file_of(position=5) as file:
            with pytest.raises(error, match=words):
                await loop.sock_sendfile(near, file, *arguments)
            assert file.tell() == 5
        near, far = await transport_pair(loop)
        with file_of() as file, pytest.raises(error, match=words):
            await loop.sendfile(near.transport, file, *arguments)
        await close_both(near, far)

    run(main)


def test_numbers_beyond_the_machines_are_the_interpreters_to_refuse(run):
    async def main():
        loop = asyncio.get_running_loop()
        with stream_pair() as (near, _), file_of() as file:
            with pytest.raises(OverflowError):
                await loop.sock_sendfile(near, file, 1 << 80)
            with pytest.raises(OverflowError):
                await loop.sock_sendfile(near, Reader(DIGITS), 1 << 80)

    run(main)


def test_files_of_text_and_other_sockets_are_refused(run):
    async def main():
        loop = asyncio.get_running_loop()
        with stream_pair() as (near, _), tempfile.TemporaryFile("w+") as text:
            with pytest.raises(ValueError, match="binary mode"):
                await loop.sock_sendfile(near, text)
            with pytest.raises(ValueError, match="closed file"):
                with file_of() as file:
                    pass
                await loop.sock_sendfile(near, file)
        with socket.socket(type=socket.SOCK_DGRAM) as datagrams, file_of() as file:
            datagrams.setblocking(False)
            with pytest.raises(ValueError, match="only SOCK_STREAM"):
                await loop.sock_sendfile(datagrams, file)
        context = ssl.create_default_context()
        context.check_hostname = False
        with context.wrap_socket(socket.socket(), do_handshake_on_connect=False) as wrapped:
            wrapped.setblocking(False)
            with pytest.raises(TypeError, match="SSLSocket"):
                await loop.sock_sendfile(wrapped, None)

    run(main)


def test_a_socket_that_blocks_is_refused_in_debug_mode_only(run):
    async def main(is_refused):
        loop = asyncio.get_running_loop()
        near, far = socket.socketpair()
        with near, far, file_of() as file:
            if is_refused:
                with pytest.raises(ValueError, match="must be non-blocking"):
                    await loop.sock_sendfile(near, file)
            else:
                assert await loop.sock_sendfile(near, file) == 10
                assert far.recv(100) == DIGITS

    run(main, True, debug=True)
    run(main, False)


def test_what_the_kernel_cannot_send_is_copied(run):
    """A device gives bytes without end, and no kernel sends them; a pipe has no position."""

    async def main():
        loop = asyncio.get_running_loop()
        with stream_pair() as (near, far), open("/dev/null", "rb") as empty:
            assert await loop.sock_sendfile(near, empty, 0, 5) == 0
            reading, writing = os.pipe()
            with open(reading, "rb", buffering=0) as pipe:
                os.write(writing, DIGITS)
                os.close(writing)
                # No length, so nothing to send; with a count asyncio tries, and fails to seek, up
                # to Python 3.12 after it has copied.
                assert await loop.sock_sendfile(near, pipe) == 0
                with pytest.raises(OSError, match="Illegal seek"):
                    await loop.sock_sendfile(near, pipe, 0, 5)
            assert await loop.sock_sendfile(near, Pipe(b"ab")) == 2
            copied = b"" if ALWAYS_SEEKS else DIGITS[:5]
            assert await loop.sock_recv(far, 100) == copied + b"ab"

    run(main)


def test_a_replaced_system_call_is_used(run, monkeypatch):
    calls = []

    def counted(*arguments):
        calls.append(arguments[2:])
        return system_call(*arguments)

    system_call = os.sendfile
    monkeypatch.setattr(os, "sendfile", counted)

    async def main():
        loop = asyncio.get_running_loop()
        with stream_pair() as (near, far), file_of() as file:
            assert await loop.sock_sendfile(near, file, 2, 5) == 5
            assert file.tell() == 7
            assert await loop.sock_recv(far, 100) == DIGITS[2:7]
        assert calls == [(2, 5)]
        monkeypatch.delattr(os, "sendfile")
        with stream_pair() as (near, _), file_of() as file:
            with pytest.raises(asyncio.SendfileNotAvailableError, match="not available"):
                await loop.sock_sendfile(near, file, fallback=False)

    run(main)


def test_sockets_of_other_classes_are_used_through_their_methods(run):
    class Socket(socket.socket):
        pass

    async def main():
        loop = asyncio.get_running_loop()
        with stream_pair() as (near, far), file_of(bytes(MIB)) as file:
            with Socket(fileno=os.dup(near.fileno())) as other:
                other.setblocking(False)
                sending = asyncio.create_task(loop.sock_sendfile(other, file))
                assert await received(loop, far, MIB) == bytes(MIB)
                assert await sending == MIB

    run(main)


@pytest.mark.parametrize("way", ["native", "fallback"])
def test_a_file_goes_between_what_a_transport_writes(run, way):
    data = os.urandom(MIB)

    async def main():
        loop = asyncio.get_running_loop()
        near, far = await transport_pair(loop)
        if way == "fallback":
            loop._sendfile_native = unavailable
        near.transport.write(data[:300_000])
        with file_of(data) as file:
            assert await loop.sendfile(near.transport, file, 10) == MIB - 10
            assert file.tell() == MIB
            near.transport.write(b"between")
            assert await loop.sendfile(near.transport, file, 7, 70_000) == 70_000
            assert file.tell() == 70_007
        assert near.transport.is_reading()
        assert near.transport.get_protocol() is near
        assert loop._transports[near.transport.get_extra_info("socket").fileno()] is near.transport
        near.transport.write(b"after")
        far.transport.write(b"an answer")
        await close_both(near, far)
        assert far.data == data[:300_000] + data[10:] + b"between" + data[7:70_007] + b"after"

    run(main)


def test_a_transport_stays_paused_that_was_paused(run):
    async def main():
        loop = asyncio.get_running_loop()
        near, far = await transport_pair(loop)
        await asyncio.sleep(0.01)
        near.transport.pause_reading()
        with file_of() as file:
            await loop.sendfile(near.transport, file)
        assert not near.transport.is_reading()
        near.transport.resume_reading()
        await close_both(near, far)

    run(main)


def test_a_transport_neither_writes_nor_sends_another_file_meanwhile(run):
    async def main():
        loop = asyncio.get_running_loop()
        near, far = await transport_pair(loop)
        far.transport.pause_reading()
        with file_of(bytes(4 * MIB)) as file:
            sending = asyncio.create_task(loop.sendfile(near.transport, file))
            while near.transport._empty_waiter is None:
                await asyncio.sleep(0)
            with pytest.raises(RuntimeError, match="unable to write; sendfile is in progress"):
                near.transport.write(b"data")
            with pytest.raises(KeyError):
                await loop.sendfile(near.transport, file)
            assert not near.transport.is_reading()
            # From here on its methods may be others, which is no reason to begin anew.
            near.transport.note = "in the middle"
            far.transport.resume_reading()
            assert await sending == 4 * MIB
        near.transport.write(b"end")
        await close_both(near, far)
        assert far.data == bytes(4 * MIB) + b"end"

    run(main)


@pytest.mark.parametrize("resumed_by", ["sendfile", "program"])
def test_what_comes_while_a_file_is_sent_is_received_afterwards(run, resumed_by):
    """Nothing is watched for it meanwhile, and twice in a row nothing is missed."""

    async def main():
        loop = asyncio.get_running_loop()
        near, far = await transport_pair(loop)
        with file_of(bytes(4 * MIB)) as file:
            for _ in range(2):
                far.transport.pause_reading()
                sending = asyncio.create_task(loop.sendfile(near.transport, file))
                while near.transport._empty_waiter is None:
                    await asyncio.sleep(0)
                far.transport.write(b"meanwhile")
                await asyncio.sleep(0.01)
                assert near.data == b""
                if resumed_by == "program":
                    near.transport.resume_reading()
                    await asyncio.sleep(0.01)
                    assert near.data == b"meanwhile"
                far.transport.resume_reading()
                assert await sending == 4 * MIB
                await asyncio.sleep(0.01)
                assert near.data == b"meanwhile"
                near.data.clear()
        far.transport.write(b"at last")
        await asyncio.sleep(0.01)
        assert near.data == b"at last"
        await close_both(near, far)

    run(main)


def test_transports_that_cannot_send_files_say_so(run):
    async def main():
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
        )
        with pytest.raises(RuntimeError, match="sendfile is not supported for transport <"):
            await loop.sendfile(transport, None)
        transport.close()
        with pytest.raises(RuntimeError, match="Transport is closing"):
            await loop.sendfile(transport, None)

        class Copying(asyncio.Transport):
            _sendfile_compatible = constants._SendfileMode.FALLBACK

            def is_closing(self):
                return False

        with pytest.raises(RuntimeError, match="fallback is disabled and native sendfile"):
            await loop.sendfile(Copying(), None, fallback=False)
        with pytest.raises(TypeError, match="should be _FlowControlMixin"):
            await loop.sendfile(Copying(), io.BytesIO(DIGITS))

    run(main)


def test_the_steps_can_be_replaced_one_by_one(run):
    async def main():
        loop = asyncio.get_running_loop()
        steps = []

        def stepping(name):
            method = getattr(loop, name)

            def step(*arguments, **keywords):
                steps.append(name)
                return method(*arguments, **keywords)

            setattr(loop, name, step)

        for name in (
            "_check_sendfile_params",
            "_sendfile_native",
            "_sendfile_fallback",
            "sock_sendfile",
            "_sock_sendfile_native",
            "_sock_sendfile_fallback",
        ):
            stepping(name)
        near, far = await transport_pair(loop)
        native = ["_sendfile_native", "sock_sendfile", "_check_sendfile_params"]
        native.append("_sock_sendfile_native")
        with file_of() as file:
            await loop.sendfile(near.transport, file)
        assert steps == native
        steps.clear()
        await loop.sendfile(near.transport, io.BytesIO(DIGITS))
        assert steps == [*native, "_sendfile_fallback"]
        steps.clear()
        with stream_pair() as (one, _):
            await loop.sock_sendfile(one, io.BytesIO(DIGITS))
        assert steps == [*native[1:], "_sock_sendfile_fallback"]
        await close_both(near, far)
        assert far.data == 2 * DIGITS

    run(main)


@pytest.mark.only("aioxide")
def test_signatures_and_names_are_asyncios(loop):
    theirs = asyncio.unix_events._UnixSelectorEventLoop
    for name in ("sock_sendfile", "sendfile"):
        expected = inspect.signature(getattr(theirs, name).__get__(loop))
        assert inspect.signature(getattr(loop, name)) == expected
    for name, arguments in [
        ("sock_sendfile", (None, None)),
        ("sendfile", (None, None)),
        ("_sock_sendfile_native", (None, None, 0, None)),
        ("_sock_sendfile_fallback", (None, None, 0, None)),
        ("_sendfile_native", (None, None, 0, None)),
        ("_sendfile_fallback", (None, None, 0, None)),
    ]:
        coroutine = getattr(loop, name)(*arguments)
        assert coroutine.__qualname__ == getattr(theirs, name).__qualname__
        coroutine.close()
