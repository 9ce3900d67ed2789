"""open_connection, start_server and the Unix variants on real sockets, in whole conversations."""

import asyncio
import os
import tempfile


async def serve(reader, writer):
    async for line in reader:
        if line == b"stop\n":
            break
        writer.write(line.upper())
        await writer.drain()
    writer.write(b"end\n")
    writer.close()
    await writer.wait_closed()


async def talk(reader, writer):
    print(type(reader).__name__, type(writer).__name__, reader._limit)
    writer.write(b"one\ntwo\n")
    print(await reader.readline(), await reader.readexactly(4))
    writer.writelines([b"three", b"\n", b"stop\n"])
    await writer.drain()
    print(await reader.readuntil(b"EE\n"))
    print(await reader.read(), reader.at_eof())
    writer.close()
    await writer.wait_closed()
    print(writer.is_closing())


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        await talk(*await asyncio.open_connection(*server.sockets[0].getsockname()))
        await talk(*await asyncio.open_connection(*server.sockets[0].getsockname(), limit=100))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "socket")
        async with await asyncio.start_unix_server(serve, path):
            await talk(*await asyncio.open_unix_connection(path))
        try:
            await asyncio.open_unix_connection(os.path.join(folder, "nothing"))
        except OSError as error:
            print(type(error).__name__, error.errno)


asyncio.run(main())
