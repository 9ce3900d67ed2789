"""Every server of the network benchmarks does its work, on both loops, against plain sockets."""

import asyncio
import socket
from pathlib import Path

import pytest

from benchmarks.network.scenario import ECHO_KINDS
from benchmarks.servers.address import Address
from benchmarks.servers.bulk import CHUNK
from benchmarks.servers.kinds import KINDS, closing

LINE = b"x" * 99 + b"\n"


def with_server(run, aio, kind, address, converse):
    """What ``converse(address)`` returns, in a thread, while the server runs."""

    async def main():
        found, alive = await KINDS[kind].serve(aio, address, len(LINE))
        try:
            with closing(alive):
                return await asyncio.to_thread(converse, found)
        finally:
            # The connections that the client closed are gone before the loop is.
            await asyncio.sleep(0.05)

    return run(main)


def connect(address):
    if address.family == "unix":
        client = socket.socket(socket.AF_UNIX)
        client.connect(address.path)
    else:
        client = socket.create_connection((address.host, address.port))
    client.settimeout(10)
    return client


def receive(client, length):
    received = b""
    while len(received) < length and (piece := client.recv(65536)):
        received += piece
    return received


def receive_all(client):
    return receive(client, 1 << 30)


@pytest.mark.parametrize("family", ["tcp", "unix"])
@pytest.mark.parametrize("kind", ECHO_KINDS)
def test_an_echo_server_sends_back_what_it_got(aio, run, kind, family, tmp_path):
    def converse(address):
        with connect(address) as first, connect(address) as second:
            for client in (first, second, first):
                client.sendall(LINE * 3)
                assert receive(client, 3 * len(LINE)) == LINE * 3

    with_server(run, aio, kind, Address.anywhere(family, tmp_path), converse)


@pytest.mark.parametrize("kind", ["sink", "sink-streams"])
def test_a_sink_tells_how_much_came(aio, run, kind, tmp_path):
    def converse(address):
        with connect(address) as client:
            client.sendall(bytes(300_000))
            client.shutdown(socket.SHUT_WR)
            return receive_all(client)

    assert with_server(run, aio, kind, Address("tcp"), converse) == b"300000"


@pytest.mark.parametrize("kind", ["source", "source-streams", "file", "file-sock"])
def test_a_source_sends_the_period_until_the_client_goes(aio, run, kind, tmp_path):
    def converse(address):
        with connect(address) as client:
            return receive(client, 5 * len(CHUNK))

    received = with_server(run, aio, kind, Address("tcp"), converse)
    assert received == (CHUNK * 10)[: len(received)]
    assert len(received) >= 5 * len(CHUNK)


def test_datagrams_come_back_and_are_counted(aio, run):
    def ask(address, *datagrams):
        with socket.socket(type=socket.SOCK_DGRAM) as client:
            client.settimeout(10)
            client.connect((address.host, address.port))
            for datagram in datagrams:
                client.send(datagram)
            return client.recv(100)

    def echo(address):
        return ask(address, b"hello")

    def count(address):
        return ask(address, b"one", b"two", b"count")

    assert with_server(run, aio, "datagram", Address("udp"), echo) == b"hello"
    assert with_server(run, aio, "datagram-sink", Address("udp"), count) == b"2"


def test_an_address_reads_as_it_is_written():
    for text in ("tcp:127.0.0.1:80", "udp:::1:53", "unix:/some/where"):
        assert str(Address.parse(text)) == text
    for text in ("127.0.0.1:80", "unix:", "tcp:80", "tcp:host:port", "sctp:a:1"):
        with pytest.raises(ValueError):
            Address.parse(text)
    assert Address.anywhere("unix", Path("/x")) == Address("unix", path="/x/server")
    assert Address("tcp").found(("127.0.0.1", 8080)).port == 8080
