"""Between two reads of one socket the kernel goes on watching it, and nobody can tell."""

import os
import socket
from pathlib import Path

import pytest

from faults.scenery import IDLE_CPU_SECONDS, cpu_seconds_of_idling
from toolkit import watched

PATIENCE_SECONDS = 10


def pair():
    one, other = socket.socketpair()
    one.setblocking(False)
    other.setblocking(False)
    return one, other


def known_to_the_kernel():
    """The descriptors that the selectors of this process have registered."""
    numbers = set()
    for entry in Path("/proc/self/fdinfo").iterdir():
        try:
            lines = entry.read_text().splitlines()
        except OSError:
            continue
        numbers.update(int(line.split()[1]) for line in lines if line.startswith("tfd:"))
    return numbers


async def receive_late(aio, sock, peer, data):
    """Read what is sent only after the read has begun."""
    loop = aio.get_running_loop()
    reading = aio.ensure_future(loop.sock_recv(sock, 100))
    await aio.sleep(0)
    await aio.sleep(0)
    assert not reading.done()
    peer.send(data)
    return await aio.wait_for(reading, PATIENCE_SECONDS)


@pytest.mark.only("aioxide")
def test_the_kernel_is_told_once_for_many_reads(aio, run):
    async def main():
        loop = aio.get_running_loop()
        one, other = pair()
        with one, other:
            for number in range(5):
                data = b"%d" % number
                assert await receive_late(aio, one, other, data) == data
                assert watched(loop) == set()
                assert one.fileno() in known_to_the_kernel()

    run(main)


@pytest.mark.only("aioxide")
def test_what_arrives_while_nobody_reads_ends_the_rest_and_does_not_spin(aio, run):
    async def main():
        loop = aio.get_running_loop()
        one, other = pair()
        with one, other:
            assert await receive_late(aio, one, other, b"first") == b"first"
            other.send(b"second")
            assert await cpu_seconds_of_idling(aio) < IDLE_CPU_SECONDS
            assert one.fileno() not in known_to_the_kernel()
            assert await loop.sock_recv(one, 100) == b"second"
            assert await receive_late(aio, one, other, b"third") == b"third"

    run(main)


@pytest.mark.parametrize("close", [socket.socket.close, lambda sock: os.close(sock.detach())])
def test_a_number_that_another_socket_got_is_watched_anew(aio, run, close):
    async def main():
        one, other = pair()
        assert await receive_late(aio, one, other, b"first") == b"first"
        number = one.fileno()
        close(one)
        fresh, peer = pair()
        assert number in (fresh.fileno(), peer.fileno())
        if number == peer.fileno():
            fresh, peer = peer, fresh
        with fresh, peer, other:
            assert await receive_late(aio, fresh, peer, b"second") == b"second"

    run(main)


def test_another_object_for_the_same_descriptor_is_watched_anew(aio, run):
    async def main():
        one, other = pair()
        assert await receive_late(aio, one, other, b"first") == b"first"
        with socket.socket(fileno=one.detach()) as again, other:
            assert await receive_late(aio, again, other, b"second") == b"second"

    run(main)


def test_a_duplicate_that_outlives_the_socket_disturbs_nobody(aio, run):
    async def main():
        one, other = pair()
        assert await receive_late(aio, one, other, b"first") == b"first"
        duplicate = one.dup()
        one.close()
        with duplicate, other:
            other.send(b"for the duplicate")
            assert await cpu_seconds_of_idling(aio) < IDLE_CPU_SECONDS
            loop = aio.get_running_loop()
            assert await loop.sock_recv(duplicate, 100) == b"for the duplicate"

    run(main)


def test_readers_and_transports_take_over(aio, run):
    async def main():
        loop = aio.get_running_loop()
        one, other = pair()
        assert await receive_late(aio, one, other, b"first") == b"first"
        assert loop.remove_reader(one) is False
        assert await receive_late(aio, one, other, b"second") == b"second"
        ready = loop.create_future()
        loop.add_reader(one, lambda: ready.done() or ready.set_result(one.recv(100)))
        other.send(b"for the reader")
        assert await aio.wait_for(ready, PATIENCE_SECONDS) == b"for the reader"
        assert loop.remove_reader(one) is True
        assert loop.remove_reader(one) is False
        assert await receive_late(aio, one, other, b"third") == b"third"
        reader, writer = await aio.open_connection(sock=one)
        writer.transport.pause_reading()
        with pytest.raises(RuntimeError, match="is used by transport"):
            await loop.sock_recv(one, 100)
        writer.transport.resume_reading()
        other.send(b"for the stream")
        assert await aio.wait_for(reader.read(100), PATIENCE_SECONDS) == b"for the stream"
        writer.close()
        await writer.wait_closed()
        other.close()

    run(main)


@pytest.mark.only("aioxide")
def test_a_read_that_was_given_up_leaves_the_next_one_its_data(aio, run):
    async def main():
        loop = aio.get_running_loop()
        one, other = pair()
        with one, other:
            for turns in range(4):
                reading = aio.ensure_future(loop.sock_recv(one, 100))
                await aio.sleep(0)
                other.send(b"data")
                for _ in range(turns):
                    await aio.sleep(0)
                if reading.cancel():
                    with pytest.raises(aio.CancelledError):
                        await reading
                    data = await aio.wait_for(loop.sock_recv(one, 100), PATIENCE_SECONDS)
                else:
                    data = await reading
                assert data == b"data"
            assert watched(loop) == set()

    run(main)


def test_connections_are_accepted_one_after_the_other(aio, run):
    async def main():
        loop = aio.get_running_loop()
        with socket.create_server(("127.0.0.1", 0)) as listening:
            listening.setblocking(False)
            for _ in range(3):
                accepting = aio.ensure_future(loop.sock_accept(listening))
                await aio.sleep(0)
                with socket.create_connection(listening.getsockname()) as client:
                    connection, peer = await aio.wait_for(accepting, PATIENCE_SECONDS)
                    with connection:
                        assert peer == client.getsockname()

    run(main)
