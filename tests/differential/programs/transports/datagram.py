"""create_datagram_endpoint and its transports: ordinary use, flow control, errors, misuse."""

import asyncio
import os
import socket
import tempfile

from observe import attempt, attempt_await, cancel_while_waiting, rest


class Recorder(asyncio.DatagramProtocol):
    def __init__(self, name="datagrams"):
        self.name = name
        self.came = asyncio.Event()
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        print(self.name, "connection_made", isinstance(transport, asyncio.DatagramTransport))

    def datagram_received(self, data, addr):
        print(self.name, "datagram_received", data, type(addr).__name__)
        self.came.set()

    def error_received(self, exc):
        print(self.name, "error_received", type(exc).__name__)
        self.came.set()

    def pause_writing(self):
        print(self.name, "pause_writing")

    def resume_writing(self):
        print(self.name, "resume_writing")

    def connection_lost(self, exc):
        print(self.name, "connection_lost", repr(exc))
        self.lost.set_result(None)


async def over_udp(loop):
    local = ("127.0.0.1", 0)
    server, inside = await loop.create_datagram_endpoint(
        lambda: Recorder("server"), local_addr=local
    )
    address = server.get_extra_info("sockname")
    client, outside = await loop.create_datagram_endpoint(
        lambda: Recorder("client"), remote_addr=address
    )
    attempt("sendto", client.sendto, b"connected")
    await inside.came.wait()
    attempt("sendto the peer", client.sendto, b"named", address)
    attempt("sendto another", client.sendto, b"lost", ("127.0.0.1", 9))
    attempt("sendto a text", client.sendto, "text")
    server.sendto(b"answer", client.get_extra_info("sockname"))
    await outside.came.wait()
    outside.came.clear()
    print(client.get_extra_info("peername") == address, client.get_extra_info("absent", 1))
    print(client.get_protocol() is outside, client.is_closing())
    other = Recorder("another")
    client.set_protocol(other)
    server.sendto(b"for another", client.get_extra_info("sockname"))
    await other.came.wait()
    print(client.get_write_buffer_size(), client.get_write_buffer_limits())
    attempt("limits", client.set_write_buffer_limits, 10, 5)
    print(client.get_write_buffer_limits())
    attempt("low above high", client.set_write_buffer_limits, 5, 10)
    server.close()
    server.close()
    print(server.is_closing())
    attempt("sendto when closing", server.sendto, b"late", address)
    await inside.lost
    await rest(asyncio)
    other.came.clear()
    client.sendto(b"to nobody")
    await other.came.wait()
    attempt("abort", client.abort)
    await other.lost


async def over_unix(loop):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "socket")
        slow = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        slow.bind(path)
        transport, protocol = await loop.create_datagram_endpoint(
            Recorder, remote_addr=path, family=socket.AF_UNIX
        )
        transport.set_write_buffer_limits(high=5000)
        while transport.get_write_buffer_size() < 6000:
            transport.sendto(bytes(1000))
        slow.settimeout(10)
        while transport.get_write_buffer_size():
            slow.recv(2000)
            await rest(asyncio)
        transport.close()
        await protocol.lost
        slow.close()
        await attempt_await(
            "no name", loop.create_datagram_endpoint(Recorder, local_addr=5, family=socket.AF_UNIX)
        )


async def misuse(loop):
    stream = socket.socket()
    for label, making in (
        ("nothing", loop.create_datagram_endpoint(Recorder)),
        ("a stream", loop.create_datagram_endpoint(Recorder, sock=stream)),
        ("no tuple", loop.create_datagram_endpoint(Recorder, local_addr="127.0.0.1")),
        (
            "two families",
            loop.create_datagram_endpoint(
                Recorder, local_addr=("127.0.0.1", 0), remote_addr=("::1", 9)
            ),
        ),
    ):
        await attempt_await(label, making)
    stream.close()
    making = loop.create_datagram_endpoint(Recorder, local_addr=("127.0.0.1", 0))
    await cancel_while_waiting("create_datagram_endpoint", asyncio.create_task(making), 2)
    await rest(asyncio)


async def main():
    loop = asyncio.get_running_loop()
    await over_udp(loop)
    await over_unix(loop)
    await misuse(loop)


asyncio.run(main())
