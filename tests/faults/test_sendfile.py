"""Files on their way when something happens: the peer, the file, the socket or the task goes."""

import asyncio
import contextlib
import os
import tempfile

import pytest

from faults.scenery import (
    IDLE_CPU_SECONDS,
    PATIENCE_SECONDS,
    Recorder,
    connect,
    cpu_seconds_of_idling,
    reset,
    tcp_pair,
    unix_pair,
    until,
)
from toolkit import open_descriptors, settle, watched

MIB = 1 << 20
#: More than the buffers between two sockets of one machine hold.
SIZE = 16 * MIB
PAIRS = [tcp_pair, unix_pair]


@contextlib.contextmanager
def large_file(size=SIZE, position=7):
    with tempfile.TemporaryFile() as file:
        file.truncate(size)
        file.seek(position)
        yield file


def take(peer, size):
    """Read so many bytes from the other side; the rest stays where it is."""
    while size:
        size -= len(peer.recv(min(size, MIB)))


def drain(peer):
    """Read what is there."""
    peer.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while peer.recv(MIB):
            pass


async def begin(aio, sending):
    """Have a file sent until nobody takes more of it."""
    task = aio.create_task(sending)
    await settle(aio)
    assert not task.done()
    return task


async def result_of(task):
    return await asyncio.wait_for(task, PATIENCE_SECONDS)


@pytest.mark.parametrize("pair", PAIRS)
def test_a_slow_reader_gets_everything_and_nobody_spins(aio, run, pair):
    async def main():
        loop = aio.get_running_loop()
        ours, peer = pair()
        with ours, peer, large_file() as file:
            sending = await begin(aio, loop.sock_sendfile(ours, file))
            assert await cpu_seconds_of_idling(aio) < IDLE_CPU_SECONDS
            for _ in range(SIZE // MIB):
                await loop.run_in_executor(None, take, peer, MIB)
            assert await result_of(sending) == SIZE
            assert file.tell() == SIZE
            assert watched(loop) == set()

    run(main)


@pytest.mark.parametrize("pair", PAIRS)
def test_a_peer_that_leaves_in_the_middle_is_an_error(aio, run, pair):
    async def main():
        loop = aio.get_running_loop()
        ours, peer = pair()
        with ours, large_file() as file:
            sending = await begin(aio, loop.sock_sendfile(ours, file))
            peer.close()
            with pytest.raises(ConnectionError):
                await result_of(sending)
            # Behind what the kernel has taken, whoever may have read it.
            assert 0 < file.tell() < SIZE
            assert watched(loop) == set()

    run(main)


@pytest.mark.parametrize("pair", PAIRS)
def test_a_peer_that_has_left_before_is_no_reason_to_copy(aio, run, pair):
    async def main():
        loop = aio.get_running_loop()
        ours, peer = pair()
        with ours, large_file() as file:
            (reset if pair is tcp_pair else type(peer).close)(peer)
            await settle(aio)
            with pytest.raises(asyncio.SendfileNotAvailableError, match="sendfile call failed"):
                await loop.sock_sendfile(ours, file, fallback=False)
            with pytest.raises(ConnectionError):
                await loop.sock_sendfile(ours, file)

    run(main)


def test_a_cancelled_task_leaves_the_position_and_the_socket(aio, run):
    async def main():
        loop = aio.get_running_loop()
        ours, peer = unix_pair()
        with ours, peer, large_file() as file:
            sending = await begin(aio, loop.sock_sendfile(ours, file, 3))
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
            assert file.tell() == 7
            await settle(aio)
            assert watched(loop) == set()
            # The socket can be used, behind the part that has left.
            drain(peer)
            await loop.sock_sendall(ours, b"more")
            assert peer.recv(MIB) == b"more"

    run(main)


def test_a_cancelled_copy_leaves_the_position_behind_what_was_sent(aio, run):
    async def main():
        loop = aio.get_running_loop()

        async def refuse(*_):
            raise asyncio.SendfileNotAvailableError

        loop._sock_sendfile_native = refuse
        ours, peer = unix_pair()
        with ours, peer, large_file() as file:
            sending = aio.create_task(loop.sock_sendfile(ours, file))
            await until(aio, lambda: watched(loop) == {ours.fileno()})
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
            # Whole blocks: of the last one a part has left, which nobody counts.
            assert file.tell() % (256 * 1024) in (0, 7)
            assert watched(loop) == set()

    run(main)


def test_a_file_that_is_cut_short_ends_there(aio, run):
    async def main():
        loop = aio.get_running_loop()
        ours, peer = unix_pair()
        with ours, peer, large_file() as file:
            sending = await begin(aio, loop.sock_sendfile(ours, file))
            file.truncate(MIB // 2)
            reading = loop.run_in_executor(None, take, peer, MIB // 2)
            sent = await result_of(sending)
            assert sent < SIZE
            assert file.tell() == sent
            ours.close()
            await reading

    run(main)


def test_a_file_that_grows_is_sent_to_its_new_end(aio, run):
    async def main():
        loop = aio.get_running_loop()
        ours, peer = unix_pair()
        with ours, peer, large_file(MIB) as file:
            sending = await begin(aio, loop.sock_sendfile(ours, file, 5))
            file.truncate(2 * MIB)
            await loop.run_in_executor(None, take, peer, 2 * MIB - 5)
            assert await result_of(sending) == 2 * MIB - 5
            assert file.tell() == 2 * MIB

    run(main)


# asyncio waits for ever: the error strikes the callback, and nobody tells the task.
@pytest.mark.only("aioxide")
def test_a_file_that_is_closed_in_the_middle_is_an_error(aio, run):
    async def main():
        loop = aio.get_running_loop()
        ours, peer = unix_pair()
        with ours, peer, large_file() as file:
            sending = await begin(aio, loop.sock_sendfile(ours, file))
            number = file.fileno()
            file.close()
            with tempfile.TemporaryFile() as other:
                assert other.fileno() == number
                other.write(b"a secret")
                other.flush()
                drain(peer)
                with pytest.raises(ValueError, match="closed file"):
                    await result_of(sending)
                assert other.tell() == 8
            assert watched(loop) == set()

    run(main)


def test_a_socket_that_is_closed_before_is_an_error(aio, run):
    async def main():
        loop = aio.get_running_loop()
        ours, peer = unix_pair()
        ours.close()
        with peer, large_file() as file:
            with pytest.raises(OSError, match="Bad file descriptor"):
                await loop.sock_sendfile(ours, file)
            with pytest.raises(asyncio.SendfileNotAvailableError):
                await loop.sock_sendfile(ours, file, fallback=False)

    run(main)


def test_a_transports_peer_that_leaves_in_the_middle_ends_the_connection(aio, run):
    async def main():
        loop = aio.get_running_loop()
        transport, protocol, peer = await connect(aio, Recorder)
        with large_file() as file:
            sending = await begin(aio, loop.sendfile(transport, file))
            reset(peer)
            with pytest.raises(ConnectionError):
                await result_of(sending)
            assert 0 < file.tell() < SIZE
        # The transport reads again, and learns of it by itself.
        await protocol.end()
        assert transport.is_closing()
        assert "connection_lost" in protocol.calls

    run(main)


@pytest.mark.parametrize("way", ["native", "fallback"])
def test_a_cancelled_task_gives_the_transport_back(aio, run, way):
    async def main():
        loop = aio.get_running_loop()
        transport, protocol, peer = await connect(aio, Recorder, unix_pair)

        async def refuse(*_):
            raise asyncio.SendfileNotAvailableError

        if way == "fallback":
            loop._sendfile_native = refuse
        with peer, large_file() as file:
            sending = aio.create_task(loop.sendfile(transport, file))
            await until(aio, lambda: watched(loop) & {transport._sock_fd})
            await settle(aio)
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
            assert transport.get_protocol() is protocol
            assert transport.is_reading()
            transport.write(b"end")
            transport.close()
            everything = bytearray()
            while block := await loop.run_in_executor(None, peer.recv, MIB):
                everything += block
            assert everything.strip(b"\0") == b"end"
        assert await protocol.end() is None

    run(main)


# asyncio's transport can't be written to any more, since nobody says that the file is not sent.
@pytest.mark.only("aioxide")
def test_a_task_cancelled_before_its_file_begins_gives_the_transport_back(aio, run):
    async def main():
        loop = aio.get_running_loop()
        transport, protocol, peer = await connect(aio, Recorder, unix_pair)
        with peer, large_file() as file:
            transport.write(bytes(4 * MIB))
            sending = await begin(aio, loop.sendfile(transport, file))
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
            assert file.tell() == 7
            transport.write(b"end")
            transport.close()
            await loop.run_in_executor(None, take, peer, 4 * MIB)
            assert peer.recv(100) == b"end"
        assert await protocol.end() is None

    run(main)


# asyncio waits for ever: the transport takes out of the selector what the file waits for.
@pytest.mark.only("aioxide")
@pytest.mark.parametrize("method", ["close", "abort"])
def test_a_transport_closed_in_the_middle_is_an_error(aio, run, method):
    async def main():
        loop = aio.get_running_loop()
        before = open_descriptors()
        transport, protocol, peer = await connect(aio, Recorder, unix_pair)
        with peer, large_file() as file:
            sending = await begin(aio, loop.sendfile(transport, file))
            getattr(transport, method)()
            with pytest.raises(OSError, match="Bad file descriptor"):
                await result_of(sending)
            assert 0 < file.tell() < SIZE
            assert await protocol.end() is None
        await settle(aio)
        assert watched(loop) == set()
        assert open_descriptors() == before

    run(main)


def test_a_transport_lost_before_its_file_begins_is_an_error(aio, run):
    async def main():
        loop = aio.get_running_loop()
        transport, protocol, peer = await connect(aio, Recorder, unix_pair)
        with large_file() as file:
            transport.write(bytes(4 * MIB))
            sending = await begin(aio, loop.sendfile(transport, file))
            peer.close()
            with pytest.raises(ConnectionError):
                await result_of(sending)
            assert file.tell() == 7
        await protocol.end()

    run(main)
    if aio is asyncio:
        # Its transport tells who waits for it twice.
        assert isinstance(run.reports.pop()["exception"], asyncio.InvalidStateError)


def test_nothing_is_left_of_many_files(aio, run):
    async def main():
        loop = aio.get_running_loop()
        with tempfile.TemporaryFile() as file:
            file.write(os.urandom(5000))
            file.flush()
            before = open_descriptors()
            for _ in range(50):
                transport, protocol, peer = await connect(aio, Recorder, unix_pair)
                with peer:
                    assert await loop.sendfile(transport, file, 1000) == 4000
                    assert len(peer.recv(5000)) == 4000
                transport.close()
                await protocol.end()
            await settle(aio)
            assert open_descriptors() == before
            assert watched(loop) == set()

    run(main)
