"""Which hosts are addresses already and which are looked up: as asyncio decides, host by host."""

import asyncio
import inspect
import socket
import warnings

import pytest


class Text(str):
    """A class of its own."""


HOSTS = [
    *(
        "127.0.0.1",
        "0.0.0.0",
        "127.1",
        "1",
        "01.2.3.4",
        "1.2.3",
        "1.2.3.4.",
        " 1.2.3.4",
        "1.2.3.4 ",
    ),
    *(
        "256.1.1.1",
        "1.2.3.4.5",
        "0x7f.1",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%lo",
        "::1%1",
        "%",
        "a%b",
    ),
    *("::ffff:1.2.3.4", "::1.2.3.4", "::1.2.3.04", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::1::"),
    *(
        "::2:3:4:5:6:7:8",
        "1::2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7",
        "12345::",
        "2001:DB8::A",
        ":",
        "[::1]",
    ),
    *(
        "localhost",
        "",
        ".",
        "..",
        ".a",
        "a..b",
        "a" * 64,
        "cafe",
        "dead.beef",
        "a:b",
        "1e5",
        "bücher",
    ),
    *(
        "xn--bcher-kva",
        "127.0.0.1\0",
        "a\0b",
        "\udcff",
        "\uff11.2.3.4",
        Text("127.0.0.1"),
        Text("name"),
    ),
    *(None, b"127.0.0.1", b"::1", b"", b"name", b"xn--a", b"XN--a.b", b"\xff", b"a\0b", b"a%b"),
    *(5, 1.5, [], bytearray(b"127.0.0.1"), True, ("127.0.0.1",)),
]
PORTS = [
    *(None, 0, 80, 65535, 65536, -1, 10**30, True, 80.0, 80.5, float("inf"), float("nan")),
    *("80", "", " 80 ", "8_0", "+80", "-1", "http", "0x50", "٨٠", "no such", "65536", "infinity"),
    *(b"80", b"", b" 80", b"http", b"\xff", bytearray(b"80"), [], object, Text("80"), "8" * 5000),
]
FAMILIES = [0, socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, 2.0, "2", -1, 2**40]
PROTOCOLS = [0, socket.IPPROTO_TCP, socket.IPPROTO_UDP, socket.IPPROTO_RAW, True, 6.0, "6", []]


def shown(value):
    """A value with its types, down to the items of a tuple."""
    if isinstance(value, tuple):
        return tuple(shown(item) for item in value)
    return type(value), repr(value)


class Stop(Exception):
    """There is nothing more to see."""


async def resolution(loop, make):
    """What `make(loop)` asks for and gets: calls of getaddrinfo, addresses, errors."""
    seen = []

    async def getaddrinfo(host, port, *, family=0, type=0, proto=0, flags=0):
        seen.append(("asked", shown((host, port, family, type, proto, flags))))
        raise Stop

    async def sock_connect(sock, address):
        seen.append(("connected", sock.family, sock.type, sock.proto, shown(address)))
        raise Stop

    loop.getaddrinfo = getaddrinfo
    loop.sock_connect = sock_connect
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            await make(loop)
        except Exception as error:
            seen.append((type(error), str(error)))
    del loop.getaddrinfo, loop.sock_connect
    return seen


CASES = [(host, port, 0, 0) for host in HOSTS for port in PORTS]
CASES += [(host, 80, family, 0) for host in HOSTS for family in FAMILIES]
CASES += [(host, 80, 0, protocol) for host in HOSTS for protocol in PROTOCOLS]
WAYS = ["create_connection", "create_datagram_endpoint", "local_addr"]


@pytest.fixture(autouse=True)
def shared_ports(monkeypatch):
    """Let sockets that do not listen share a port, also with this test in another process."""
    bind = socket.socket.bind

    def bind_shared(self, address):
        self.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bind(self, address)

    monkeypatch.setattr(socket.socket, "bind", bind_shared)


def make(way, host, port, family, protocol):
    def begin(loop):
        options = {"family": family, "proto": protocol, "flags": 0}
        if way == "create_datagram_endpoint":
            return loop.create_datagram_endpoint(
                asyncio.DatagramProtocol, remote_addr=(host, port), **options
            )
        if way == "create_connection":
            return loop.create_connection(asyncio.Protocol, host, port, **options)
        return loop.create_connection(
            asyncio.Protocol, "127.0.0.1", 1, local_addr=(host, port), **options
        )

    return begin


@pytest.mark.parametrize("way", WAYS)
def test_every_host_is_resolved_as_asyncio_does(run, way):
    async def everything():
        loop = asyncio.get_running_loop()
        return [await resolution(loop, make(way, *case)) for case in CASES]

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        expected = runner.run(everything())
    found = run(everything)
    for case, ours, theirs in zip(CASES, found, expected, strict=True):
        assert ours == theirs, case


PLACES = [
    *(("name", 1), ("name", 1, 2), ("::1", 1, 2), ("::1", 1, 2, 3), ("name", 1, 2, 3)),
    *(("name", 1, 2, 3, 4), ("::1", 1, 2, 3, 4), ("127.0.0.1", 1, 2), ("name",), (), "ab", "abc"),
    *(["127.0.0.1", 1], ["name", 1], None, 5, {"name": 1}, ("::1", 1, "2", None), (None, 1, 2, 3)),
]


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_addresses_of_any_shape_are_resolved_as_asyncio_does(run, family):
    async def outcome(seen, awaitable):
        try:
            await awaitable
        except Exception as error:
            seen.append((type(error), str(error)))

    async def everything():
        loop, seen = asyncio.get_running_loop(), []

        async def getaddrinfo(*args, **kwargs):
            seen.append(("asked", shown(args), sorted(kwargs)))
            raise Stop

        loop.getaddrinfo = getaddrinfo
        for place in PLACES:
            with socket.socket(family) as sock:
                sock.setblocking(False)
                seen.append(place)
                await outcome(seen, loop.sock_connect(sock, place))
            options = {"family": family, "local_addr": place}
            host = "127.0.0.1" if family == socket.AF_INET else "::1"
            await outcome(seen, loop.create_connection(asyncio.Protocol, host, 2, **options))
        return seen

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        expected = runner.run(everything())
    assert run(everything) == expected


def test_the_chain_of_awaits_shows_asyncios_coroutines(aio, run):
    async def main():
        loop, chains = aio.get_running_loop(), []

        async def getaddrinfo(*args, **kwargs):
            await loop.create_future()

        loop.getaddrinfo = getaddrinfo
        sock = socket.socket()
        sock.setblocking(False)
        for coroutine in (
            loop.create_connection(asyncio.Protocol, "name", 1),
            loop.create_connection(asyncio.Protocol, "127.0.0.1", 1, local_addr=("name", 1)),
            loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("name", 1)),
            loop.sock_connect(sock, ("name", 1)),
        ):
            task = aio.ensure_future(coroutine)
            await aio.sleep(0)
            chain, link = [], task.get_coro()
            while inspect.iscoroutine(link) or hasattr(link, "cr_await"):
                chain.append(link.__qualname__.rpartition(".")[2])
                link = link.cr_await
            chains.append(chain)
            task.cancel()
            await aio.wait([task])
        sock.close()
        return chains

    assert run(main) == [
        ["create_connection", "_ensure_resolved", "getaddrinfo"],
        ["create_connection", "_ensure_resolved", "getaddrinfo"],
        ["create_datagram_endpoint", "_ensure_resolved", "getaddrinfo"],
        ["sock_connect", "_ensure_resolved", "getaddrinfo"],
    ]
