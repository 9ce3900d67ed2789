"""Sending datagrams: destinations, a full socket, water marks, and everything that can be wrong."""

import array
import re
import socket
import sys

import pytest
from datagrams import Recorder, endpoint, fill, name_of, pair, plain_socket, turns

OVERHEAD = 8 if sys.version_info >= (3, 13) else 0


@pytest.mark.parametrize(
    "data",
    [b"bytes", bytearray(b"array"), memoryview(b"view"), memoryview(array.array("H", [1, 2]))],
)
def test_bytes_of_every_kind_arrive(run, data):
    async def main():
        with plain_socket() as peer:
            async with endpoint() as (transport, _):
                transport.sendto(data, peer.getsockname())
                assert peer.recvfrom(100) == (bytes(data), name_of(transport))

    run(main)


def test_an_empty_datagram_is_sent_since_3_13(run):
    async def main():
        with plain_socket() as peer:
            async with endpoint(remote_addr=peer.getsockname()) as (transport, _):
                transport.sendto(b"")
                transport.sendto(b"end")
                return peer.recv(10)

    assert run(main) == (b"" if sys.version_info >= (3, 13) else b"end")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", ""])
def test_hosts_may_be_numbers_or_names(run, host):
    async def main():
        with plain_socket() as peer:
            async with endpoint() as (transport, _):
                transport.sendto(b"hello", (host, peer.getsockname()[1]))
                return peer.recv(100)

    assert run(main) == b"hello"


@pytest.mark.parametrize("address", [("::1",), ("::1", 0, 0), ("::1", 0, 0, 0), ("0::1",)])
def test_ipv6_destinations_of_every_form(run, address):
    async def main():
        with plain_socket(socket.AF_INET6, ("::1", 0)) as peer:
            async with endpoint(local_addr=("::1", 0)) as (transport, _):
                host, *rest = address
                transport.sendto(b"six", (host, peer.getsockname()[1], *rest[1:]))
                return peer.recv(100)

    assert run(main) == b"six"


@pytest.mark.parametrize("data", ["text", None, 5, [b"list"]])
def test_other_data_is_refused(run, data):
    async def main():
        async with endpoint() as (transport, _):
            name = re.escape(repr(type(data).__name__))
            with pytest.raises(
                TypeError, match=f"^data argument must be a bytes-like object, not {name}$"
            ):
                transport.sendto(data, ("127.0.0.1", 9))

    run(main)


def test_a_connected_transport_takes_its_own_address_or_none(run):
    async def main():
        with plain_socket() as peer:
            host, port = peer.getsockname()
            async with endpoint(remote_addr=(host, port)) as (transport, _):
                for address in [None, (host, port), (str(host), int(port))]:
                    transport.sendto(b"yes", address)
                    assert peer.recv(10) == b"yes"
                text = re.escape(f"Invalid address: must be None or {(host, port)}")
                with pytest.raises(ValueError, match=f"^{text}$"):
                    transport.sendto(b"no", (host, port + 1))

    run(main)


@pytest.mark.parametrize(
    "address",
    [
        None,
        5,
        "127.0.0.1",
        ("127.0.0.1",),
        ("127.0.0.1", "80"),
        ("127.0.0.1", 65536),
        ("127.0.0.1", -1),
        ["127.0.0.1", 80],
    ],
)
def test_a_wrong_address_ends_the_transport_with_the_sockets_own_error(run, address):
    """asyncio's way: what is no OSError is fatal."""
    with plain_socket() as probe, pytest.raises((TypeError, OverflowError)) as expected:
        probe.sendto(b"x", address)

    async def main():
        async with endpoint() as (transport, protocol):
            transport.sendto(b"x", address)
            assert transport.is_closing()
            await protocol.wait("lost")
            return protocol.calls[-1][1]

    error = run(main)
    assert (type(error), str(error)) == (expected.type, str(expected.value))
    report = run.reports.pop()
    assert report["message"] == "Fatal write error on datagram transport"
    assert report["exception"] is error
    assert set(report) == {"message", "exception", "transport", "protocol"}


def test_an_unknown_host_is_the_protocols_error(run):
    async def main():
        async with endpoint() as (transport, protocol):
            transport.sendto(b"x", ("no-such-host.invalid", 9))
            assert not transport.is_closing()
            assert protocol.calls == [("made",), ("error", "gaierror")]

    run(main)


def test_a_datagram_too_large_is_reported_at_once_and_the_next_one_goes(run):
    async def main():
        with plain_socket() as peer:
            async with endpoint() as (transport, protocol):
                transport.sendto(bytes(70_000), peer.getsockname())
                assert protocol.calls == [("made",), ("error", "OSError")]
                transport.sendto(b"small", peer.getsockname())
                return peer.recv(100)

    assert run(main) == b"small"


def test_a_dead_port_is_reported_and_the_transport_lives(run):
    async def main():
        peer = plain_socket()
        address = peer.getsockname()
        async with endpoint(remote_addr=address) as (transport, protocol):
            peer.close()
            transport.sendto(b"anybody?")
            await protocol.wait("error")
            assert protocol.calls == [("made",), ("error", "ConnectionRefusedError")]
            with plain_socket(address=address) as reborn:
                transport.sendto(b"again")
                assert reborn.recv(10) == b"again"

    run(main)


def test_what_error_received_raises_comes_out_of_sendto(run):
    class Failing(Recorder):
        def error_received(self, exc):
            raise LookupError("mine") from exc

    async def main():
        async with endpoint(Failing) as (transport, _):
            with pytest.raises(LookupError, match="mine") as raised:
                transport.sendto(bytes(70_000), ("127.0.0.1", 9))
            assert isinstance(raised.value.__context__, OSError)
            assert not transport.is_closing()

    run(main)


def test_a_full_socket_queues_and_everything_arrives_in_order(run):
    async def main():
        one, two = pair()
        async with endpoint(sock=one) as (transport, _):
            count = await fill(transport)
            assert transport.get_write_buffer_size() == 1000 + OVERHEAD
            for number in range(count, count + 50):
                transport.sendto(bytearray(b"%04d" % number + bytes(996)))
            assert transport.get_write_buffer_size() == 51 * (1000 + OVERHEAD)
            assert len(transport._buffer) == 51
            got = []
            while len(got) < count + 50:
                got.append(two.recv(2000))
                await turns(1)
            assert [int(data[:4]) for data in got] == list(range(count + 50))
            assert transport.get_write_buffer_size() == 0
        two.close()

    run(main)


def test_queued_data_is_a_copy(run):
    async def main():
        one, two = pair()
        async with endpoint(sock=one) as (transport, _):
            count = await fill(transport)
            data = bytearray(b"before")
            transport.sendto(data)
            data[:] = b"after!"
            for _ in range(count):
                two.recv(2000)
                await turns(1)
            assert two.recv(2000) == b"before"
        two.close()

    run(main)


def test_water_marks_pause_once_and_resume_once(run):
    async def main():
        one, two = pair()
        async with endpoint(sock=one) as (transport, protocol):
            assert transport.get_write_buffer_limits() == (16 * 1024, 64 * 1024)
            transport.set_write_buffer_limits(high=5000, low=2000)
            assert transport.get_write_buffer_limits() == (2000, 5000)
            count = await fill(transport)
            while transport.get_write_buffer_size() <= 5000:
                assert "pause" not in protocol.names
                transport.sendto(bytes(1000))
                count += 1
            assert protocol.names.count("pause") == 1
            transport.sendto(bytes(1000))
            count += 1
            assert protocol.names == ["made", "pause"]
            for _ in range(count):
                two.recv(2000)
                await turns(1)
            assert protocol.names == ["made", "pause", "resume"]
        two.close()

    run(main)


@pytest.mark.parametrize("high, low", [(10, 20), (-1, None), (None, -1), (5, 5.5)])
def test_marks_that_contradict_each_other_are_refused(run, high, low):
    async def main():
        async with endpoint() as (transport, _):
            with pytest.raises(
                ValueError, match=r"^high \(.*\) must be >= low \(.*\) must be >= 0$"
            ):
                transport.set_write_buffer_limits(high, low)
            return transport.get_write_buffer_limits()

    assert run(main) == (16 * 1024, 64 * 1024)


@pytest.mark.parametrize(
    "high, low", [(None, 100), (100, None), (0, 0), (2.5, 1.5), (10**30, 10**29)]
)
def test_marks_are_any_numbers_as_in_asyncio(run, high, low):
    async def main():
        async with endpoint() as (transport, _):
            transport.set_write_buffer_limits(high=high, low=low)
            return transport.get_write_buffer_limits()

    expected_high = 4 * low if high is None else high
    expected_low = high // 4 if low is None else low
    assert run(main) == (expected_low, expected_high)


@pytest.mark.parametrize("method", ["pause_writing", "resume_writing"])
def test_what_flow_control_raises_is_reported_and_writing_goes_on(run, method):
    def fail(self):
        raise LookupError(method)

    failing = type("Failing", (Recorder,), {method: fail})

    async def main():
        one, two = pair()
        async with endpoint(failing, sock=one) as (transport, _):
            transport.set_write_buffer_limits(0)
            count = await fill(transport)
            for _ in range(count):
                two.recv(2000)
                await turns(1)
            assert transport.get_write_buffer_size() == 0
            assert not transport.is_closing()
        two.close()

    run(main)
    report = run.reports.pop()
    assert report["message"] == f"protocol.{method}() failed"
    assert set(report) == {"message", "exception", "transport", "protocol"}


def test_host_names_keep_their_place_in_the_queue(run, tmp_path):
    """A Unix path that is not ASCII is one of the addresses that the socket object reads."""

    async def main():
        path = str(tmp_path / "pëer")
        with plain_socket(socket.AF_UNIX, path) as peer:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8000)
            async with endpoint(sock=sock) as (transport, protocol):
                count = 0
                while transport.get_write_buffer_size() < 20_000:
                    address = path if count % 3 else path.encode()
                    transport.sendto(b"%04d" % count + bytes(996), address)
                    count += 1
                got = []
                while len(got) < count:
                    got.append(int(peer.recv(2000)[:4]))
                    await turns(1)
                assert got == list(range(count))
                assert protocol.names == ["made"]

    run(main)
