"""StreamWriter, its protocol and flow control over a transport that writes everything down."""

import asyncio
import warnings

from observe import attempt, attempt_await, settle


class Transport(asyncio.Transport):
    def __init__(self, **info):
        super().__init__(info)
        self.closing = False

    def __repr__(self):
        return "<Transport>"

    def is_closing(self):
        return self.closing

    def close(self):
        print("  close")
        self.closing = True

    def abort(self):
        print("  abort")

    def write(self, data):
        print("  write", data)

    def can_write_eof(self):
        return True

    def write_eof(self):
        print("  write_eof")

    def pause_reading(self):
        print("  pause_reading")

    def resume_reading(self):
        print("  resume_reading")


def connect(callback=None, limit=2**16, **info):
    loop = asyncio.get_running_loop()
    transport = Transport(**info)
    reader = asyncio.StreamReader(limit)
    protocol = asyncio.StreamReaderProtocol(reader, callback, loop)
    protocol.connection_made(transport)
    return transport, reader, protocol, asyncio.StreamWriter(transport, protocol, reader, loop)


async def main():
    transport, reader, protocol, writer = connect(peername="me")
    print(writer)
    attempt("write", writer.write, b"one")
    attempt("writelines", writer.writelines, [b"two", b"three"])
    attempt("write_eof", writer.write_eof)
    attempt("can_write_eof", writer.can_write_eof)
    attempt("get_extra_info", writer.get_extra_info, "peername")
    attempt("get_extra_info", writer.get_extra_info, "nothing", "default")
    attempt("is_closing", writer.is_closing)
    print(writer.transport is transport, protocol._stream_reader is reader)

    await attempt_await("drain", writer.drain())
    protocol.pause_writing()
    attempt("pause twice", protocol.pause_writing)
    drains = [asyncio.ensure_future(writer.drain()) for _ in range(3)]
    await settle(2)
    drains[0].cancel()
    await settle(2)
    print([drain.done() for drain in drains], len(protocol._drain_waiters))
    protocol.resume_writing()
    attempt("resume twice", protocol.resume_writing)
    await settle(2)
    print([drain.done() for drain in drains], len(protocol._drain_waiters))

    closed = asyncio.ensure_future(writer.wait_closed())
    await settle(2)
    attempt("close", writer.close)
    drain = writer.drain()
    print("drain while closing yields", drain.send(None))
    attempt("and returns", drain.send, None)
    protocol.connection_lost(None)
    print(closed.done(), await closed, reader.at_eof(), protocol._transport)
    await attempt_await("drain after the end", writer.drain())
    await attempt_await("wait_closed after the end", writer.wait_closed())

    # Lost with an exception, while somebody drains and somebody reads.
    transport, reader, protocol, writer = connect()
    protocol.pause_writing()
    others = [
        asyncio.ensure_future(call)
        for call in (writer.drain(), reader.read(1), writer.wait_closed())
    ]
    await settle(2)
    transport.closing = True
    protocol.connection_lost(ConnectionAbortedError("gone"))
    for other in others:
        await attempt_await("lost", other)
    await attempt_await("drain", writer.drain())
    await attempt_await("wait_closed", writer.wait_closed())

    # Reading stops and goes on.
    transport, reader, protocol, writer = connect(limit=4)
    protocol.data_received(b"12345678")
    protocol.data_received(b"9")
    print(reader)
    for _ in range(3):
        await attempt_await("read", reader.read(3))
    print(reader, protocol.eof_received())
    transport.close()

    # The end over TLS.
    transport, _reader, protocol, writer = connect(sslcontext="context")
    print(protocol._over_ssl, protocol.eof_received())
    transport.close()

    # Servers.
    async def serve(reader, writer):
        print("serve", await reader.readline())
        writer.close()

    transport, reader, protocol, writer = connect(serve)
    protocol.data_received(b"hello\n")
    await settle(4)

    async def fail(reader, writer):
        raise ValueError("no")

    loop = asyncio.get_running_loop()
    loop.set_exception_handler(
        lambda _, context: print("report", context["message"], repr(context.get("exception")))
    )
    connect(fail)
    await settle(4)
    protocol = asyncio.StreamReaderProtocol(asyncio.StreamReader(), loop=loop)
    protocol._reject_connection = True
    protocol.connection_made(Transport())

    # A writer that nobody has closed.
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        transport, reader, protocol, writer = connect()
        del reader, writer
    print([(warning.category.__name__, str(warning.message)) for warning in caught])
    print(transport.closing, protocol._stream_reader)
    attempt("no reader", asyncio.StreamWriter, transport, protocol, object(), loop)


asyncio.run(main())
