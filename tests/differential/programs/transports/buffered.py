"""Protocols that bring their own buffer: ordinary use, bad buffers, changing the protocol."""

import asyncio
import socket

from observe import rest


class Buffered(asyncio.BufferedProtocol):
    def __init__(self, size=8):
        self.buffer = bytearray(size)
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        print("connection_made", isinstance(transport, asyncio.Transport))

    def get_buffer(self, sizehint):
        print("get_buffer", sizehint)
        return self.buffer

    def buffer_updated(self, nbytes):
        print("buffer_updated", nbytes, bytes(self.buffer[:nbytes]))

    def eof_received(self):
        print("eof_received")

    def pause_writing(self):
        print("pause_writing")

    def resume_writing(self):
        print("resume_writing")

    def connection_lost(self, exc):
        print("connection_lost", repr(exc))
        self.lost.set_result(None)


class Plain(asyncio.Protocol):
    def data_received(self, data):
        print("data_received", data)


async def run(protocol, deed):
    near, far = socket.socketpair()
    far.settimeout(10)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(
        lambda loop, context: print(context["message"], repr(context["exception"]))
    )
    transport, _ = await loop.create_connection(lambda: protocol, sock=near)
    await deed(transport, far)
    far.close()
    await protocol.lost


async def ordinary(transport, far):
    far.sendall(b"0123456789")
    await rest(asyncio)
    plain, buffered = Plain(), transport.get_protocol()
    transport.set_protocol(plain)
    far.sendall(b"for the plain one")
    await rest(asyncio)
    transport.set_protocol(buffered)
    transport.set_write_buffer_limits(high=10)
    transport.write(bytes(1 << 21))
    received = 0
    while received < 1 << 21:
        received += len(far.recv(1 << 16))
        await rest(asyncio)
    await rest(asyncio)
    far.shutdown(socket.SHUT_WR)
    await rest(asyncio)


async def one_message(transport, far):
    far.sendall(b"x")
    await rest(asyncio)


class Raising(Buffered):
    def get_buffer(self, sizehint):
        raise KeyError("no buffer")


class Updated(Buffered):
    def buffer_updated(self, nbytes):
        raise KeyError("no update")


class Fixed(Buffered):
    def get_buffer(self, sizehint):
        return b"bytes do not change"


async def main():
    await run(Buffered(), ordinary)
    for protocol in (Buffered(0), Raising(), Updated(), Fixed()):
        await run(protocol, one_message)


asyncio.run(main())
