"""Servers and the loop's ways to connections: wrong arguments, wrong states."""

import asyncio
import os
import socket
import sys
import tempfile

from observe import attempt, attempt_await, misuse, rest

OF_SERVERS = ["close", "get_loop", "is_serving", "start_serving", "serve_forever", "wait_closed"]
if sys.version_info >= (3, 13):
    OF_SERVERS += ["close_clients", "abort_clients"]


async def servers(loop):
    print("--- servers")
    server = await loop.create_server(asyncio.Protocol, "127.0.0.1", 0, start_serving=False)
    misuse(server, *OF_SERVERS)
    print(server.is_serving())
    attempt("other sockets", setattr, server, "sockets", ())
    server.close()
    for name in ("start_serving", "serve_forever"):
        await attempt_await(f"{name} of a closed one", getattr(server, name)())
    await attempt_await("wait_closed", server.wait_closed())
    attempt("close again", server.close)
    print(server.is_serving(), server.sockets)


async def makers(loop):
    print("--- makers")
    for name in (
        "create_server",
        "create_unix_server",
        "create_connection",
        "create_unix_connection",
        "create_datagram_endpoint",
        "connect_accepted_socket",
        "connect_read_pipe",
        "connect_write_pipe",
        "sendfile",
    ):
        attempt(f"{name} of nothing", getattr(loop, name))
        attempt(f"{name} with a keyword", getattr(loop, name), 1, 2, surplus=1)

    def refuse():
        raise LookupError("no protocol")

    for factory in (refuse, None, 5):
        near, far = socket.socketpair()
        await attempt_await("connect", loop.create_connection(factory, sock=near))
        await attempt_await("accept", loop.connect_accepted_socket(factory, far))
        near.close()
        far.close()
    await rest(asyncio)
    for label, making in (
        ("a socket that is none", loop.create_connection(asyncio.Protocol, sock="socket")),
        ("an address that is none", loop.create_connection(asyncio.Protocol, 5, 5)),
        ("a port that is none", loop.create_connection(asyncio.Protocol, "127.0.0.1", [])),
        ("local", loop.create_connection(asyncio.Protocol, "127.0.0.1", 1, local_addr=5)),
        ("serve a socket that is none", loop.create_server(asyncio.Protocol, sock="socket")),
        ("serve at none", loop.create_server(asyncio.Protocol, 5, 5)),
        ("a backlog of text", loop.create_server(asyncio.Protocol, "127.0.0.1", 0, backlog="b")),
        ("accept none", loop.connect_accepted_socket(asyncio.Protocol, None)),
        ("path that is none", loop.create_unix_connection(asyncio.Protocol, 5)),
        ("serve path that is none", loop.create_unix_server(asyncio.Protocol, [])),
        ("unix", loop.create_unix_server(asyncio.Protocol, sock="socket")),
        ("no endpoint", loop.create_datagram_endpoint(asyncio.DatagramProtocol, sock="socket")),
    ):
        await attempt_await(label, making)


async def pipes(loop):
    print("--- pipes")
    # asyncio's transport of what is no pipe can't say what it is when it is collected.
    sys.unraisablehook = lambda _: None
    for connect in (loop.connect_read_pipe, loop.connect_write_pipe):
        for wrong in (5, None, "pipe"):
            await attempt_await(f"{wrong!r}", connect(asyncio.Protocol, wrong))
        with tempfile.TemporaryFile() as file:
            await attempt_await("a file", connect(asyncio.Protocol, file))
        read, write = os.pipe()

        def refuse():
            raise LookupError("no protocol")

        with open(read, "rb", 0) as source, open(write, "wb", 0) as sink:
            end = source if connect == loop.connect_read_pipe else sink
            await attempt_await("refused", connect(refuse, end))
            await attempt_await("no factory", connect(None, end))


async def names(loop):
    print("--- names")
    for name in ("getaddrinfo", "getnameinfo"):
        attempt(f"{name} of nothing", getattr(loop, name))
        attempt(f"{name} with a keyword", getattr(loop, name), 1, 2, surplus=1)
    attempt("getaddrinfo by position", loop.getaddrinfo, "localhost", 1, socket.AF_INET)
    for host, port in ((5, 5), ("localhost", []), ([], 1), (None, None)):
        await attempt_await(f"getaddrinfo({host!r}, {port!r})", loop.getaddrinfo(host, port))
    await attempt_await("a family", loop.getaddrinfo("127.0.0.1", 1, family="family"))
    for address in (5, None, "127.0.0.1", ("127.0.0.1",), (5, 5), ("127.0.0.1", "port")):
        await attempt_await(f"getnameinfo({address!r})", loop.getnameinfo(address))
    await attempt_await("flags", loop.getnameinfo(("127.0.0.1", 1), "flags"))


async def main():
    loop = asyncio.get_running_loop()
    await servers(loop)
    await makers(loop)
    await pipes(loop)
    await names(loop)


asyncio.run(main())
