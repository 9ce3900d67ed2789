"""In which context a protocol is called: who made, wrote, resumed or closed the connection."""

import asyncio
import contextvars
import inspect
import socket

WHO = contextvars.ContextVar("WHO", default="nobody")
BULK = bytes(4 << 20)


class Narrator(asyncio.Protocol):
    def __init__(self):
        self.say("factory")

    def say(self, what):
        print(" ", what, "in the context of", WHO.get())

    def connection_made(self, transport):
        self.say("connection_made")
        self.transport = transport
        self.received = asyncio.get_running_loop().create_future()
        self.resumed = asyncio.get_running_loop().create_future()
        self.ended = asyncio.get_running_loop().create_future()

    def data_received(self, data):
        self.say("data_received")
        if not self.received.done():
            self.received.set_result(None)

    def eof_received(self):
        self.say("eof_received")
        return True

    def pause_writing(self):
        self.say("pause_writing")

    def resume_writing(self):
        self.say("resume_writing")
        if not self.resumed.done():
            self.resumed.set_result(None)

    def connection_lost(self, exc):
        self.say("connection_lost")
        self.ended.set_result(None)


class Asker(Narrator):
    """Sends and closes from inside of its own calls."""

    def data_received(self, data):
        super().data_received(data)
        self.transport.write(b"answer")
        self.transport.close()


def swallow(sock):
    sock.settimeout(10)
    count = 0
    while count < len(BULK):
        count += len(sock.recv(1 << 20))


async def as_somebody(name, work):
    """Do the work in a task whose context says who it is."""

    async def run():
        WHO.set(name)
        result = work()
        return await result if inspect.isawaitable(result) else result

    return await asyncio.create_task(run())


async def conversation(name, make):
    print(name)
    loop = asyncio.get_running_loop()
    ours, peer = socket.socketpair()
    ours.setblocking(False)

    async def connect():
        return await make(ours)

    transport, protocol = await as_somebody("connector", connect)
    peer.send(b"hello")
    await protocol.received
    await as_somebody("pauser", transport.pause_reading)
    await as_somebody("resumer", transport.resume_reading)
    protocol.received = loop.create_future()
    peer.send(b"again")
    await protocol.received
    await as_somebody("writer", lambda: transport.write(BULK))
    await loop.run_in_executor(None, swallow, peer)
    await protocol.resumed
    peer.shutdown(socket.SHUT_WR)
    await asyncio.sleep(0.01)
    await as_somebody("closer", transport.close)
    await protocol.ended
    peer.close()


async def closing_itself():
    print("closing itself")
    loop = asyncio.get_running_loop()
    ours, peer = socket.socketpair()
    ours.setblocking(False)

    async def connect():
        return await loop.create_connection(Asker, sock=ours)

    _, protocol = await as_somebody("connector", connect)
    peer.send(b"question")
    await protocol.ended
    peer.close()


async def serving():
    print("a server")
    loop = asyncio.get_running_loop()
    protocols = []

    def factory():
        protocols.append(Asker())
        return protocols[-1]

    async def start():
        return await loop.create_server(factory, "127.0.0.1", 0)

    server = await as_somebody("server", start)
    client = socket.create_connection(server.sockets[0].getsockname())
    client.send(b"question")
    while not protocols:
        await asyncio.sleep(0)
    while not hasattr(protocols[0], "ended"):
        await asyncio.sleep(0)
    await protocols[0].ended
    client.close()
    server.close()


async def main():
    loop = asyncio.get_running_loop()
    await conversation("create_connection", lambda s: loop.create_connection(Narrator, sock=s))
    await conversation(
        "connect_accepted_socket", lambda s: loop.connect_accepted_socket(Narrator, s)
    )
    await closing_itself()
    await serving()


asyncio.run(main())
