"""Every ``sock_*`` and the making of a connection, cancelled in the middle."""

import asyncio
import os
import socket
from contextlib import contextmanager

import pytest

from faults.scenery import (
    IDLE_CPU_SECONDS,
    Recorder,
    collect_garbage,
    cpu_seconds_of_idling,
    tcp_pair,
    unix_pair,
)
from toolkit import open_descriptors, settle

MIB = 1 << 20


async def cancelled_in_the_middle(aio, coroutine) -> None:
    """Let it begin to wait, cancel it, and see that it ends so."""
    task = aio.ensure_future(coroutine)
    await settle(aio)
    assert not task.done()
    task.cancel()
    with pytest.raises(aio.CancelledError):
        await task
    # The descriptor is watched for nobody any more: its readiness must not keep the loop busy.
    await settle(aio)


RECEIVERS = {
    "sock_recv": lambda loop, sock: loop.sock_recv(sock, 100),
    "sock_recv_into": lambda loop, sock: loop.sock_recv_into(sock, bytearray(100)),
    "sock_recvfrom": lambda loop, sock: loop.sock_recvfrom(sock, 100),
    "sock_recvfrom_into": lambda loop, sock: loop.sock_recvfrom_into(sock, bytearray(100)),
}


@pytest.mark.parametrize("name", RECEIVERS)
@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_cancelled_receive_takes_nothing(aio, run, name, kind):
    async def main():
        loop = aio.get_running_loop()
        ours, peer = socket.socketpair(type=kind)
        ours.setblocking(False)
        await cancelled_in_the_middle(aio, RECEIVERS[name](loop, ours))
        peer.send(b"for the next one")
        assert await cpu_seconds_of_idling(aio) < IDLE_CPU_SECONDS
        assert await loop.sock_recv(ours, 100) == b"for the next one"
        assert loop.remove_reader(ours) is False
        ours.close()
        peer.close()

    run(main)


@pytest.mark.parametrize("name", RECEIVERS)
def test_a_receive_that_is_cancelled_when_the_data_is_there_loses_nothing_or_gives_it(
    aio, run, name
):
    async def main():
        loop = aio.get_running_loop()
        ours, peer = unix_pair()
        for _ in range(20):
            task = aio.ensure_future(RECEIVERS[name](loop, ours))
            await settle(aio)
            peer.send(b"abc")
            task.cancel()
            try:
                await task
            except aio.CancelledError:
                assert await loop.sock_recv(ours, 100) == b"abc"
        ours.close()
        peer.close()

    run(main)


def test_a_cancelled_sendall_sends_no_more(aio, run):
    async def main():
        loop = aio.get_running_loop()
        ours, peer = unix_pair()
        await cancelled_in_the_middle(aio, loop.sock_sendall(ours, bytes(4 * MIB)))
        peer.setblocking(False)
        received = 0
        while True:
            try:
                received += len(peer.recv(MIB))
            except BlockingIOError:
                break
            await settle(aio)
        assert 0 < received < MIB
        assert await cpu_seconds_of_idling(aio) < IDLE_CPU_SECONDS
        assert loop.remove_writer(ours) is False
        await loop.sock_sendall(ours, b"the next one")
        assert await loop.sock_recv(peer, 100) == b"the next one"
        ours.close()
        peer.close()

    run(main)


def test_a_cancelled_sendto_sends_nothing(aio, run, tmp_path):
    async def main():
        loop = aio.get_running_loop()
        path = str(tmp_path / "peer")
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as peer,
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ours,
        ):
            peer.bind(path)
            peer.setblocking(False)
            ours.setblocking(False)
            queued = 0
            while True:
                try:
                    ours.sendto(b"queued", path)
                    queued += 1
                except BlockingIOError:
                    break
            await cancelled_in_the_middle(aio, loop.sock_sendto(ours, b"cancelled", path))
            for _ in range(queued):
                assert peer.recv(100) == b"queued"
            await settle(aio)
            with pytest.raises(BlockingIOError):
                peer.recv(100)
            assert loop.remove_writer(ours) is False
            await loop.sock_sendto(ours, b"next", path)
            assert peer.recv(100) == b"next"

    run(main)


def test_a_cancelled_accept_takes_no_connection(aio, run):
    async def main():
        loop = aio.get_running_loop()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.setblocking(False)
            await cancelled_in_the_middle(aio, loop.sock_accept(listener))
            client = socket.create_connection(listener.getsockname())
            assert await cpu_seconds_of_idling(aio) < IDLE_CPU_SECONDS
            connection, address = await loop.sock_accept(listener)
            assert address == client.getsockname()
            connection.close()
            client.close()
            assert loop.remove_reader(listener) is False

    run(main)


@contextmanager
def full_listener():
    """A port where a connection is neither accepted nor refused; the address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        waiting = []
        # The queue holds one more than it was asked to; then the kernel leaves SYNs unanswered.
        for _ in range(3):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(address)
            waiting.append(client)
        try:
            yield address
        finally:
            for client in waiting:
                client.close()


def test_a_cancelled_connect_leaves_the_socket_to_its_owner(aio, run):
    async def main():
        loop = aio.get_running_loop()
        with full_listener() as address, socket.socket() as sock:
            sock.setblocking(False)
            await cancelled_in_the_middle(aio, loop.sock_connect(sock, address))
            assert loop.remove_writer(sock) is False
            assert sock.fileno() >= 0

    run(main)


def test_a_cancelled_sendfile_sends_no_more(aio, run, tmp_path):
    contents = os.urandom(4 * MIB)
    path = tmp_path / "file"
    path.write_bytes(contents)

    async def main():
        loop = aio.get_running_loop()
        ours, peer = tcp_pair()
        peer.setblocking(False)
        received = b""
        with path.open("rb") as file:
            await cancelled_in_the_middle(aio, loop.sock_sendfile(ours, file))
            while True:
                try:
                    received += peer.recv(MIB)
                except BlockingIOError:
                    break
                await settle(aio)
        assert received == contents[: len(received)]
        assert 0 < len(received) < len(contents)
        assert loop.remove_writer(ours) is False
        ours.close()
        peer.close()

    run(main)


def test_a_cancelled_create_connection_closes_its_socket(aio, run):
    async def main():
        loop = aio.get_running_loop()
        with full_listener() as address:
            # Whatever the loop opens for its own use is open by then.
            await loop.getaddrinfo("localhost", 80)
            before = open_descriptors()
            for options in ({}, {"happy_eyeballs_delay": 0.25}):
                await cancelled_in_the_middle(
                    aio, loop.create_connection(Recorder, *address, **options)
                )
                collect_garbage()
                assert open_descriptors() - before == set()

    run(main)


def test_a_create_connection_that_is_cancelled_at_any_turn_leaves_nothing(aio, run):
    made = []

    def factory():
        made.append(Recorder())
        return made[-1]

    async def main():
        loop = aio.get_running_loop()
        server = await loop.create_server(asyncio.Protocol, "127.0.0.1", 0)
        address = server.sockets[0].getsockname()
        await loop.getaddrinfo("localhost", 80)
        before = open_descriptors()
        outcomes = set()
        for turns in range(15):
            task = loop.create_task(loop.create_connection(factory, *address))
            for _ in range(turns):
                await aio.sleep(0)
            task.cancel()
            try:
                transport, protocol = await task
            except aio.CancelledError:
                outcomes.add("cancelled")
            else:
                outcomes.add("connected")
                transport.close()
                await protocol.end()
        # Some were cancelled between the making of the transport and its start.
        for protocol in made:
            if "connection_made" in protocol.calls:
                assert await protocol.end() is None
        server.close()
        for _ in range(100):
            await settle(aio)
            collect_garbage()
            if not open_descriptors() - before:
                break
        assert open_descriptors() - before == set()
        return outcomes

    assert "cancelled" in run(main)


def test_a_cancelled_getaddrinfo_ends_at_once(aio, run):
    async def main():
        loop = aio.get_running_loop()
        # More than there are threads: most of them have not begun.
        lookups = [loop.create_task(loop.getaddrinfo("localhost", port)) for port in range(200)]
        await aio.sleep(0)
        for lookup in lookups:
            lookup.cancel()
        await aio.wait(lookups)
        assert any(lookup.cancelled() for lookup in lookups)
        for lookup in lookups:
            if not lookup.cancelled():
                assert lookup.result()
        assert await loop.getaddrinfo("localhost", 80)

    run(main)


def test_a_cancelled_drain_and_read_leave_the_stream_usable(aio, run):
    async def main():
        loop = aio.get_running_loop()
        ours, peer = unix_pair()
        peer.setblocking(False)
        reader, writer = await aio.open_connection(sock=ours)
        await cancelled_in_the_middle(aio, reader.readline())
        peer.send(b"a line\n")
        assert await reader.readline() == b"a line\n"
        writer.write(bytes(MIB))
        await cancelled_in_the_middle(aio, writer.drain())
        received = 0
        while received < MIB:
            received += len(await loop.sock_recv(peer, MIB))
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        peer.close()

    run(main)
