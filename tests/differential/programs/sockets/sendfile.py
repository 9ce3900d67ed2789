"""sendfile and sock_sendfile: whole files, parts, the fallback, misuse, cancelled sends."""

import asyncio
import io
import socket
import tempfile

from observe import attempt_await, cancel_while_waiting


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


async def over_a_socket(loop, file):
    near, far = socket.socketpair()
    near.setblocking(False)
    far.setblocking(False)
    await attempt_await("whole", loop.sock_sendfile(near, file))
    await attempt_await("part", loop.sock_sendfile(near, file, 3, 4))
    print(file.tell(), await loop.sock_recv(far, 100))
    await attempt_await("beyond the end", loop.sock_sendfile(near, file, 100))
    await attempt_await("an offset below zero", loop.sock_sendfile(near, file, -1))
    await attempt_await("a count of nothing", loop.sock_sendfile(near, file, 0, 0))
    await attempt_await("a strange count", loop.sock_sendfile(near, file, 0, "4"))
    await attempt_await("no file", loop.sock_sendfile(near, io.BytesIO(b"memory")))
    print(await loop.sock_recv(far, 100))
    await attempt_await(
        "no fallback", loop.sock_sendfile(near, io.BytesIO(b"memory"), fallback=False)
    )
    with tempfile.TemporaryFile("w+") as text:
        await attempt_await("a text file", loop.sock_sendfile(near, text))
    datagram = socket.socket(type=socket.SOCK_DGRAM)
    datagram.setblocking(False)
    await attempt_await("over datagrams", loop.sock_sendfile(datagram, file))
    datagram.close()
    with tempfile.TemporaryFile() as big:
        big.write(bytes(1 << 22))
        big.flush()
        sending = asyncio.create_task(loop.sock_sendfile(near, big))
        await cancel_while_waiting("sock_sendfile", sending)
    near.close()
    far.close()


async def over_a_transport(loop, file):
    sinks = []

    def sink():
        sinks.append(Sink())
        return sinks[-1]

    server = await loop.create_server(sink, "127.0.0.1", 0)
    transport, _ = await loop.create_connection(Sink, *server.sockets[0].getsockname())
    transport.write(b"before ")
    await attempt_await("whole", loop.sendfile(transport, file))
    transport.write(b" after ")
    await attempt_await("part", loop.sendfile(transport, file, 3, 4))
    await attempt_await("memory", loop.sendfile(transport, io.BytesIO(b" memory")))
    await attempt_await("no transport", loop.sendfile("transport", file))
    with tempfile.TemporaryFile() as big:
        big.write(bytes(1 << 23))
        big.flush()
        sinks[0].transport.pause_reading()
        sending = asyncio.create_task(loop.sendfile(transport, big))
        await cancel_while_waiting("sendfile", sending)
        sinks[0].transport.resume_reading()
    transport.close()
    await attempt_await("closing", loop.sendfile(transport, file))
    await sinks[0].lost
    print(bytes(sinks[0].received).rstrip(b"\0"))
    server.close()
    await server.wait_closed()
    print(issubclass(asyncio.SendfileNotAvailableError, RuntimeError))


async def main():
    loop = asyncio.get_running_loop()
    with tempfile.TemporaryFile() as file:
        file.write(b"0123456789")
        file.flush()
        file.seek(0)
        await over_a_socket(loop, file)
        file.seek(0)
        await over_a_transport(loop, file)


asyncio.run(main())
