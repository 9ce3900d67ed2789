"""Transports of streams: the calls of a protocol in their order, flow control, misuse."""

import asyncio
import socket

from observe import attempt, rest


class Recorder(asyncio.Protocol):
    def __init__(self, name):
        self.name = name
        self.lost = asyncio.get_running_loop().create_future()

    def tell(self, *what):
        print(self.name, *what)

    def connection_made(self, transport):
        self.tell("connection_made", isinstance(transport, asyncio.Transport))

    def data_received(self, data):
        self.tell("data_received", data[:10], type(data).__name__)

    def eof_received(self):
        self.tell("eof_received")

    def pause_writing(self):
        self.tell("pause_writing")

    def resume_writing(self):
        self.tell("resume_writing")

    def connection_lost(self, exc):
        self.tell("connection_lost", repr(exc))
        self.lost.set_result(None)


class Half(Recorder):
    """Keeps the connection open when the other side has ended its half."""

    def eof_received(self):
        self.tell("eof_received")
        return True


async def connect(protocol):
    near, far = socket.socketpair()
    far.settimeout(10)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_connection(lambda: protocol, sock=near)
    return transport, far


async def ordinary():
    protocol = Recorder("plain")
    transport, far = await connect(protocol)
    print(isinstance(transport, asyncio.BaseTransport))
    print([isinstance(transport, kind) for kind in (asyncio.ReadTransport, asyncio.WriteTransport)])
    print(transport.is_closing(), transport.is_reading(), transport.can_write_eof())
    print(transport.get_protocol() is protocol, transport.get_write_buffer_size())
    print(transport.get_write_buffer_limits(), transport.get_extra_info("sockname"))
    print(transport.get_extra_info("absent"), transport.get_extra_info("absent", "other"))
    print(transport.get_extra_info("socket").family)
    attempt("write", transport.write, b"one")
    attempt("write a view", transport.write, memoryview(b"two"))
    attempt("write nothing", transport.write, b"")
    attempt("writelines", transport.writelines, [b"th", bytearray(b"ree")])
    for data in ("text", 5, None, ["list"]):
        attempt("write of the wrong kind", transport.write, data)
    attempt("writelines of no list", transport.writelines, 5)
    await rest(asyncio)
    print(far.recv(100))
    far.sendall(b"hello")
    await rest(asyncio)
    attempt("pause_reading", transport.pause_reading)
    attempt("pause_reading again", transport.pause_reading)
    far.sendall(b"unread")
    await rest(asyncio)
    print(transport.is_reading())
    attempt("resume_reading", transport.resume_reading)
    attempt("resume_reading again", transport.resume_reading)
    await rest(asyncio)
    other = Recorder("other")
    attempt("set_protocol", transport.set_protocol, other)
    far.sendall(b"for the other one")
    await rest(asyncio)
    attempt("write_eof", transport.write_eof)
    attempt("write_eof again", transport.write_eof)
    attempt("write after the end", transport.write, b"late")
    attempt("writelines after the end", transport.writelines, [b"late"])
    print(far.recv(1))
    transport.close()
    transport.close()
    print(transport.is_closing())
    attempt("write when closing", transport.write, b"late")
    attempt("pause when closing", transport.pause_reading)
    await other.lost
    print(far.recv(1))
    far.close()


async def limits():
    protocol = Recorder("limits")
    transport, far = await connect(protocol)
    for limit in ({}, {"high": 100}, {"high": 100, "low": 10}, {"low": 5}, {"high": 0}):
        attempt(f"limits {limit}", lambda limit=limit: transport.set_write_buffer_limits(**limit))
        print(transport.get_write_buffer_limits())
    attempt("low above high", transport.set_write_buffer_limits, 10, 100)
    attempt("below zero", transport.set_write_buffer_limits, 10, -1)
    attempt("a text", transport.set_write_buffer_limits, "high")
    transport.set_write_buffer_limits(high=1 << 16)
    big = bytes(1 << 22)
    transport.write(big)
    print(0 < transport.get_write_buffer_size() < len(big))

    def drain():
        received = 0
        while received < len(big) + 4:
            received += len(far.recv(1 << 16))
        return received

    transport.write(b"tail")
    received = await asyncio.get_running_loop().run_in_executor(None, drain)
    print(received == len(big) + 4, transport.get_write_buffer_size())
    transport.write(big)
    attempt("abort", transport.abort)
    attempt("abort again", transport.abort)
    await protocol.lost
    far.close()


async def ends():
    for protocol in (Recorder("full"), Half("half")):
        transport, far = await connect(protocol)
        far.shutdown(socket.SHUT_WR)
        await rest(asyncio)
        print(transport.is_closing())
        if not transport.is_closing():
            transport.write(b"still open")
            print(far.recv(100))
            transport.close()
        await protocol.lost
        far.close()

    class Faulty(Recorder):
        def data_received(self, data):
            raise KeyError("in data_received")

    loop = asyncio.get_running_loop()
    loop.set_exception_handler(
        lambda loop, context: print(context["message"], repr(context["exception"]))
    )
    protocol = Faulty("faulty")
    transport, far = await connect(protocol)
    far.sendall(b"x")
    await protocol.lost
    far.close()

    class Refusing(Recorder):
        def connection_made(self, transport):
            raise KeyError("in connection_made")

    protocol = Refusing("refusing")
    transport, far = await connect(protocol)
    transport.close()
    await protocol.lost
    far.close()


asyncio.run(ordinary())
asyncio.run(limits())
asyncio.run(ends())
