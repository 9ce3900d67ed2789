"""Where a file stands after it was sent, in whole or in part, by the kernel or in blocks."""

import asyncio
import io
import os
import socket
import tempfile

from observe import attempt_await, settle

DIGITS = b"0123456789"


class Sink(asyncio.Protocol):
    def __init__(self):
        self.received = bytearray()
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.received += data

    def connection_lost(self, exc):
        self.lost.set_result(exc)

    def pause_writing(self):
        print("pause_writing")

    def resume_writing(self):
        print("resume_writing")


class Unseekable(io.RawIOBase):
    seek = property()

    def __init__(self, *blocks):
        self.blocks = list(blocks)

    def readinto(self, buffer):
        block = self.blocks.pop(0) if self.blocks else None
        if block is None:
            return None
        buffer[: len(block)] = block
        return len(block)


class Failing(io.BytesIO):
    def readinto(self, buffer):
        if self.tell() > 5:
            raise OSError("no more")
        return super().readinto(memoryview(buffer)[:4])


class Strange:
    """A file whose number is none."""

    def __init__(self, number):
        self.number = number

    def fileno(self):
        if isinstance(self.number, BaseException):
            raise self.number
        return self.number

    def readinto(self, buffer):
        return 0


async def in_all_ways(loop, label, send, file):
    for arguments in ((), (4,), (4, 3), (0, 10), (0, 11), (10,), (20,), (20, 1), (0, True)):
        file.seek(6)
        await attempt_await(f"{label}{arguments}", send(file, *arguments))
        print("stands at", file.tell())


async def into_sockets(loop, file):
    near, far = socket.socketpair()
    near.setblocking(False)
    far.setblocking(False)

    def send(file, *arguments, **keywords):
        return loop.sock_sendfile(near, file, *arguments, **keywords)

    await in_all_ways(loop, "file", send, file)
    await in_all_ways(loop, "memory", send, io.BytesIO(DIGITS))
    print(await loop.sock_recv(far, 1000))
    failing = Failing(DIGITS)
    await attempt_await("failing", send(failing))
    print(failing.tell())
    await attempt_await("unseekable", send(Unseekable(b"ab", b"", b"cd"), 7))
    await attempt_await("unseekable, with a count", send(Unseekable(b"ab", b"cd", b"e"), 7, 4))
    print(await loop.sock_recv(far, 1000))
    for number in ("text", 1.5, -1, 1 << 40, None, AttributeError("none"), ValueError("none")):
        await attempt_await(f"a number like {number!r}", send(Strange(number)))
        await attempt_await(f"{number!r} natively", send(Strange(number), fallback=False))
    reading, writing = os.pipe()
    with open(reading, "rb", buffering=0) as pipe:
        await attempt_await("a pipe", send(pipe))
        os.close(writing)
        await attempt_await("a pipe, with a count", send(pipe, 0, 3))
    far.close()
    await settle()
    file.seek(6)
    await attempt_await("nobody receives", send(file, 2))
    await attempt_await("nobody receives, natively", send(file, 2, fallback=False))
    near.close()
    await attempt_await("closed", send(file, 2, fallback=False))


async def through_transports(loop, file):
    ours, theirs = socket.socketpair()
    transport, sink = await loop.create_connection(Sink, sock=ours)
    _, far = await loop.create_connection(Sink, sock=theirs)

    def send(file, *arguments, **keywords):
        return loop.sendfile(transport, file, *arguments, **keywords)

    await in_all_ways(loop, "file", send, file)
    await in_all_ways(loop, "memory", send, io.BytesIO(DIGITS))
    print(transport.is_reading(), transport.get_protocol() is sink)
    failing = Failing(DIGITS)
    await attempt_await("failing", send(failing))
    print(failing.tell(), transport.is_reading(), transport.get_protocol() is sink)
    await attempt_await("unseekable", send(Unseekable(b"ab", b"", b"cd"), 7))
    await attempt_await("natively", send(io.BytesIO(DIGITS), fallback=False))
    await attempt_await("a strange offset", loop._sendfile_fallback(transport, file, "2", None))
    await attempt_await("a strange count", loop._sendfile_fallback(transport, file, 0, "2"))
    await attempt_await("no transport", loop._sendfile_fallback(asyncio.Transport(), file, 0, 2))
    transport.close()
    await far.lost
    print(bytes(far.received))


async def main():
    loop = asyncio.get_running_loop()
    with tempfile.TemporaryFile() as file:
        file.write(DIGITS)
        file.flush()
        await into_sockets(loop, file)
        await through_transports(loop, file)


asyncio.run(main())
