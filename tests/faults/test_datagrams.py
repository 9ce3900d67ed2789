"""Datagrams to nobody, too large, changed under way, or sent after the end."""

import errno
import logging
import socket
import sys
from contextlib import contextmanager

import pytest

from faults.scenery import DatagramRecorder, bind_datagrams, until
from toolkit import settle


def dead_address():
    """A loopback port that nobody listens on."""
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()


def test_a_datagram_to_a_dead_port_is_an_error_of_a_connected_endpoint(aio, run):
    async def main():
        transport, protocol = await bind_datagrams(aio, remote_addr=dead_address())
        transport.sendto(b"anybody?")
        await until(aio, lambda: protocol.errors)
        assert isinstance(protocol.errors[0], ConnectionRefusedError)
        assert not transport.is_closing()
        transport.close()
        assert await protocol.lost is None
        assert protocol.received == []

    run(main)


def test_a_datagram_to_a_dead_port_is_nothing_to_an_unconnected_endpoint(aio, run):
    async def main():
        transport, protocol = await bind_datagrams(aio)
        transport.sendto(b"anybody?", dead_address())
        await settle(aio)
        transport.sendto(b"myself?", transport.get_extra_info("sockname"))
        await until(aio, lambda: protocol.received)
        assert protocol.received == [b"myself?"] and protocol.errors == []
        transport.close()
        await protocol.lost

    run(main)


def test_many_datagrams_to_a_dead_port_are_as_many_errors_at_most(aio, run):
    async def main():
        transport, protocol = await bind_datagrams(aio, remote_addr=dead_address())
        for _ in range(20):
            transport.sendto(b"anybody?")
            await aio.sleep(0)
        await settle(aio)
        assert 1 <= len(protocol.errors) <= 20
        assert {type(error) for error in protocol.errors} == {ConnectionRefusedError}
        transport.close()
        await protocol.lost

    run(main)


@pytest.mark.parametrize("connected", [True, False])
def test_a_datagram_that_is_too_large_is_told_and_the_next_one_is_sent(aio, run, connected):
    async def main():
        receiver, received = await bind_datagrams(aio)
        address = receiver.get_extra_info("sockname")
        if connected:
            sender, protocol = await bind_datagrams(aio, remote_addr=address)
            address = None
        else:
            sender, protocol = await bind_datagrams(aio)
        sender.sendto(bytes(70_000), address)
        sender.sendto(b"fits", address)
        await until(aio, lambda: received.received)
        assert [error.errno for error in protocol.errors] == [errno.EMSGSIZE]
        assert received.received == [b"fits"]
        assert sender.get_write_buffer_size() == 0
        sender.close()
        receiver.close()
        await protocol.lost
        await received.lost

    run(main)


def test_the_largest_and_the_smallest_datagram_arrive_whole(aio, run):
    async def main():
        receiver, received = await bind_datagrams(aio)
        sender, protocol = await bind_datagrams(aio)
        contents = bytes(range(256)) * 256
        for datagram in (contents[:65_507], b"", b"last"):
            sender.sendto(datagram, receiver.get_extra_info("sockname"))
        await until(aio, lambda: received.received[-1:] == [b"last"])
        # Up to 3.12 an empty datagram is not sent at all.
        empty = [b""] if sys.version_info >= (3, 13) else []
        assert received.received == [contents[:65_507], *empty, b"last"]
        sender.close()
        receiver.close()
        await protocol.lost
        await received.lost

    run(main)


def test_a_connected_endpoint_refuses_another_address(aio, run):
    async def main():
        transport, protocol = await bind_datagrams(aio, remote_addr=("127.0.0.1", 9))
        with pytest.raises(ValueError, match="Invalid address: must be None or"):
            transport.sendto(b"x", ("127.0.0.1", 10))
        with pytest.raises(TypeError, match="data argument must be"):
            transport.sendto("text")
        transport.close()
        await protocol.lost

    run(main)


@contextmanager
def unix_peer(folder):
    """A bound Unix datagram socket, non-blocking; its queue is short, so that senders must wait."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as peer:
        peer.bind(str(folder / "peer"))
        peer.setblocking(False)
        yield peer


def test_datagrams_that_wait_were_sent_as_they_were_and_in_order(aio, run, tmp_path):
    async def main():
        loop = aio.get_running_loop()
        with unix_peer(tmp_path) as peer:
            transport, protocol = await bind_datagrams(
                aio, family=socket.AF_UNIX, remote_addr=peer.getsockname()
            )
            buffer = bytearray(1000)
            count = 1000
            for number in range(count):
                buffer[:4] = number.to_bytes(4, "big")
                transport.sendto(buffer)
            assert transport.get_write_buffer_size() > 0
            for number in range(count):
                received = await loop.sock_recv(peer, 2000)
                assert int.from_bytes(received[:4], "big") == number
            await until(aio, lambda: transport.get_write_buffer_size() == 0)
            transport.close()
            await protocol.lost

    run(main)


def test_datagrams_that_wait_are_sent_before_the_end(aio, run, tmp_path):
    async def main():
        loop = aio.get_running_loop()
        with unix_peer(tmp_path) as peer:
            transport, protocol = await bind_datagrams(
                aio, family=socket.AF_UNIX, remote_addr=peer.getsockname()
            )
            for _ in range(1000):
                transport.sendto(bytes(1000))
            transport.close()
            for _ in range(1000):
                assert len(await loop.sock_recv(peer, 2000)) == 1000
            assert await protocol.lost is None

    run(main)


def test_the_peer_of_unix_datagrams_is_gone(aio, run, tmp_path):
    async def main():
        with unix_peer(tmp_path) as peer:
            transport, protocol = await bind_datagrams(
                aio, family=socket.AF_UNIX, remote_addr=peer.getsockname()
            )
        transport.sendto(b"anybody?")
        await until(aio, lambda: protocol.errors)
        assert isinstance(protocol.errors[0], ConnectionRefusedError)
        assert not transport.is_closing()
        transport.abort()
        assert await protocol.lost is None

    run(main)


def test_connected_datagrams_after_the_end_warn_and_are_dropped(aio, run, caplog):
    async def main():
        transport, protocol = await bind_datagrams(aio, remote_addr=dead_address())
        transport.close()
        with caplog.at_level(logging.WARNING, logger="asyncio"):
            for _ in range(10):
                transport.sendto(b"too late")
        await protocol.lost
        assert protocol.errors == []

    run(main)
    assert [record.getMessage() for record in caplog.records] == [
        "socket.send() raised exception."
    ] * 6


def test_nothing_is_received_after_close(aio, run):
    async def main():
        receiver, protocol = await bind_datagrams(aio)
        sender, sent = await bind_datagrams(aio)
        for _ in range(5):
            sender.sendto(b"x", receiver.get_extra_info("sockname"))
        receiver.close()
        await protocol.lost
        await settle(aio)
        assert protocol.received == []
        sender.close()
        await sent.lost

    run(main)


def test_an_endpoint_closed_by_a_datagram_receives_no_other(aio, run):
    class Once(DatagramRecorder):
        def datagram_received(self, data, addr):
            super().datagram_received(data, addr)
            self.transport.close()

    async def main():
        receiver, protocol = await bind_datagrams(aio, Once)
        with socket.socket(type=socket.SOCK_DGRAM) as sender:
            for _ in range(5):
                sender.sendto(b"x", receiver.get_extra_info("sockname"))
        await protocol.lost
        await settle(aio)
        assert protocol.received == [b"x"]

    run(main)
