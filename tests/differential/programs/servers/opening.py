"""How servers are opened: hosts, options, sockets, paths; what is refused, what is left behind."""

import asyncio
import inspect
import os
import socket
import sys
import tempfile

from observe import attempt_await, describe, rest


class Quiet(asyncio.Protocol):
    pass


def options_of(server):
    for sock in server.sockets:
        level = socket.SOL_SOCKET
        names = ("SO_REUSEADDR", "SO_REUSEPORT", "SO_KEEPALIVE", "SO_ACCEPTCONN")
        values = [bool(sock.getsockopt(level, getattr(socket, name))) for name in names]
        print("  ", sock.family, sock.getsockname()[0], values, sock.gettimeout())


async def at_hosts(loop):
    print("--- hosts")
    for hosts in ("127.0.0.1", ["127.0.0.1"], ("127.0.0.1", "127.0.0.1"), {"127.0.0.3": 1}, []):
        server = await attempt_await_quietly(repr(hosts), loop.create_server(Quiet, hosts, 0))
        if server:
            options_of(server)
            server.close()
    for name, value in (
        ("reuse_address", False),
        ("reuse_port", True),
        ("keep_alive", True),
        ("backlog", 1),
        ("start_serving", False),
        ("family", socket.AF_INET),
        ("flags", 0),
    ):
        print(name)
        try:
            server = await loop.create_server(Quiet, "127.0.0.1", 0, **{name: value})
        except TypeError as error:
            print("  ", describe(error))
            continue
        options_of(server)
        server.close()


async def attempt_await_quietly(label, awaitable):
    """The result, of which nothing is printed: it holds a port."""
    try:
        result = await awaitable
    except Exception as error:
        print(f"{label} raised {describe(error)}")
        return None
    print(f"{label} -> {type(result).__name__}")
    return result


async def at_addresses_in_use(loop):
    print("--- in use")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        before = len(os.listdir("/proc/self/fd"))
        for hosts in ("127.0.0.1", ["127.0.0.2", "127.0.0.1"]):
            try:
                await loop.create_server(Quiet, hosts, port)
            except OSError as error:
                print(error.errno, str(error).replace(str(port), "PORT"), error.__cause__)
                print(error.__suppress_context__, type(error.__context__).__name__)
        print(len(os.listdir("/proc/self/fd")) - before)
    await attempt_await("nowhere", loop.create_server(Quiet, "192.0.2.1", 5))
    await attempt_await("of no family", loop.create_server(Quiet, "127.0.0.1", 5, family=99))


async def of_replaced_parts(loop):
    print("--- replaced")
    place = ("127.0.0.1", 0)
    answers = [
        [],
        [(socket.AF_INET, socket.SOCK_STREAM, 17, "", place)],
        [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place)] * 2,
        [(socket.AF_INET, socket.SOCK_STREAM)],
        [[]],
        None,
    ]
    asked = []

    async def getaddrinfo(*args, **kwargs):
        asked.append((args, sorted(kwargs)))
        return answers.pop(0)

    loop.getaddrinfo = getaddrinfo
    while answers:
        server = await attempt_await_quietly("found", loop.create_server(Quiet, "some.name", 1))
        if server:
            print(len(server.sockets))
            server.close()
    print(asked)
    del loop.getaddrinfo

    async def addresses(*args, **kwargs):
        print(args, kwargs)
        raise LookupError("nobody lives here")

    loop._create_server_getaddrinfo = addresses
    await attempt_await("asked", loop.create_server(Quiet, "127.0.0.1", 1))
    await attempt_await("nobody", loop.create_server(Quiet, [], 1, start_serving=False))
    del loop._create_server_getaddrinfo


async def at_paths(loop, folder):
    print("--- paths")
    before = len(os.listdir("/proc/self/fd"))
    path = os.path.join(folder, "s")
    server = await loop.create_unix_server(Quiet, path)
    print(server.sockets[0].getsockname() == path, server.is_serving())
    server.close()
    print(os.path.exists(path))
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(path) if not os.path.exists(path) else None
    (await loop.create_unix_server(Quiet, os.fsencode(path), start_serving=False)).close()
    if os.path.exists(path):
        os.remove(path)
    with open(path, "w"):
        pass
    try:
        await loop.create_unix_server(Quiet, path)
    except OSError as error:
        print(error.errno, str(error).replace(folder, "FOLDER"), error.__suppress_context__)
    os.remove(path)
    if sys.version_info >= (3, 13):
        server = await loop.create_unix_server(Quiet, path, cleanup_socket=False)
        server.close()
        print(os.path.exists(path))
    (await loop.create_unix_server(Quiet, "\0of this program")).close()
    own = socket.socket(socket.AF_UNIX)
    own.bind(os.path.join(folder, "own"))
    server = await loop.create_unix_server(Quiet, sock=own)
    print(server._sockets == [own], own.gettimeout())
    server.close()
    print(own.fileno(), sorted(os.listdir(folder)))
    print(len(os.listdir("/proc/self/fd")) - before)
    for wrong in (5, "a\0b"):
        await attempt_await(repr(wrong), loop.create_unix_server(Quiet, wrong))


async def of_signatures(loop):
    print("--- signatures")
    for name in ("create_server", "create_unix_server"):
        for parameter in inspect.signature(getattr(loop, name)).parameters.values():
            print(
                name,
                parameter.name,
                parameter.kind.name,
                int(parameter.default or 0)
                if parameter.default is not parameter.empty
                else "required",
            )
    server = await loop.create_server(Quiet, "127.0.0.1", 0)
    for name in ("start_serving", "serve_forever", "wait_closed", "__aenter__", "__aexit__"):
        coroutine = getattr(server, name)()
        print(coroutine.__qualname__, coroutine.__name__, inspect.getcoroutinestate(coroutine))
        coroutine.close()
    print(sorted(name for name in dir(server) if not name.startswith("_")))
    server.close()


async def main():
    loop = asyncio.get_running_loop()
    await at_hosts(loop)
    await at_addresses_in_use(loop)
    await of_replaced_parts(loop)
    with tempfile.TemporaryDirectory() as folder:
        await at_paths(loop, folder)
    await of_signatures(loop)
    await rest(asyncio)


asyncio.run(main())
