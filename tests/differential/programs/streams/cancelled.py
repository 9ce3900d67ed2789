"""Streams whose coroutines are cancelled, and what a reader was told to raise."""

import asyncio
import os
import socket
import tempfile

from observe import attempt, attempt_await, cancel_while_waiting, rest


async def pair(limit=2**16):
    near, far = socket.socketpair()
    return (
        await asyncio.open_connection(sock=near, limit=limit),
        await asyncio.open_connection(sock=far),
    )


async def close(writer):
    writer.close()
    await writer.wait_closed()


async def reading():
    (reader, near), (_, far) = await pair()
    for label, waiting in (
        ("read", reader.read()),
        ("read some", reader.read(10)),
        ("readline", reader.readline()),
        ("readexactly", reader.readexactly(10)),
        ("readuntil", reader.readuntil(b"end")),
    ):
        await cancel_while_waiting(label, asyncio.create_task(waiting))
    far.write(b"whole\nrest")
    await attempt_await("readline", reader.readline())
    await close(far)
    await attempt_await("readexactly", reader.readexactly(10))
    await attempt_await("at the end", reader.readuntil(b"!"))
    print(issubclass(asyncio.IncompleteReadError, EOFError), reader.exception())
    await close(near)
    (reader, near), (_, far) = await pair(limit=4)
    far.write(b"more than four\n")
    await attempt_await("over the limit", reader.readuntil(b"\n"))
    error = asyncio.LimitOverrunError("message", 5)
    print(error, error.consumed, error.args)
    await close(near)
    await close(far)

    reader = asyncio.StreamReader()
    waiting = asyncio.create_task(reader.read())
    await rest(asyncio, 1)
    print(reader.exception())
    attempt("set_exception", reader.set_exception, KeyError("told"))
    print(repr(reader.exception()))
    await attempt_await("read", waiting)
    await attempt_await("read again", reader.read())
    attempt("set_exception to nothing", reader.set_exception, None)


async def writing():
    (_, near), (reader, far) = await pair()
    near.write(bytes(1 << 22))
    await cancel_while_waiting("drain", asyncio.create_task(near.drain()))
    near.close()
    await cancel_while_waiting("wait_closed", asyncio.create_task(near.wait_closed()))
    print(len(await reader.read()) == 1 << 22)
    await attempt_await("wait_closed", near.wait_closed())
    await close(far)


async def opening():
    async def serve(reader, writer):
        await close(writer)

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "socket")
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        address = server.sockets[0].getsockname()
        unix = await asyncio.start_unix_server(serve, path)
        for label, waiting in (
            ("open_connection", asyncio.open_connection(*address)),
            ("open_unix_connection", asyncio.open_unix_connection(path)),
            ("start_server", asyncio.start_server(serve, "127.0.0.1", 0)),
            ("start_unix_server", asyncio.start_unix_server(serve, path + "2")),
        ):
            await cancel_while_waiting(label, asyncio.create_task(waiting))
            await rest(asyncio)
        for one in (server, unix):
            one.close()
            await one.wait_closed()
    await attempt_await("nobody there", asyncio.open_unix_connection(path))
    await attempt_await("no address", asyncio.open_connection())


async def main():
    loop = asyncio.get_running_loop()
    # The accepted half of a connection that was given up may be reset before it is served.
    loop.set_exception_handler(lambda loop, context: print(context["message"]))
    await reading()
    await writing()
    await opening()


asyncio.run(main())
