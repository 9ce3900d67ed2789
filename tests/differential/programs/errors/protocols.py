"""Protocols, each method of which raises: who is told what, and what becomes of the transport."""

import asyncio
import os
import re
import socket
import tempfile

from observe import rest


class Raising:
    """Raises in the methods that it was made with the names of."""

    def __init__(self, *names):
        self.raises = names
        self.lost = asyncio.get_running_loop().create_future()

    def pass_or_raise(self, name):
        print(" ", name)
        if name in self.raises:
            raise LookupError(f"in {name}")

    def connection_made(self, transport):
        self.pass_or_raise("connection_made")

    def connection_lost(self, exc):
        print("  lost with", repr(exc))
        self.lost.set_result(None)
        self.pass_or_raise("connection_lost")

    def pause_writing(self):
        self.pass_or_raise("pause_writing")

    def resume_writing(self):
        self.pass_or_raise("resume_writing")


class Stream(Raising, asyncio.Protocol):
    def data_received(self, data):
        self.pass_or_raise("data_received")

    def eof_received(self):
        self.pass_or_raise("eof_received")


class Buffered(Raising, asyncio.BufferedProtocol):
    def get_buffer(self, sizehint):
        self.pass_or_raise("get_buffer")
        return {"empty": bytearray(), "fixed": b"fixed", "number": 5}.get(
            self.raises[0], bytearray(100)
        )

    def buffer_updated(self, nbytes):
        self.pass_or_raise("buffer_updated")

    def eof_received(self):
        self.pass_or_raise("eof_received")


class Datagrams(Raising, asyncio.DatagramProtocol):
    def datagram_received(self, data, addr):
        self.pass_or_raise("datagram_received")

    def error_received(self, exc):
        self.pass_or_raise("error_received")


async def stream(loop, protocol):
    """Through all that a connection may see: data, a full buffer, room again, the end."""
    near, far = socket.socketpair()
    far.setblocking(False)
    transport, _ = await loop.create_connection(lambda: protocol, sock=near)
    far.send(b"data")
    await rest(asyncio, 2)
    print("  closing", transport.is_closing())
    if not transport.is_closing():
        transport.set_write_buffer_limits(high=1000)
        transport.write(bytes(1 << 21))
        print("  waits", transport.get_write_buffer_size() > 0)
        while transport.get_write_buffer_size():
            far.recv(1 << 20)
            await rest(asyncio, 1)
    far.shutdown(socket.SHUT_WR)
    await rest(asyncio, 2)
    print("  closing", transport.is_closing())
    transport.close()
    await protocol.lost
    await rest(asyncio, 1)
    far.close()


async def pipe(loop, protocol, connect):
    read, write = os.pipe()
    with open(read, "rb", 0) as source, open(write, "wb", 0) as sink:
        reads = connect == loop.connect_read_pipe
        transport, _ = await connect(lambda: protocol, source if reads else sink)
        if reads:
            os.write(write, b"data")
            await rest(asyncio, 2)
            sink.close()
        else:
            transport.set_write_buffer_limits(high=1000)
            transport.write(bytes(1 << 17))
            while transport.get_write_buffer_size():
                os.read(read, 1 << 17)
                await rest(asyncio, 1)
        await rest(asyncio, 2)
        print("  closing", transport.is_closing())
        transport.close()
        await protocol.lost
        await rest(asyncio, 1)


async def datagrams(loop, protocol):
    transport, _ = await loop.create_datagram_endpoint(
        lambda: protocol, local_addr=("127.0.0.1", 0)
    )
    if not transport.is_closing():
        with socket.socket(type=socket.SOCK_DGRAM) as other:
            other.sendto(b"data", transport.get_extra_info("sockname"))
            await rest(asyncio, 2)
    print("  closing", transport.is_closing())
    transport.close()
    await protocol.lost
    await rest(asyncio, 1)

    # Nobody listens there any more: the system says so to the next datagram.
    with socket.socket(type=socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        nobody = other.getsockname()
    protocol = Datagrams(*protocol.raises)
    transport, _ = await loop.create_datagram_endpoint(lambda: protocol, remote_addr=nobody)
    for _ in range(2):
        try:
            transport.sendto(b"to nobody")
        except LookupError as error:
            print("  sendto raised", repr(error))
        await rest(asyncio, 2)
    transport.close()
    await protocol.lost
    await rest(asyncio, 1)


async def full(loop, protocol, path):
    """A socket that takes no more datagrams for a while."""
    slow = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    slow.bind(path)
    slow.settimeout(10)
    transport, _ = await loop.create_datagram_endpoint(
        lambda: protocol, remote_addr=path, family=socket.AF_UNIX
    )
    transport.set_write_buffer_limits(high=5000)
    while transport.get_write_buffer_size() < 6000:
        transport.sendto(bytes(1000))
    while transport.get_write_buffer_size():
        slow.recv(2000)
        await rest(asyncio, 1)
    transport.close()
    await protocol.lost
    await rest(asyncio, 1)
    slow.close()


async def main():
    loop = asyncio.get_running_loop()

    def report(_, context):
        message = re.sub(r"callback \w+\.", "callback ", context["message"])
        print("  report", message, repr(context.get("exception")))

    loop.set_exception_handler(report)
    flow = ("connection_made", "pause_writing", "resume_writing", "connection_lost")
    for name in (*flow, "data_received", "eof_received"):
        print("stream", name)
        await stream(loop, Stream(name))
    for name in (*flow, "get_buffer", "buffer_updated", "eof_received", "empty", "fixed", "number"):
        print("buffered stream", name)
        await stream(loop, Buffered(name))
    for name in ("connection_made", "data_received", "eof_received", "connection_lost"):
        print("read pipe", name)
        await pipe(loop, Stream(name), loop.connect_read_pipe)
    for name in flow:
        print("write pipe", name)
        await pipe(loop, Stream(name), loop.connect_write_pipe)
    for name in ("connection_made", "datagram_received", "error_received", "connection_lost"):
        print("datagrams", name)
        await datagrams(loop, Datagrams(name))
    for name in ("pause_writing", "resume_writing"):
        print("datagrams", name)
        with tempfile.TemporaryDirectory() as folder:
            await full(loop, Datagrams(name), os.path.join(folder, "socket"))


asyncio.run(main())
