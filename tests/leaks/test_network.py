"""Streams, transports of each kind, and the methods of loops on sockets."""

import asyncio
import io
import os
import socket
import tempfile

import pytest

from toolkit import cancel_after


class Recorder:
    """A protocol that keeps what it is told."""

    def __init__(self, aio):
        self.lost = aio.get_running_loop().create_future()
        self.received = []

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.received.append(data)

    def datagram_received(self, data, address):
        self.received.append(data)

    def eof_received(self):
        pass

    def pause_writing(self):
        pass

    def resume_writing(self):
        pass

    def connection_lost(self, error):
        if not self.lost.done():
            self.lost.set_result(None)


async def fed_readers(aio):
    reader = aio.StreamReader(limit=64)
    reader.feed_data(b"line\nframe and more" * 3)
    await reader.readline()
    await reader.readuntil(b" ")
    await reader.readexactly(3)
    reader.feed_eof()
    await reader.read()
    waiting = aio.create_task(aio.StreamReader().readline())
    await aio.sleep(0)
    waiting.cancel()
    await aio.wait([waiting])
    short = aio.StreamReader()
    short.feed_data(b"short")
    short.feed_eof()
    try:
        await short.readexactly(10)
    except aio.IncompleteReadError:
        pass


async def streams(aio):
    ours, theirs = socket.socketpair()
    reader, writer = await aio.open_unix_connection(sock=ours)
    other, answer = await aio.open_unix_connection(sock=theirs)
    writer.write(b"x" * 100_000)
    await other.readexactly(100_000)
    answer.writelines([b"line", b"\n"])
    await answer.drain()
    await reader.readline()
    for each in (writer, answer):
        each.close()
        await each.wait_closed()


async def servers(aio):
    async def serve(reader, writer):
        writer.write(await reader.readline())
        writer.close()
        await writer.wait_closed()

    server = await aio.start_server(serve, "127.0.0.1", 0)
    async with server:
        reader, writer = await aio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"hello\n")
        await reader.read()
        writer.close()
        await writer.wait_closed()
    await aio.sleep(0)


async def servers_that_end(aio):
    loop = aio.get_running_loop()
    hosts = ["127.0.0.1", "127.0.0.2"]
    server = await loop.create_server(lambda: Recorder(aio), hosts, 0, start_serving=False)
    serving = aio.create_task(server.serve_forever())
    await aio.sleep(0)
    ends = []
    for _ in range(2):
        address = server.sockets[0].getsockname()
        ends.append(await loop.create_connection(lambda: Recorder(aio), *address))
    waiting = aio.create_task(server.wait_closed())
    await aio.sleep(0)
    serving.cancel()
    for transport, protocol in ends:
        transport.abort()
        await protocol.lost
    await aio.wait([serving, waiting])
    for creating in (
        loop.create_server(asyncio.Protocol, "localhost", 0, family=socket.AF_INET),
        loop.create_server(asyncio.Protocol, ["", "127.0.0.1"], "no-such-service"),
        loop.create_server(asyncio.Protocol, "127.0.0.1", server),
    ):
        task = aio.create_task(creating)
        await aio.sleep(0)
        task.cancel()
        await aio.wait([task])
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "socket")
        for _ in range(2):
            async with await loop.create_unix_server(asyncio.Protocol, path):
                pass
        try:
            await loop.create_unix_server(asyncio.Protocol, folder)
        except OSError:
            pass


async def connections(aio):
    loop = aio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
        for options in ({}, {"local_addr": ("127.0.0.1", 0)}, {"happy_eyeballs_delay": 1}):
            transport, protocol = await loop.create_connection(
                lambda: Recorder(aio), *address, **options
            )
            listener.accept()[0].close()
            transport.abort()
            await protocol.lost
        await cancel_after(aio, 1, loop.create_connection(lambda: Recorder(aio), *address))
    for refused in (
        loop.create_connection(lambda: Recorder(aio), *address),
        loop.create_connection(lambda: Recorder(aio), *address, happy_eyeballs_delay=1),
        loop.create_connection(lambda: Recorder(aio), sock=listener),
        loop.create_unix_connection(lambda: Recorder(aio), "/nowhere/at/all"),
    ):
        try:
            await refused
        except OSError:
            pass


async def races(aio):
    loop = aio.get_running_loop()

    async def getaddrinfo(host, port, **hints):
        return [
            (socket.AF_INET, hints["type"], 0, "", (f"127.0.0.{number}", port))
            for number in (2, 3, 1)
        ]

    def race(port, **options):
        options = {"happy_eyeballs_delay": 0.001, **options}
        return loop.create_connection(lambda: Recorder(aio), "name", port, **options)

    loop.getaddrinfo = getaddrinfo
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        transport, protocol = await race(port)
        transport.abort()
        await protocol.lost
        listener.accept()[0].close()
        for turns in range(8):
            await cancel_after(aio, turns, race(port))
    for refused in (race(port), race(port, local_addr=("192.0.2.1", 0)), race(port, family="x")):
        try:
            await refused
        except (OSError, TypeError):
            pass
    closed = race(port)
    closed.send(None)
    closed.close()
    await aio.sleep(0.01)
    del loop.getaddrinfo


async def transports(aio):
    loop = aio.get_running_loop()
    ours, theirs = socket.socketpair()
    with theirs:
        transport, protocol = await loop.create_unix_connection(lambda: Recorder(aio), sock=ours)
        theirs.send(b"data")
        transport.write(b"data")
        transport.writelines([b"more", bytearray(b"data")])
        while not protocol.received:
            await aio.sleep(0)
        transport.abort()
        await protocol.lost


async def writers_whose_peer_is_gone(aio):
    loop = aio.get_running_loop()
    ours, theirs = socket.socketpair()
    transport, protocol = await loop.create_unix_connection(lambda: Recorder(aio), sock=ours)
    transport.write(b"x" * 1_000_000)
    theirs.close()
    await protocol.lost


async def datagrams(aio):
    loop = aio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(
        lambda: Recorder(aio), local_addr=("127.0.0.1", 0)
    )
    transport.sendto(b"datagram", transport.get_extra_info("sockname"))
    while not protocol.received:
        await aio.sleep(0)
    transport.close()
    await protocol.lost
    far = ("127.0.0.1", 9)
    for options in ({"sock": socket.socket(type=socket.SOCK_DGRAM)}, {"remote_addr": far}):
        transport, protocol = await loop.create_datagram_endpoint(lambda: Recorder(aio), **options)
        transport.abort()
        await protocol.lost
    for refused in (
        {},
        {"local_addr": ("192.0.2.1", 0)},
        {"local_addr": "x"},
        {"local_addr": ("127.0.0.1", 0), "remote_addr": ("::1", 9)},
        {"local_addr": ("127.0.0.1", 0), "remote_addr": ("127.0.0.1", 70000)},
    ):
        try:
            await loop.create_datagram_endpoint(lambda: Recorder(aio), **refused)
        except (OSError, TypeError, ValueError, OverflowError):
            pass
    for turns in range(4):
        making = loop.create_datagram_endpoint(lambda: Recorder(aio), remote_addr=far)
        await cancel_after(aio, turns, making)
        await aio.sleep(0)


async def pipes(aio):
    loop = aio.get_running_loop()
    reading, writing = os.pipe()
    source, receiver = await loop.connect_read_pipe(
        lambda: Recorder(aio), os.fdopen(reading, "rb", 0)
    )
    sink, sender = await loop.connect_write_pipe(lambda: Recorder(aio), os.fdopen(writing, "wb", 0))
    sink.write(b"through the pipe")
    while not receiver.received:
        await aio.sleep(0)
    sink.close()
    await sender.lost
    source.close()
    await receiver.lost


async def sockets(aio):
    loop = aio.get_running_loop()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.setblocking(False)
        await loop.sock_sendall(ours, b"data")
        await loop.sock_recv(theirs, 2)
        await loop.sock_recv_into(theirs, bytearray(2))
        waiting = aio.create_task(loop.sock_recv(theirs, 10))
        await aio.sleep(0)
        waiting.cancel()
        await aio.wait([waiting])
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
        listener.setblocking(False)
        client.setblocking(False)
        await loop.sock_connect(client, listener.getsockname())
        accepted, _ = await loop.sock_accept(listener)
        accepted.close()


async def files(aio):
    """Into a socket and through a transport, by the kernel and in blocks, given up and refused."""
    loop = aio.get_running_loop()
    ours, theirs = socket.socketpair()
    over, under = socket.socketpair()
    transport, _ = await loop.create_connection(lambda: Recorder(aio), sock=over)
    with ours, theirs, under, tempfile.TemporaryFile() as file:
        ours.setblocking(False)
        file.truncate(1 << 20)
        memory = io.BytesIO(bytes(1000))
        for send, target in ((loop.sock_sendfile, ours), (loop.sendfile, transport)):
            await send(target, file, 10, 500)
            await send(target, memory, 10, 500)
            with pytest.raises(asyncio.SendfileNotAvailableError):
                await send(target, memory, fallback=False)
            waiting = aio.create_task(send(target, file))
            await aio.sleep(0)
            waiting.cancel()
            await aio.wait([waiting])
        transport.abort()
        await transport.get_protocol().lost


async def names(aio):
    loop = aio.get_running_loop()
    await loop.getaddrinfo("127.0.0.1", 80)
    await loop.getaddrinfo("localhost", 80)


async def watched_descriptors(aio):
    loop = aio.get_running_loop()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ready = aio.Event()
        loop.add_reader(ours, ready.set)
        loop.add_writer(ours, id, object())
        theirs.send(b"x")
        await ready.wait()
        loop.remove_reader(ours)
        loop.remove_writer(ours)


@pytest.mark.parametrize(
    "work",
    [
        fed_readers,
        streams,
        servers,
        servers_that_end,
        connections,
        transports,
        writers_whose_peer_is_gone,
        datagrams,
        pipes,
        sockets,
        files,
        names,
        watched_descriptors,
    ],
    ids=lambda work: work.__name__,
)
def test_nothing_is_left_behind_by(work, flat):
    flat(work)


# asyncio leaves what is won in vain to the collector, and warns of it.
@pytest.mark.only("aioxide")
def test_nothing_is_left_behind_by_races(flat):
    flat(races)
