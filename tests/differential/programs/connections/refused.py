"""Connections that are not made: wrong arguments, dead addresses, sockets of the wrong kind."""

import asyncio
import os
import socket
import sys
import tempfile

from observe import attempt, attempt_await, describe, rest

DEAD = ("127.0.0.1", 1)
EVERY_WAY = [{}, {"happy_eyeballs_delay": 0.01}, {"interleave": 1}, {"interleave": 2}]
if sys.version_info >= (3, 12):
    EVERY_WAY += [{"all_errors": True}, {"all_errors": True, "happy_eyeballs_delay": 0.01}]


def address(host, family=socket.AF_INET, port=1):
    rest = (0, 0) if family == socket.AF_INET6 else ()
    return (family, socket.SOCK_STREAM, 6, "", (host, port, *rest))


FOUND = {
    "nothing": [],
    "one": [address("127.0.0.1")],
    "the same twice": [address("127.0.0.1")] * 2,
    "two": [address("127.0.0.1"), address("127.0.0.2")],
    "two families": [address("::1", socket.AF_INET6), address("127.0.0.1"), address("127.0.0.2")],
    "a family of its own": [(99, socket.SOCK_STREAM, 6, "", ("nowhere", 1)), address("127.0.0.1")],
    "a list for an address": [list(address("127.0.0.1"))],
    "too little": [(socket.AF_INET, socket.SOCK_STREAM)],
    "a port too high": [address("127.0.0.1", port=70_000), address("127.0.0.1")],
    "no list": None,
}


async def dead_addresses(loop):
    print("--- dead addresses")
    for way in EVERY_WAY:
        for host in ("127.0.0.1", "::1", b"127.0.0.1", "0:0:0:0:0:0:0:1", "127.1"):
            connecting = loop.create_connection(asyncio.Protocol, host, 1, **way)
            await attempt_await(f"{host} {way}", connecting)
        for port in ("1", b"1", 70_000, -1, "nonsense", 1.5, True):
            connecting = loop.create_connection(asyncio.Protocol, "127.0.0.1", port, **way)
            await attempt_await(f"port {port!r} {way}", connecting)
        for local in (("127.0.0.1", 0), ("192.0.2.1", 0), ("::1", 0), ("192.0.2.1",), 5, ()):
            connecting = loop.create_connection(asyncio.Protocol, *DEAD, local_addr=local, **way)
            await attempt_await(f"from {local} {way}", connecting)


async def several_addresses(loop):
    print("--- several addresses")
    for label, found in FOUND.items():

        async def getaddrinfo(*args, found=found, **hints):
            return found

        loop.getaddrinfo = getaddrinfo
        for way in EVERY_WAY:
            connecting = loop.create_connection(asyncio.Protocol, "name", 1, **way)
            await attempt_await(f"{label} {way}", connecting)
    del loop.getaddrinfo


async def hints(loop):
    print("--- hints")
    for wanted in (
        {"family": socket.AF_INET6},
        {"family": socket.AF_INET},
        {"family": socket.AF_UNIX},
        {"family": 99},
        {"family": "inet"},
        {"proto": socket.IPPROTO_UDP},
        {"proto": 132},
        {"flags": socket.AI_CANONNAME},
        {"flags": 1 << 20},
    ):
        await attempt_await(f"{wanted}", loop.create_connection(asyncio.Protocol, *DEAD, **wanted))


async def contradictions(loop):
    print("--- contradictions")
    near, far = socket.socketpair()
    datagrams = socket.socket(type=socket.SOCK_DGRAM)
    for label, arguments in (
        ("neither", {}),
        ("both", {"host": "127.0.0.1", "sock": near}),
        ("a port and a socket", {"port": 1, "sock": near}),
        ("datagrams", {"sock": datagrams}),
        ("hostname", {"sock": near, "server_hostname": "name"}),
        ("no hostname", {"sock": near, "ssl": True}),
        ("an empty host", {"host": "", "port": 1, "ssl": True}),
        ("handshake", {"sock": near, "ssl_handshake_timeout": 1}),
        ("shutdown", {"sock": near, "ssl_shutdown_timeout": 1, "ssl": False}),
    ):
        making = loop.create_connection(asyncio.Protocol, **arguments)
        await attempt_await(f"{label} {sorted(arguments)}", making)
    for label, arguments in (
        ("neither", {}),
        ("both", {"path": "path", "sock": near}),
        ("datagrams", {"sock": datagrams}),
        ("hostname", {"sock": near, "server_hostname": "name"}),
        ("a number for a hostname", {"sock": near, "server_hostname": 5}),
        ("no hostname", {"sock": near, "ssl": True}),
        ("handshake", {"sock": near, "ssl_handshake_timeout": 1}),
        ("shutdown", {"path": "path", "ssl_shutdown_timeout": 1}),
        ("an empty path", {"path": ""}),
        ("bytes", {"path": b"/nowhere/at/all"}),
        ("no path", {"path": 5}),
        ("a long path", {"path": "x" * 200}),
    ):
        making = loop.create_unix_connection(asyncio.Protocol, **arguments)
        await attempt_await(f"unix, {label} {sorted(arguments)}", making)
    for label, arguments in (
        ("datagrams", {"sock": datagrams}),
        ("handshake", {"sock": near, "ssl_handshake_timeout": 1}),
        ("shutdown", {"sock": near, "ssl_shutdown_timeout": 1}),
    ):
        making = loop.connect_accepted_socket(asyncio.Protocol, **arguments)
        await attempt_await(f"accepted, {label}", making)
    for end in (near, far, datagrams):
        end.close()
    for closed in (loop.create_connection, loop.connect_accepted_socket):
        await attempt_await("a closed socket", closed(asyncio.Protocol, sock=near))
    await attempt_await("unix", loop.create_unix_connection(asyncio.Protocol, sock=near))


async def while_handling(loop):
    print("--- in an except block")
    for label, arguments in (("refused", DEAD), ("nothing", ())):
        try:
            raise LookupError("before")
        except LookupError:
            try:
                await loop.create_connection(asyncio.Protocol, *arguments)
            except (OSError, ValueError) as error:
                print(label, describe(error))


async def stale_paths(loop):
    print("--- stale paths")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "socket")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
        await attempt_await("stale", loop.create_unix_connection(asyncio.Protocol, path))
        await attempt_await("folder", loop.create_unix_connection(asyncio.Protocol, folder))


async def main():
    loop = asyncio.get_running_loop()
    await dead_addresses(loop)
    await several_addresses(loop)
    await hints(loop)
    await contradictions(loop)
    await while_handling(loop)
    await stale_paths(loop)
    for name in ("create_connection", "create_unix_connection", "connect_accepted_socket"):
        method = getattr(loop, name)
        attempt(f"{name} of too much", method, 1, 2, 3, 4)
        attempt(f"{name} of nothing", method)
        attempt(f"{name} twice", method, 1, protocol_factory=2)
    await rest(asyncio)


asyncio.run(main())
