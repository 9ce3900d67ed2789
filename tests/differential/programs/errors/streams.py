"""Streams: arguments that do not fit, wrong states, lost and closed connections."""

import asyncio
import socket

from observe import attempt, attempt_await, misuse, rest, settle


def reader_arguments():
    print("--- reader")
    reader = asyncio.StreamReader()
    misuse(reader, "at_eof", "exception", "feed_eof", "readline")
    for name in ("feed_data", "set_exception", "set_transport"):
        attempt(f"{name} of nothing", getattr(reader, name))
        attempt(f"{name} of two", getattr(reader, name), 1, 2)
    for name in ("read", "readexactly", "readuntil"):
        attempt(f"{name} of two", getattr(reader, name), 1, 2)
        attempt(f"{name} with a keyword", getattr(reader, name), surplus=1)
    attempt("readexactly of nothing", reader.readexactly)
    attempt("feed_data by keyword", reader.feed_data, data=b"data")
    attempt("set_exception by keyword", reader.set_exception, exc=OSError("broken"))
    attempt("exception", reader.exception)
    attempt("set_transport by keyword", reader.set_transport, transport=1)
    attempt("set_transport again", reader.set_transport, 2)
    reader = asyncio.StreamReader()
    reader.feed_eof()
    attempt("feed_data after the end", reader.feed_data, b"late")


async def reading():
    print("--- reading")
    for wrong in ("one", None, 1.5, []):
        reader = asyncio.StreamReader()
        reader.feed_data(b"data")
        reader.feed_eof()
        await attempt_await(f"read({wrong!r})", reader.read(wrong))
        await attempt_await(f"readexactly({wrong!r})", reader.readexactly(wrong))
        await attempt_await(f"readuntil({wrong!r})", reader.readuntil(wrong))
    reader = asyncio.StreamReader(limit=4)
    reader.feed_data(b"longer\n")
    await attempt_await("readline", reader.readline())
    reader.set_exception(5)
    for name in ("read", "readexactly", "readline", "readuntil"):
        arguments = (1,) if name == "readexactly" else ()
        await attempt_await(f"{name} with a number set", getattr(reader, name)(*arguments))


def protocol_arguments():
    print("--- protocol")
    protocol = asyncio.StreamReaderProtocol(asyncio.StreamReader())
    for name in ("connection_made", "connection_lost", "data_received"):
        attempt(f"{name} of nothing", getattr(protocol, name))
        attempt(f"{name} of two", getattr(protocol, name), 1, 2)
        attempt(f"{name} with a keyword", getattr(protocol, name), surplus=1)
    misuse(protocol, "eof_received", "pause_writing", "resume_writing")
    attempt("resume what is not paused", protocol.resume_writing)
    protocol.pause_writing()
    attempt("pause again", protocol.pause_writing)
    attempt("data_received by keyword", protocol.data_received, data=b"data")
    attempt("data_received of a text", protocol.data_received, "text")
    attempt("connection_made by a number", protocol.connection_made, 5)
    attempt("connection_lost by keyword", protocol.connection_lost, exc=None)
    attempt("of nothing", asyncio.StreamReaderProtocol)
    attempt("of a number", asyncio.StreamReaderProtocol, 5)


async def connect():
    near, far = socket.socketpair()
    far.settimeout(10)
    return (*await asyncio.open_connection(sock=near), far)


async def writing():
    print("--- writer")
    reader, writer, far = await connect()
    misuse(writer, "can_write_eof", "close", "drain", "is_closing", "wait_closed", "write_eof")
    for name in ("write", "writelines"):
        attempt(f"{name} nothing", getattr(writer, name))
        attempt(f"{name} two", getattr(writer, name), b"1", b"2")
        for wrong in (5, None, "text", ["list"]):
            attempt(f"{name}({wrong!r})", getattr(writer, name), wrong)
    attempt("write by keyword", writer.write, data=b"data")
    attempt("writelines by keyword", writer.writelines, data=[b"more"])
    attempt("get_extra_info of nothing", writer.get_extra_info)
    attempt("get_extra_info of three", writer.get_extra_info, 1, 2, 3)
    attempt("get_extra_info of a list", writer.get_extra_info, [])
    attempt("another transport", setattr, writer, "transport", 5)
    reader.set_exception(OSError("set"))
    await attempt_await("drain", writer.drain())
    writer.write_eof()
    attempt("write after the end", writer.write, b"late")
    attempt("write_eof after the end", writer.write_eof)
    writer.close()
    attempt("write when closing", writer.write, b"late")
    await attempt_await("wait_closed", writer.wait_closed())
    attempt("write when closed", writer.write, b"late")
    attempt("writelines when closed", writer.writelines, [b"late"])
    attempt("a text when closed", writer.write, "late")
    attempt("can_write_eof when closed", writer.can_write_eof)
    await attempt_await("drain when closed", writer.drain())
    far.close()

    reader, writer, far = await connect()
    closing = asyncio.create_task(writer.wait_closed())
    await settle()
    writer.transport._fatal_error(ConnectionAbortedError("lost"))
    await attempt_await("wait_closed of a lost one", closing)
    await attempt_await("drain of a lost one", writer.drain())
    await attempt_await("read of a lost one", reader.read())
    far.close()


async def opening():
    print("--- opening")

    def serve(reader, writer):
        writer.close()

    attempt("start_server of nothing", asyncio.start_server)
    attempt("start_unix_server of nothing", asyncio.start_unix_server)
    for label, making in (
        ("open_connection to nowhere", asyncio.open_connection()),
        ("open_connection by a limit", asyncio.open_connection("127.0.0.1", 1, limit=0)),
        ("open_connection with a keyword", asyncio.open_connection("127.0.0.1", 1, surplus=1)),
        ("open_unix_connection to nowhere", asyncio.open_unix_connection()),
        ("open_unix_connection", asyncio.open_unix_connection("path", surplus=1)),
        ("start_server nowhere", asyncio.start_server(serve)),
        ("start_server with a keyword", asyncio.start_server(serve, "127.0.0.1", 0, surplus=1)),
        ("start_unix_server nowhere", asyncio.start_unix_server(serve)),
        ("start_unix_server", asyncio.start_unix_server(serve, "path", surplus=1)),
    ):
        await attempt_await(label, making)


async def main():
    reader_arguments()
    await reading()
    protocol_arguments()
    await writing()
    await opening()
    await rest(asyncio)


asyncio.run(main())
