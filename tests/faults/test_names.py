"""``loop.getaddrinfo`` and ``getnameinfo`` against the socket module's, on thousands of inputs.

Nothing here asks a name server: hosts are in digits, are known to every machine, or are refused
before anybody could be asked.
"""

import random
import socket

import pytest

INPUTS = 2_000
NAMES_OF_LOOPBACK = ("localhost", "LOCALHOST", b"localhost", "localhost.")
DIGITS = (
    "127.0.0.1",
    b"127.0.0.1",
    "127.1",
    "127.0.1",
    "0",
    "0x7f.1",
    "0x7f000001",
    "017700000001",
    "2130706433",
    "4294967295",
    "1.2.3.4",
    "255.255.255.255",
    "0.0.0.0",
    "::",
    "::1",
    b"::1",
    "0:0:0:0:0:0:0:1",
    "::ffff:1.2.3.4",
    "2001:db8::1",
    "2001:DB8:0:0:0:0:0:1",
    "ff02::1",
    "fe80::1",
    "fe80::1%lo",
    "fe80::1%1",
    "fe80::1%0",
    "fe80::1%4294967295",
    "ff02::1%lo",
)
#: What the resolver refuses by itself, or never with AI_NUMERICHOST.
REFUSED = (
    "127.0.0.1%lo",
    "::1%nosuchinterface",
    "fe80::1%nosuchinterface",
    "fe80::1%",
    "::1%lo",
    "2001:db8::1%1",
    "1.2.3.4.5",
    "1.2.3.",
    "1.2.3.256",
    "::1::",
    ":::",
    "12345::",
    "[::1]",
    " 127.0.0.1",
    "127.0.0.1 ",
    "127.0.0.1\n",
    "some.name",
    "-",
    ".",
    "%",
    "%lo",
)
STRANGE = ("a..b", ".a", "x" * 64, "x" * 300, "null\0byte", b"null\0byte", "\ud800", "ü..ü")
WRONG_TYPES = (1, 1.5, object, ["127.0.0.1"], bytearray(b"127.0.0.1"))
NUMBERS = (0, 1, 80, 443, 65_535, 65_536, 70_000, -1, 1 << 31, 1 << 63, -(1 << 63), 1 << 70)
DIGITS_OF_PORTS = ("0", "80", b"80", "65535", "65536", "-1", "+80", " 80", "80 ", "0x50", "8_0")
SERVICES = ("http", "https", "HTTP", b"domain", "domain", "ssh", "tftp", "ntp", "nosuchservice")
STRANGE_PORTS = ("", b"", "null\0byte", "ü", None, True, 1.5, object, bytearray(b"80"))
PORTS = (*NUMBERS, *DIGITS_OF_PORTS, *SERVICES, *STRANGE_PORTS)
FAMILIES = (0, 0, 0, socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, 12_345)
TYPES = (0, 0, socket.SOCK_STREAM, socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, 77)
PROTOCOLS = (0, 0, 0, socket.IPPROTO_TCP, socket.IPPROTO_UDP, socket.IPPROTO_ICMP, 99)
FLAGS = (
    0,
    0,
    socket.AI_PASSIVE,
    socket.AI_CANONNAME,
    socket.AI_NUMERICSERV,
    socket.AI_NUMERICHOST,
    socket.AI_V4MAPPED,
    socket.AI_V4MAPPED | socket.AI_ALL,
    socket.AI_ADDRCONFIG,
    socket.AI_PASSIVE | socket.AI_NUMERICHOST,
    socket.AI_CANONNAME | socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    1 << 20,
)


def one_input(chance):
    """Arguments of getaddrinfo, positional and named."""
    hosts = chance.choice((DIGITS, DIGITS, DIGITS, REFUSED, NAMES_OF_LOOPBACK, ("", b"", None)))
    if chance.random() < 0.1:
        hosts = chance.choice((STRANGE, WRONG_TYPES))
    host = chance.choice(hosts)
    flags = chance.choice(FLAGS)
    if hosts in (REFUSED, STRANGE):
        flags |= socket.AI_NUMERICHOST
    named = {
        "family": chance.choice(FAMILIES),
        "type": chance.choice(TYPES),
        "proto": chance.choice(PROTOCOLS),
        "flags": flags,
    }
    # What is 0 may as well be left out.
    named = {name: value for name, value in named.items() if value or chance.random() < 0.5}
    return (host, chance.choice(PORTS)), named


def outcome_of(error):
    return type(error), error.args


def told(function, *positional, **named):
    """What the function returns, or which error it raises."""
    try:
        return function(*positional, **named)
    except Exception as error:
        return outcome_of(error)


async def told_by(coroutine):
    try:
        return await coroutine
    except Exception as error:
        return outcome_of(error)


@pytest.mark.parametrize("debug", [False, True])
def test_getaddrinfo_gives_what_the_socket_module_gives(aio, run, debug, caplog):
    chance = random.Random(1)
    count = INPUTS // 10 if debug else INPUTS

    async def main():
        loop = aio.get_running_loop()
        kinds = {"addresses": 0, "errors": 0}
        for _ in range(count):
            positional, named = one_input(chance)
            wanted = told(socket.getaddrinfo, *positional, **named)
            found = await told_by(loop.getaddrinfo(*positional, **named))
            assert found == wanted, (positional, named)
            kinds["addresses" if isinstance(wanted, list) else "errors"] += 1
        return kinds

    kinds = run(main, debug=debug)
    # Neither side is so rare that it went untested.
    assert min(kinds.values()) > count // 20, kinds


def test_the_enumerations_are_the_socket_module_s(aio, run):
    async def main():
        found = await aio.get_running_loop().getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM)
        (family, kind, protocol, _, _) = found[0]
        assert isinstance(family, socket.AddressFamily) and isinstance(kind, socket.SocketKind)
        assert type(protocol) is int

    run(main)


def test_many_names_at_a_time_each_get_their_own_answer(aio, run):
    async def main():
        loop = aio.get_running_loop()
        hosts = [f"127.0.{number // 250}.{number % 250}" for number in range(500)]
        answers = await aio.gather(*(loop.getaddrinfo(host, 80) for host in hosts))
        assert [answer[0][4][0] for answer in answers] == hosts

    run(main)


ADDRESSES = (
    ("127.0.0.1", 80),
    ("127.0.0.1", 65_535),
    ("::1", 443),
    ("::1", 443, 0, 0),
    ("fe80::1", 53, 0, 1),
    ("fe80::1%lo", 53),
    ("2001:db8::1", 0, 7, 0),
    ("", 80),
    ("not an address", 80),
    ("127.0.0.1", -1),
    ("127.0.0.1", 65_536),
    ("127.0.0.1", "80"),
    ("127.0.0.1",),
    "127.0.0.1",
    None,
    ("::1", 80, 1 << 20, 0),
    ("::1", 80, 0),
    ("127.0.0.1", 80, 0, 0),
)
NAME_FLAGS = (
    socket.NI_NUMERICHOST,
    socket.NI_NUMERICHOST | socket.NI_NUMERICSERV,
    socket.NI_NUMERICHOST | socket.NI_DGRAM,
    socket.NI_NUMERICHOST | socket.NI_NAMEREQD,
)


def test_getnameinfo_gives_what_the_socket_module_gives(aio, run):
    async def main():
        loop = aio.get_running_loop()
        for address in ADDRESSES:
            for flags in NAME_FLAGS:
                wanted = told(socket.getnameinfo, address, flags)
                found = await told_by(loop.getnameinfo(address, flags))
                assert found == wanted, (address, flags)

    run(main)


@pytest.mark.parametrize(
    ("host", "port", "options"),
    [
        ("1.2.3.4.5.6", 80, {"flags": socket.AI_NUMERICHOST}),
        ("127.0.0.1", "nosuchservice", {}),
        ("127.0.0.1", 80, {"family": socket.AF_INET6}),
        ("a..b", 80, {}),
        ("fe80::1%nosuchinterface", 80, {"flags": socket.AI_NUMERICHOST}),
    ],
)
def test_connections_and_servers_fail_with_the_resolver_s_error(aio, run, host, port, options):
    wanted = told(
        socket.getaddrinfo,
        host,
        port,
        options.get("family", 0),
        socket.SOCK_STREAM,
        0,
        options.get("flags", 0),
    )
    assert isinstance(wanted, tuple), "this was to be refused"

    async def main():
        loop = aio.get_running_loop()
        for make in (loop.create_connection, loop.create_server):
            with pytest.raises(Exception) as caught:
                await make(aio.Protocol, host, port, **options)
            assert outcome_of(caught.value) == wanted

    run(main)


def test_an_empty_host_means_every_interface_to_a_server_and_this_machine_to_a_client(aio, run):
    async def main():
        loop = aio.get_running_loop()
        for host in ("", None):
            server = await loop.create_server(aio.Protocol, host, 0, family=socket.AF_INET)
            address, port = server.sockets[0].getsockname()
            assert address == "0.0.0.0"
            _, writer = await aio.open_connection(None, port, family=socket.AF_INET)
            assert writer.get_extra_info("peername") == ("127.0.0.1", port)
            writer.close()
            await writer.wait_closed()
            server.close()
            await server.wait_closed()

    run(main)
