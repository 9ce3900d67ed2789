"""Connections that are made: in which order a program is called, what it gets; cancelled ones."""

import asyncio
import os
import socket
import tempfile

from observe import attempt_await, cancel_while_waiting, rest, settle


class Narrator(asyncio.Protocol):
    """A protocol that prints what it is told."""

    def __init__(self):
        print("  factory")

    def connection_made(self, transport):
        self.transport = transport
        print("  made", transport.get_extra_info("peername") is not None)

    def connection_lost(self, error):
        print("  lost", error)


async def count_turns(counted):
    """Append a number in each turn of the loop until cancelled."""
    while True:
        await asyncio.sleep(0)
        counted.append(len(counted))


async def show(label, connecting):
    """Await a connection, say whether transport and protocol know each other, and drop it."""
    print(label)
    transport, protocol = await connecting
    print("  returned", protocol.transport is transport, transport.get_protocol() is protocol)
    transport.close()
    await rest(asyncio)


async def addresses(loop, port):
    for label, host, given, options in (
        ("digits", "127.0.0.1", port, {}),
        ("a name", "localhost", port, {"family": socket.AF_INET}),
        ("bytes", b"127.0.0.1", port, {}),
        ("a port in digits", "127.0.0.1", str(port), {}),
        ("short digits", "127.1", port, {}),
        ("from here", "127.0.0.1", port, {"local_addr": ("127.0.0.1", 0)}),
        ("from there", "127.0.0.1", port, {"local_addr": ("127.0.0.2", 0)}),
        ("a race", "127.0.0.1", port, {"happy_eyeballs_delay": 5}),
        ("a race of names", "localhost", port, {"happy_eyeballs_delay": 5}),
        ("interleaved", "localhost", port, {"interleave": 1}),
    ):
        await show(label, loop.create_connection(Narrator, host, given, **options))


async def second_choice(loop, port):
    """The first addresses are dead, and the last one is never tried."""
    places = [("127.0.0.1", 1), ("127.0.0.2", 1), ("127.0.0.1", port), ("127.0.0.1", 2)]

    async def getaddrinfo(host, *args, **hints):
        wanted = places if host == "name" else [(host, 0)]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place) for place in wanted]

    loop.getaddrinfo = getaddrinfo
    for options in (
        {},
        {"interleave": 3},
        {"happy_eyeballs_delay": 5},
        {"local_addr": ("127.0.0.1", 0)},
        {"local_addr": ("127.0.0.1", 0), "happy_eyeballs_delay": 5},
    ):
        making = loop.create_connection(Narrator, "name", port, **options)
        await show(f"second choice {sorted(options)}", making)
    del loop.getaddrinfo


async def given_sockets(loop):
    for label, connect in (
        ("create_connection", loop.create_connection),
        ("create_unix_connection", loop.create_unix_connection),
        ("connect_accepted_socket", loop.connect_accepted_socket),
    ):
        for blocking in (True, False):
            near, far = socket.socketpair()
            near.setblocking(blocking)
            await show(f"{label} blocking={blocking}", connect(Narrator, sock=near))
            far.close()
        near, far = socket.socketpair()
        turns = []
        counting = asyncio.create_task(count_turns(turns))
        await settle(2)
        before = len(turns)
        transport, _ = await connect(Narrator, sock=near)
        print("  turns from the call to the return:", len(turns) - before)
        counting.cancel()
        transport.abort()
        far.close()
        await rest(asyncio)


async def unix(loop):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "socket")
        server = await loop.create_unix_server(asyncio.Protocol, path)
        await show("a path", loop.create_unix_connection(Narrator, path))
        await show("bytes", loop.create_unix_connection(Narrator, os.fsencode(path)))
        await attempt_await("a factory of none", loop.create_unix_connection(None, path))
        server.close()


async def cancelled(loop, port):
    async def for_ever(*args, **kwargs):
        await loop.create_future()

    for name, host in (("getaddrinfo", "name"), ("sock_connect", "127.0.0.1")):
        setattr(loop, name, for_ever)
        connecting = asyncio.create_task(loop.create_connection(Narrator, host, port))
        await cancel_while_waiting(name, connecting, 3)
        delattr(loop, name)
    for turns in range(1, 5):
        near, far = socket.socketpair()
        connecting = asyncio.create_task(loop.create_connection(Narrator, sock=near))
        await cancel_while_waiting(f"after {turns} turns", connecting, turns)
        if not connecting.cancelled():
            connecting.result()[0].abort()
        await rest(asyncio)
        far.close()


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(asyncio.Protocol, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    await addresses(loop, port)
    await second_choice(loop, port)
    await given_sockets(loop)
    await unix(loop)
    await cancelled(loop, port)
    server.close()
    await rest(asyncio)


asyncio.run(main())
