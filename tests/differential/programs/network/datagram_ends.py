"""sendto with and without an address: connected or not, after close, after the end."""

import asyncio
import socket

from observe import attempt


class Narrator(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.ended = asyncio.get_running_loop().create_future()

    def error_received(self, exc):
        print("  error_received", type(exc).__name__)

    def connection_lost(self, exc):
        print("  connection_lost", repr(exc))
        self.ended.set_result(None)


def narrate(loop, context):
    print("  reported", context["message"], repr(context.get("exception")))


def plain_peer():
    peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    peer.bind(("127.0.0.1", 0))
    return peer


async def unnamed(loop, peer):
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setblocking(False)
    return (*await loop.create_datagram_endpoint(Narrator, sock=ours), theirs)


async def unconnected(loop, peer):
    local = ("127.0.0.1", 0)
    return (*await loop.create_datagram_endpoint(Narrator, local_addr=local), peer)


async def connected(loop, peer):
    remote = peer.getsockname()
    return (*await loop.create_datagram_endpoint(Narrator, remote_addr=remote), peer)


async def send(make, moment, arguments, peer):
    loop = asyncio.get_running_loop()
    transport, protocol, kept = await make(loop, peer)
    if moment != "open":
        transport.close()
    if moment == "lost":
        await protocol.ended
    for _ in range(2):
        attempt("sendto", lambda: transport.sendto(*arguments))
    for _ in range(4):
        await asyncio.sleep(0)
    print("  closing", transport.is_closing(), "queued", transport.get_write_buffer_size())
    transport.abort()
    if not protocol.ended.done():
        await protocol.ended
    if kept is not peer:
        kept.close()


async def main():
    asyncio.get_running_loop().set_exception_handler(narrate)
    with plain_peer() as peer:
        given = {
            "no address": (b"data",),
            "None": (b"data", None),
            "an address": (b"data", peer.getsockname()),
            "empty": (b"",),
            "empty, an address": (b"", peer.getsockname()),
        }
        for make in (unnamed, unconnected, connected):
            for moment in ("open", "close", "lost"):
                if moment == "lost" and make is not connected:
                    # asyncio trips over its missing socket there: tests/unit/test_datagram_life.py
                    continue
                for name, arguments in given.items():
                    print(f"{make.__name__}, {moment}, {name}")
                    await send(make, moment, arguments, peer)


asyncio.run(main())
