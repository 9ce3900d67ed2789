"""What a connection knows of its socket, and what its loop knows of the connection."""

import asyncio
import gc
import socket

import pytest

from faults.scenery import PATIENCE_SECONDS, reset, unix_pair
from toolkit import settle


class Keeper(asyncio.Protocol):
    def __init__(self):
        self.made = asyncio.get_running_loop().create_future()
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.made.set_result(transport)

    def connection_lost(self, exc):
        self.lost.set_result(exc)


async def served(loop, family=socket.AF_INET, host="127.0.0.1"):
    """A client's socket, and the server's transport and protocol of its connection."""
    protocols = []

    def factory():
        protocols.append(Keeper())
        return protocols[-1]

    server = await loop.create_server(factory, host, 0, family=family)
    client = socket.create_connection(server.sockets[0].getsockname()[:2])
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not protocols:
            await asyncio.sleep(0)
        transport = await protocols[0].made
    server.close()
    return client, transport, protocols[0]


@pytest.mark.parametrize(
    ("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
)
def test_both_ends_have_names_before_and_after_the_connection_is_lost(aio, run, family, host):
    if family == socket.AF_INET6 and not socket.has_ipv6:
        pytest.skip("no IPv6 here")

    async def main():
        client, transport, protocol = await served(aio.get_running_loop(), family, host)
        names = client.getsockname(), client.getpeername()
        client.close()
        await protocol.lost
        shown = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        assert shown == names
        assert transport.get_extra_info("socket").fileno() == -1
        assert transport.get_extra_info("socket") is transport.get_extra_info("socket")
        assert set(transport._extra) == {"peername", "sockname", "socket"}
        assert transport._extra is transport._extra
        assert transport.get_extra_info("cipher") is None
        assert transport.get_extra_info("cipher", 3) == 3

    run(main)


def test_a_connection_that_was_reset_knows_who_it_was(aio, run):
    async def main():
        client, transport, protocol = await served(aio.get_running_loop())
        name = client.getsockname()
        reset(client)
        assert isinstance(await protocol.lost, ConnectionResetError)
        return transport.get_extra_info("peername") == name

    assert run(main)


def test_unnamed_sockets_have_empty_names_and_unconnected_ones_none(aio, run):
    async def main():
        loop = aio.get_running_loop()
        ours, peer = unix_pair()
        transport, protocol = await loop.create_connection(Keeper, sock=ours)
        names = transport.get_extra_info("sockname"), transport.get_extra_info("peername")
        transport.close()
        await protocol.lost
        peer.close()
        return names

    assert run(main) == ("", "")


def test_the_loop_knows_its_transports_and_forgets_dead_ones(aio, run):
    async def main():
        loop = aio.get_running_loop()
        client, transport, protocol = await served(loop)
        number = transport.get_extra_info("socket").fileno()
        assert loop._transports[number] is transport
        assert loop._transports is loop._transports
        with pytest.raises(RuntimeError, match="is used by transport"):
            loop.add_reader(number, print)
        ours, peer = unix_pair()
        second, second_protocol = await loop.create_connection(Keeper, sock=ours)
        assert loop._transports[ours.fileno()] is second
        assert loop._transports[number] is transport
        del loop._transports[number]
        client.close()
        transport.close()
        second.close()
        await protocol.lost
        await second_protocol.lost
        peer.close()
        protocol.made = second_protocol.made = None
        del transport, second
        await settle(aio)
        gc.collect()
        return len(loop._transports)

    assert run(main) == 0


def test_a_loop_that_makes_transports_itself_is_asked_by_its_servers(aio, run):
    made = []

    class Loop(aio.SelectorEventLoop):
        def _make_socket_transport(self, sock, protocol, *args, **kwargs):
            made.append(sorted(kwargs["extra"]))
            return super()._make_socket_transport(sock, protocol, *args, **kwargs)

    async def main():
        loop = aio.get_running_loop()
        client, _, protocol = await served(loop)
        client.close()
        await protocol.lost
        assert made.pop() == ["peername"]
        original = loop._make_socket_transport
        loop._make_socket_transport = lambda *args, **kwargs: (
            made.append(1) or original(*args, **kwargs)
        )
        client, _, protocol = await served(loop)
        client.close()
        await protocol.lost
        return made

    run.loop_factory = Loop
    assert run(main) == [1, ["peername"]]
