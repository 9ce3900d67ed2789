"""A datagram transport from its beginning to its end, what it tells of itself, and faults."""

import asyncio
import gc
import logging
import os
import re
import socket
import sys
import weakref

import pytest
from datagrams import Recorder, endpoint, fill, name_of, pair, plain_socket, turns
from recorder import alive_after_rounds

from toolkit import is_ours


def masked(subject):
    return re.sub(r"fd=\d+", "fd=N", repr(subject))


def test_it_is_asyncios_transport_for_whoever_asks(run):
    async def main():
        async with endpoint() as (transport, _):
            assert isinstance(transport, asyncio.Transport)
            assert isinstance(transport, asyncio.selector_events._SelectorDatagramTransport)
            if sys.version_info >= (3, 12):
                assert isinstance(transport, asyncio.DatagramTransport)
            assert type(transport).__name__ == "_SelectorDatagramTransport"
            assert weakref.ref(transport)() is transport
            transport.colour = "red"
            assert vars(transport)["colour"] == "red"

    run(main)


@pytest.mark.only("aioxide")
def test_it_is_native(run):
    async def main():
        async with endpoint() as (transport, _):
            return type(transport).__module__

    assert run(main) == "aioxide._native"


def test_extra_information(run):
    async def main():
        with plain_socket() as peer:
            async with endpoint(remote_addr=peer.getsockname()) as (transport, _):
                sock = transport.get_extra_info("socket")
                assert isinstance(sock, asyncio.trsock.TransportSocket)
                assert transport.get_extra_info("sockname") == sock.getsockname()
                assert transport.get_extra_info("peername") == peer.getsockname()
                assert transport.get_extra_info("no such") is None
                assert transport.get_extra_info("no such", default=5) == 5
                assert transport._sock.fileno() == transport._sock_fd == sock.fileno()
                assert transport._address == peer.getsockname()
                assert transport._extra["socket"] is sock
        async with endpoint() as (transport, _):
            assert transport.get_extra_info("peername") is None
            assert transport._address is None

    run(main)


def test_representations(run):
    async def main():
        shown = []
        async with endpoint() as (transport, protocol):
            shown.append(masked(transport))
            transport.pause_reading()
            shown.append(masked(transport))
            transport.close()
            shown.append(masked(transport))
            await protocol.wait("lost")
            await turns()
            shown.append(masked(transport))
        return shown

    name = "_SelectorDatagramTransport"
    assert run(main) == [
        f"<{name} fd=N read=polling write=<idle, bufsize=0>>",
        f"<{name} fd=N read=idle write=<idle, bufsize=0>>",
        f"<{name} closing fd=N read=idle write=<idle, bufsize=0>>",
        f"<{name} closed fd=N>",
    ]


def test_close_sends_what_is_queued_and_then_tells_the_protocol_once(run):
    async def main():
        one, two = pair()
        transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
            Recorder, sock=one
        )
        count = await fill(transport)
        for _ in range(5):
            transport.sendto(b"%04d" % count)
            count += 1
        transport.close()
        transport.close()
        assert transport.is_closing()
        await turns()
        assert protocol.names == ["made"]
        for number in range(count):
            assert two.recv(2000).startswith(b"%04d" % number)
            await turns(1)
        await protocol.wait("lost")
        await turns()
        two.close()
        assert one.fileno() == -1
        return protocol.calls

    assert run(main) == [("made",), ("lost", None)]


def test_abort_drops_what_is_queued(run):
    async def main():
        one, two = pair()
        transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
            Recorder, sock=one
        )
        await fill(transport)
        transport.abort()
        transport.abort()
        assert protocol.names == ["made"]
        await turns()
        assert len(transport._buffer) == 0
        two.close()
        return protocol.calls

    assert run(main) == [("made",), ("lost", None)]


def test_connection_lost_never_comes_from_inside_close(run):
    async def main():
        async with endpoint() as (transport, protocol):
            transport.close()
            assert protocol.names == ["made"]
            await turns()
            assert protocol.names == ["made", "lost"]
            assert transport._loop is None
            assert transport._sock is None
            assert transport.get_protocol() is None
            transport.close()
            transport.abort()
            transport.pause_reading()
            transport.resume_reading()

    run(main)


@pytest.mark.parametrize("connected", [True, False])
def test_sends_to_a_lost_connection_warn_after_five(run, caplog, connected):
    async def main():
        with plain_socket() as peer:
            name = peer.getsockname()
            options = {"remote_addr": name} if connected else {"local_addr": ("127.0.0.1", 0)}
            async with endpoint(**options) as (transport, protocol):
                transport.abort()
                await protocol.wait("lost")
                await turns()
                if not connected and not is_ours(transport):
                    # Without an address of its own it does not get as far as that.
                    with pytest.raises(AttributeError):
                        transport.sendto(b"nobody", name)
                    pytest.skip("asyncio trips over its missing socket")
                with caplog.at_level(logging.WARNING, "asyncio"):
                    for _ in range(7):
                        transport.sendto(b"nobody", name)
        return [record.getMessage() for record in caplog.records]

    assert run(main) == ["socket.send() raised exception."] * 3


def test_an_unconnected_transport_sends_until_it_is_lost(run):
    async def main():
        with plain_socket() as peer:
            async with endpoint() as (transport, protocol):
                transport.close()
                transport.sendto(b"last", peer.getsockname())
                assert peer.recv(10) == b"last"
                await protocol.wait("lost")

    run(main)


def test_a_transport_that_is_never_closed_warns_and_closes_its_socket(run):
    async def main():
        transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
            Recorder, local_addr=("127.0.0.1", 0)
        )
        sock = transport._sock
        transport.pause_reading()
        protocol.transport = None
        await turns()
        with pytest.warns(
            ResourceWarning, match=r"^unclosed transport <_SelectorDatagramTransport fd=\d+"
        ):
            del transport
            gc.collect()
        return sock.fileno()

    assert run(main) == -1


@pytest.mark.skipif(sys.version_info < (3, 12), reason="asyncio lets it pass before 3.12")
def test_two_transports_for_one_socket_are_refused(run):
    async def main():
        async with endpoint() as (transport, _):
            loop = asyncio.get_running_loop()
            assert loop._transports[transport._sock_fd] is transport
            with pytest.raises(RuntimeError, match="is used by transport"):
                loop._make_datagram_transport(transport._sock, Recorder())

    run(main)


def test_what_connection_made_raises_is_reported(run):
    class Failing(Recorder):
        def connection_made(self, transport):
            raise LookupError("made")

    async def main():
        async with endpoint(Failing) as (transport, _):
            assert not transport.is_closing()

    run(main)
    assert str(run.reports.pop()["exception"]) == "made"


def test_what_connection_lost_raises_is_reported_and_the_socket_is_closed(run):
    class Failing(Recorder):
        def connection_lost(self, exc):
            super().connection_lost(exc)
            raise LookupError("lost")

    async def main():
        async with endpoint(Failing) as (transport, protocol):
            sock = transport._sock
            transport.close()
            await protocol.wait("lost")
            await turns()
            assert sock.fileno() == -1

    run(main)
    assert str(run.reports.pop()["exception"]) == "lost"


def test_a_socket_closed_behind_the_loops_back_is_an_error_and_never_another_file(run):
    async def main():
        with plain_socket() as peer:
            async with endpoint() as (transport, protocol):
                fd = transport._sock.fileno()
                transport._sock.close()
                intruder = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                assert intruder.fileno() == fd, "the number is in use again"
                transport.sendto(b"stray", peer.getsockname())
                assert protocol.calls == [("made",), ("error", "OSError")]
                peer.settimeout(0.05)
                with pytest.raises(TimeoutError):
                    peer.recv(10)
                intruder.close()

    run(main)


def test_a_number_closed_behind_the_loops_back_is_an_error(run):
    async def main():
        async with endpoint() as (transport, protocol):
            os.close(transport._sock.fileno())
            transport.sendto(b"x", ("127.0.0.1", 9))
            assert protocol.calls == [("made",), ("error", "OSError")]
            transport._sock.detach()

    run(main)


def test_other_sockets_than_plain_ones_keep_asyncios_transport(run):
    class Own(socket.socket):
        sent = 0

        def sendto(self, *args):
            Own.sent += 1
            return super().sendto(*args)

    async def main():
        with plain_socket() as peer:
            own = Own(socket.AF_INET, socket.SOCK_DGRAM)
            own.bind(("127.0.0.1", 0))
            async with endpoint(sock=own) as (transport, protocol):
                transport.sendto(b"hello", peer.getsockname())
                assert peer.recv(10) == b"hello"
                peer.sendto(b"back", name_of(transport))
                await protocol.wait("received")
        return Own.sent

    assert run(main) == 1


def test_debug_mode_tells_of_pauses(run, caplog):
    async def main():
        async with endpoint() as (transport, _):
            transport.pause_reading()
            transport.resume_reading()

    with caplog.at_level(logging.DEBUG, "asyncio"):
        run(main, debug=True)
    texts = [record.getMessage() for record in caplog.records]
    assert sum(text.endswith(" pauses reading") for text in texts) == 1
    assert sum(text.endswith(" resumes reading") for text in texts) == 1


def test_a_thousand_endpoints_leave_nothing_behind(run):
    class Echo(Recorder):
        def datagram_received(self, data, addr):
            super().datagram_received(data, addr)
            if self.reply:
                self.transport.sendto(data, addr)

        reply = True

    async def one_round(number):
        async with (
            endpoint(Echo) as (server, serving),
            endpoint(remote_addr=name_of(server)) as (client, asking),
        ):
            for _ in range(5):
                client.sendto(b"ping")
            await asking.wait("received", 3 if number % 2 else 5)
            if number % 3 == 0:
                client.close()
            if number % 5 == 0:
                server.pause_reading()
        return weakref.ref(server), weakref.ref(serving), weakref.ref(client)

    async def main():
        assert await alive_after_rounds(one_round) == []

    run(main)
