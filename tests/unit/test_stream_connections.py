"""Streams over real sockets: `open_connection`, `start_server` and their Unix likes."""

import asyncio
import ssl
import sys

import pytest


async def echo(reader, writer):
    async for line in reader:
        writer.write(line)
        await writer.drain()
    writer.close()
    await writer.wait_closed()


async def talk(reader, writer):
    writer.writelines([b"one\n", b"two\n"])
    await writer.drain()
    assert await reader.readline() == b"one\n"
    assert await reader.readexactly(4) == b"two\n"
    writer.write(b"x" * 1000 + b"\n")
    assert len(await reader.readuntil(b"\n")) == 1001
    writer.write_eof()
    assert await reader.read() == b""
    assert reader.at_eof()
    writer.close()
    await writer.wait_closed()


def test_tcp(run, aio):
    async def main():
        server = await aio.start_server(echo, "127.0.0.1", 0)
        async with server:
            address = server.sockets[0].getsockname()
            reader, writer = await aio.open_connection(*address)
            assert type(reader) is aio.StreamReader
            assert type(writer) is aio.StreamWriter
            assert writer.get_extra_info("peername") == address
            await talk(reader, writer)

    run(main)


def test_unix(run, aio, tmp_path):
    async def main():
        path = str(tmp_path / "socket")
        server = await aio.start_unix_server(echo, path)
        async with server:
            await talk(*await aio.open_unix_connection(path))

    run(main)


def test_many_connections(run, aio):
    async def client(address, number):
        reader, writer = await aio.open_connection(*address)
        for turn in range(20):
            line = f"{number} says {turn}\n".encode()
            writer.write(line)
            assert await reader.readline() == line
        writer.close()
        await writer.wait_closed()

    async def main():
        server = await aio.start_server(echo, "127.0.0.1", 0)
        async with server:
            address = server.sockets[0].getsockname()
            await aio.gather(*(client(address, number) for number in range(20)))

    run(main)


@pytest.mark.parametrize("limit", [100, 2**16])
def test_more_than_fits_anywhere(run, aio, limit):
    size = 4_000_000

    async def send(_reader, writer):
        for start in range(0, size, 100_000):
            writer.write(bytes([start // 100_000]) * 100_000)
            await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def main():
        server = await aio.start_server(send, "127.0.0.1", 0)
        async with server:
            address = server.sockets[0].getsockname()
            reader, writer = await aio.open_connection(*address, limit=limit)
            head = await reader.readexactly(150_000)
            assert head == bytes(100_000) + b"\1" * 50_000
            rest = await reader.read()
            assert len(rest) == size - 150_000
            writer.close()
            await writer.wait_closed()

    run(main)


def test_the_limit_reaches_the_reader(run, aio):
    async def main():
        limits = []

        async def serve(reader, writer):
            limits.append(reader._limit)
            writer.close()

        server = await aio.start_server(serve, "127.0.0.1", 0, limit=77)
        async with server:
            reader, writer = await aio.open_connection(*server.sockets[0].getsockname(), limit=55)
            await reader.read()
            writer.close()
            await writer.wait_closed()
        return [*limits, reader._limit]

    assert run(main) == [77, 55]


def test_nobody_answers(run, aio, tmp_path):
    async def main():
        with pytest.raises(FileNotFoundError):
            await aio.open_unix_connection(str(tmp_path / "nothing"))

    run(main)


def test_start_tls_goes_over_to_the_new_transport(run, aio):
    async def main():
        loop = aio.get_running_loop()
        old, new = FakeTransport(), FakeTransport(sslcontext="context")
        reader = aio.StreamReader(loop=loop)
        protocol = aio.StreamReaderProtocol(reader, loop=loop)
        protocol.connection_made(old)
        writer = aio.StreamWriter(old, protocol, reader, loop)
        seen = []

        async def start_tls(transport, protocol, context, **options):
            seen.append((transport, context, options["server_side"], options["server_hostname"]))
            return new

        loop.start_tls = start_tls
        await writer.start_tls("context", server_hostname="host")
        assert seen == [(old, "context", False, "host")]
        assert writer.transport is protocol._transport is new
        assert protocol._over_ssl
        if sys.version_info >= (3, 14):
            assert reader._transport is new

    run(main)


class FakeTransport:
    def __init__(self, **info):
        self.info = info

    def get_extra_info(self, name, default=None):
        return self.info.get(name, default)

    def is_closing(self):
        return True


def test_a_refused_certificate_is_the_clients_error(run, aio):
    async def main():
        server = await aio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
        async with server:
            address = server.sockets[0].getsockname()
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await aio.open_connection(*address, ssl=ssl.create_default_context())

    run(main)


async def connected(aio):
    """Return (server, reader, writer) of a connection that sends back what it gets."""

    async def serve(reader, writer):
        # asyncio's early patches of 3.11 report a handler that the end of the program cancels.
        try:
            await echo(reader, writer)
        except asyncio.CancelledError:
            writer.close()

    server = await aio.start_server(serve, "127.0.0.1", 0)
    return server, *await aio.open_connection(*server.sockets[0].getsockname())


def test_what_a_program_puts_on_a_protocol_is_called(run, aio):
    async def main():
        server, reader, writer = await connected(aio)
        protocol, heard = writer.transport.get_protocol(), []

        def data_received(data):
            heard.append(data)
            type(protocol).data_received(protocol, data.upper())

        protocol.data_received = data_received
        writer.write(b"hello\n")
        assert await reader.readline() == b"HELLO\n"
        assert b"".join(heard) == b"hello\n"
        writer.close()
        await writer.wait_closed()
        server.close()

    run(main)


def test_what_a_program_puts_on_a_reader_is_called(run, aio):
    async def main():
        server, reader, writer = await connected(aio)
        feed_data = reader.feed_data
        reader.feed_data = lambda data: feed_data(data.upper())
        writer.write(b"hello\n")
        assert await reader.readline() == b"HELLO\n"
        writer.close()
        await writer.wait_closed()
        server.close()

    run(main)


def test_another_protocol_takes_over(run, aio):
    class Upgraded(aio.Protocol):
        def __init__(self):
            self.data = b""
            self.complete = aio.Event()

        def data_received(self, data):
            self.data += data
            if self.data.endswith(b"\n"):
                self.complete.set()

    async def main():
        server, reader, writer = await connected(aio)
        writer.write(b"as a stream\n")
        assert await reader.readuntil(b"stream\n") == b"as a stream\n"
        upgraded = Upgraded()
        writer.transport.set_protocol(upgraded)
        writer.write(b"as a protocol\n")
        await upgraded.complete.wait()
        assert upgraded.data == b"as a protocol\n"
        assert reader._buffer == b""
        writer.close()
        server.close()

    run(main)


def test_data_after_the_reader_is_gone_goes_nowhere(run, aio):
    async def main():
        server, reader, writer = await connected(aio)
        del reader
        writer._reader = None
        writer.write(b"nobody reads the answer\n")
        for _ in range(20):
            await aio.sleep(0.001)
        writer.close()
        await writer.wait_closed()
        server.close()

    run(main)


@pytest.mark.only("aioxide")
@pytest.mark.parametrize("name", ["asyncio", "uvloop"])
def test_streams_on_the_loops_of_others(aio, name):
    factory = pytest.importorskip(name).new_event_loop

    async def main():
        server, reader, writer = await connected(aio)
        assert type(reader) is aio.StreamReader
        await talk(reader, writer)
        server.close()

    with aio.Runner(loop_factory=factory) as runner:
        runner.run(main())


@pytest.mark.only("aioxide")
def test_asyncios_streams_on_our_loop(aio, run):
    async def main():
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        assert type(reader) is asyncio.StreamReader
        await talk(reader, writer)
        server.close()

    run(main)
