"""A program closes a socket that the loop waits for: nobody is woken, cancelling works."""

import asyncio
import socket

from observe import attempt_await

TURNS = 20


def pair():
    ours, peer = socket.socketpair()
    ours.setblocking(False)
    peer.setblocking(False)
    return ours, peer


def full_pair():
    ours, peer = pair()
    try:
        while True:
            ours.send(bytes(1 << 16))
    except BlockingIOError:
        return ours, peer


async def closed(name, begin, make=pair):
    ours, peer = make()
    waiting = asyncio.ensure_future(begin(asyncio.get_running_loop(), ours))
    for _ in range(3):
        await asyncio.sleep(0)
    ours.close()
    for _ in range(TURNS):
        await asyncio.sleep(0.0005)
    print(name, "is done:", waiting.done())
    waiting.cancel()
    await attempt_await("cancelled", waiting)
    await attempt_await("afterwards", begin(asyncio.get_running_loop(), ours))
    peer.close()


async def main():
    await closed("sock_recv", lambda loop, sock: loop.sock_recv(sock, 10))
    await closed("sock_recv_into", lambda loop, sock: loop.sock_recv_into(sock, bytearray(10)))
    await closed("sock_recvfrom", lambda loop, sock: loop.sock_recvfrom(sock, 10))
    await closed(
        "sock_sendall",
        lambda loop, sock: loop.sock_sendall(sock, bytes(1 << 20)),
        full_pair,
    )


asyncio.run(main())
