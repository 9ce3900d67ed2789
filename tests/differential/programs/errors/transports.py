"""Transports of sockets and pipes: arguments that do not fit, and calls in the wrong state."""

import asyncio
import os
import socket

from observe import attempt, misuse, rest

GETTERS = ["is_closing", "get_protocol"]
WRITING = [
    "can_write_eof",
    "get_write_buffer_size",
    "get_write_buffer_limits",
    "write_eof",
    "abort",
]
READING = ["is_reading", "pause_reading", "resume_reading"]
WRONG_DATA = (5, None, "text", ["list"], object, 1.5)


class Recorder(asyncio.Protocol):
    def __init__(self):
        self.lost = asyncio.get_running_loop().create_future()

    def connection_lost(self, exc):
        print("connection_lost", repr(exc))
        self.lost.set_result(None)


class Datagrams(Recorder, asyncio.DatagramProtocol):
    pass


def common(transport):
    misuse(transport, *GETTERS, "close")
    attempt("set_protocol to nothing", transport.set_protocol)
    attempt("set_protocol to two", transport.set_protocol, 1, 2)
    attempt("set_protocol by keyword", transport.set_protocol, protocol=transport.get_protocol())
    attempt("get_extra_info of nothing", transport.get_extra_info)
    attempt("get_extra_info of three", transport.get_extra_info, 1, 2, 3)
    attempt("get_extra_info with a keyword", transport.get_extra_info, "name", surplus=1)
    attempt("get_extra_info by keyword", transport.get_extra_info, name="name", default=5)
    attempt("get_extra_info of a list", transport.get_extra_info, [])
    print(transport.is_closing())


def writing(transport):
    misuse(transport, *WRITING)
    for name in ("write", "writelines"):
        attempt(f"{name} nothing", getattr(transport, name))
        attempt(f"{name} two", getattr(transport, name), b"1", b"2")
        attempt(f"{name} with a keyword", getattr(transport, name), b"", surplus=1)
    for wrong in WRONG_DATA:
        attempt(f"write({wrong!r})", transport.write, wrong)
        attempt(f"writelines({wrong!r})", transport.writelines, wrong)
        attempt(f"writelines([{wrong!r}])", transport.writelines, [wrong])
    attempt("write by keyword", transport.write, data=b"")
    attempt("writelines by keyword", transport.writelines, list_of_data=[])
    limits = transport.set_write_buffer_limits
    attempt("three limits", limits, 1, 2, 3)
    attempt("a limit with a keyword", limits, surplus=1)
    for wrong in ((-1,), (1, 2), (1, -1), ("high",), (None, "low"), (object,)):
        attempt(f"limits {wrong!r}", limits, *wrong)
    print(transport.get_write_buffer_limits(), transport.get_write_buffer_size())


def reading(transport):
    misuse(transport, *READING)
    attempt("resume what is not paused", transport.resume_reading)
    print(transport.is_reading())


async def streams(loop):
    print("--- stream")
    near, far = socket.socketpair()
    transport, protocol = await loop.create_connection(Recorder, sock=near)
    common(transport)
    writing(transport)
    reading(transport)
    print(transport.is_closing(), transport.is_reading())
    transport.set_protocol(5)
    print(transport.get_protocol())
    transport.set_protocol(protocol)
    transport.write_eof()
    attempt("write after the end", transport.write, b"late")
    attempt("writelines after the end", transport.writelines, [b"late"])
    transport.close()
    for name, *arguments in (
        ("write", b"late"),
        ("writelines", [b"late"]),
        ("write", 5),
        ("write_eof",),
        ("pause_reading",),
        ("resume_reading",),
        ("abort",),
        ("set_protocol", protocol),
    ):
        attempt(f"{name} when closing", getattr(transport, name), *arguments)
    await protocol.lost
    for name in ("get_protocol", "is_closing", "get_write_buffer_size", "is_reading", "close"):
        attempt(f"{name} when closed", lambda name=name: type(getattr(transport, name)()).__name__)
    attempt("write when closed", transport.write, b"late")
    far.close()


async def pipes(loop):
    print("--- pipes")
    read, write = os.pipe()
    with open(read, "rb", 0) as source, open(write, "wb", 0) as sink:
        reader, receiver = await loop.connect_read_pipe(Recorder, source)
        writer, sender = await loop.connect_write_pipe(Recorder, sink)
        common(reader)
        reading(reader)
        common(writer)
        writing(writer)
        writer.close()
        await sender.lost
        for name, *arguments in (
            ("write", b"late"),
            ("write", 5),
            ("writelines", [b"late"]),
            ("write_eof",),
        ):
            attempt(f"{name} when closed", getattr(writer, name), *arguments)
        reader.close()
        attempt("pause_reading when closing", reader.pause_reading)
        attempt("resume_reading when closing", reader.resume_reading)
        await receiver.lost


async def datagrams(loop):
    print("--- datagrams")
    transport, protocol = await loop.create_datagram_endpoint(
        Datagrams, local_addr=("127.0.0.1", 0)
    )
    common(transport)
    misuse(transport, "abort")
    address = transport.get_extra_info("sockname")
    attempt("sendto nothing", transport.sendto)
    attempt("sendto three", transport.sendto, b"1", address, 3)
    attempt("sendto with a keyword", transport.sendto, b"1", address, surplus=1)
    for wrong in WRONG_DATA:
        attempt(f"sendto({wrong!r})", transport.sendto, wrong, address)
    transport.close()
    attempt("sendto when closing", transport.sendto, b"late", address)
    attempt("sendto a text when closing", transport.sendto, "late", address)
    await protocol.lost
    loop.set_exception_handler(
        lambda _, context: print("report", context["message"], repr(context["exception"]))
    )
    for nowhere in (5, "nowhere", ("127.0.0.1",), ("127.0.0.1", "port"), ("127.0.0.1", 1 << 20)):
        transport, protocol = await loop.create_datagram_endpoint(
            Datagrams, local_addr=("127.0.0.1", 0)
        )
        attempt(f"sendto {nowhere!r}", transport.sendto, b"data", nowhere)
        print(transport.is_closing())
        transport.close()
        await protocol.lost
    await rest(asyncio)


async def main():
    loop = asyncio.get_running_loop()
    await streams(loop)
    await pipes(loop)
    await datagrams(loop)


asyncio.run(main())
