"""create_server, create_unix_server and the connections to them: life, misuse, cancelled waits."""

import asyncio
import os
import socket
import tempfile

from observe import attempt, attempt_await, cancel_while_waiting, rest


class Echo(asyncio.Protocol):
    """Says back what comes, and keeps what is called."""

    def __init__(self):
        self.calls = []
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.calls.append("connection_made")
        self.transport = transport

    def data_received(self, data):
        self.calls.append(data)
        if data.startswith(b"echo"):
            self.transport.write(data[4:])

    def eof_received(self):
        self.calls.append("eof_received")

    def connection_lost(self, exc):
        self.calls.append(("connection_lost", exc))
        self.lost.set_result(None)


made = []


def echo():
    made.append(Echo())
    return made[-1]


async def talk(loop, label, connecting):
    transport, protocol = await connecting
    transport.write(b"echo" + label.encode())
    while len(protocol.calls) < 2:
        await rest(asyncio, 1)
    transport.close()
    await protocol.lost
    await made[-1].lost
    print(label, protocol.calls, made[-1].calls)


async def over_tcp(loop):
    server = await loop.create_server(echo, "127.0.0.1", 0, start_serving=False)
    print(isinstance(server, asyncio.AbstractServer), isinstance(server, asyncio.Server))
    print(server.is_serving(), server.get_loop() is loop, len(server.sockets))
    await attempt_await("start_serving", server.start_serving())
    await attempt_await("start_serving again", server.start_serving())
    print(server.is_serving())
    host, port = server.sockets[0].getsockname()
    await talk(loop, "tcp", loop.create_connection(Echo, host, port))
    await talk(loop, "by name", loop.create_connection(Echo, "localhost", port))
    await talk(loop, "bound", loop.create_connection(Echo, host, port, local_addr=("127.0.0.1", 0)))
    await talk(
        loop,
        "one after the other",
        loop.create_connection(Echo, host, port, happy_eyeballs_delay=0.1, interleave=1),
    )
    own = socket.socket()
    own.setblocking(False)
    await loop.sock_connect(own, (host, port))
    await talk(loop, "a socket of one's own", loop.create_connection(Echo, sock=own))
    accepting = socket.socket()
    accepting.bind(("127.0.0.1", 0))
    accepting.listen()
    outside = socket.create_connection(accepting.getsockname())
    accepted, _ = accepting.accept()
    _, protocol = await loop.connect_accepted_socket(Echo, accepted)
    outside.sendall(b"echo")
    outside.close()
    await protocol.lost
    print("accepted elsewhere", protocol.calls)
    accepting.close()

    serving = asyncio.create_task(server.serve_forever())
    await rest(asyncio)
    await attempt_await("serve_forever twice", server.serve_forever())
    await cancel_while_waiting("serve_forever", serving)
    print(server.is_serving(), server.sockets)
    attempt("close again", server.close)
    await attempt_await("wait_closed", server.wait_closed())
    await attempt_await("start a closed one", server.start_serving())
    await attempt_await("serve a closed one", server.serve_forever())
    try:
        await loop.create_connection(Echo, host, port)
    except ConnectionRefusedError as error:
        print(error.errno)


async def over_unix(loop):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "socket")
        async with await loop.create_unix_server(echo, path) as server:
            print(server.is_serving())
            await talk(loop, "unix", loop.create_unix_connection(Echo, path))
            try:
                await loop.create_unix_server(Echo, path)
            except OSError as error:
                print(type(error).__name__, error.errno)
        print(server.is_serving(), os.path.exists(path))
        await attempt_await("no path", loop.create_unix_connection(Echo))
        await attempt_await("no path to serve", loop.create_unix_server(Echo))
        try:
            await loop.create_unix_connection(Echo, os.path.join(folder, "absent"))
        except FileNotFoundError as error:
            print(error.errno)
        pair = socket.socketpair()
        await attempt_await(
            "path and socket", loop.create_unix_connection(Echo, path, sock=pair[0])
        )
        await attempt_await("both to serve", loop.create_unix_server(Echo, path, sock=pair[0]))
        for end in pair:
            end.close()


async def misuse(loop):
    datagrams = socket.socket(type=socket.SOCK_DGRAM)
    for label, connecting in (
        ("nothing", loop.create_connection(Echo)),
        ("host and socket", loop.create_connection(Echo, "127.0.0.1", 1, sock=datagrams)),
        ("datagrams", loop.create_connection(Echo, sock=datagrams)),
        ("a name without TLS", loop.create_connection(Echo, "h", 1, server_hostname="h")),
        ("TLS without a name", loop.create_connection(Echo, sock=datagrams, ssl=True)),
        ("nothing to serve", loop.create_server(Echo)),
        ("datagrams to serve", loop.create_server(Echo, sock=datagrams)),
        ("host and socket to serve", loop.create_server(Echo, "127.0.0.1", sock=datagrams)),
        ("TLS as a truth", loop.create_server(Echo, "127.0.0.1", 0, ssl=True)),
        ("accept datagrams", loop.connect_accepted_socket(Echo, datagrams)),
        ("a strange port", loop.create_server(Echo, "127.0.0.1", "no-such-service")),
    ):
        await attempt_await(label, connecting)
    datagrams.close()


async def cancelled(loop):
    pair = socket.socketpair()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "socket")
        server = await loop.create_server(Echo, "127.0.0.1", 0, start_serving=False)
        address = server.sockets[0].getsockname()
        unix = await loop.create_unix_server(Echo, path, start_serving=False)
        await unix.start_serving()
        for label, waiting in (
            ("wait_closed", server.wait_closed()),
            ("start_serving", server.start_serving()),
            ("create_connection", loop.create_connection(Echo, *address)),
            ("create_unix_connection", loop.create_unix_connection(Echo, path)),
            ("connect_accepted_socket", loop.connect_accepted_socket(Echo, pair[0])),
            ("create_server", loop.create_server(Echo, "127.0.0.1", 0)),
        ):
            await cancel_while_waiting(label, asyncio.create_task(waiting))
        for end in pair:
            end.close()
        server.close()
        unix.close()
        await rest(asyncio)


async def main():
    loop = asyncio.get_running_loop()
    await over_tcp(loop)
    await over_unix(loop)
    await misuse(loop)
    await cancelled(loop)


async def cancelled_server():
    loop = asyncio.get_running_loop()
    with tempfile.TemporaryDirectory() as folder:
        creating = loop.create_unix_server(Echo, os.path.join(folder, "socket"))
        await cancel_while_waiting("create_unix_server", asyncio.create_task(creating))


asyncio.run(main())
# On a loop of its own: what it leaves behind is reported when the loop is closed.
asyncio.run(cancelled_server())
