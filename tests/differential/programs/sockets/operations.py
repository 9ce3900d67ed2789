"""The loop's sock_* methods over pairs and TCP: ordinary use, wrong sockets, cancelled waits."""

import asyncio
import os
import socket
import tempfile
import threading

from observe import attempt_await, cancel_while_waiting, settle


def pair():
    ends = socket.socketpair()
    for end in ends:
        end.setblocking(False)
    return ends


def listening():
    listener = socket.socket()
    listener.setblocking(False)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener


async def streams(loop):
    near, far = pair()
    await attempt_await("sendall", loop.sock_sendall(near, b"hello"))
    await attempt_await("recv", loop.sock_recv(far, 100))
    task = asyncio.create_task(loop.sock_recv(far, 3))
    await settle()
    print("waits", task.done())
    await loop.sock_sendall(near, bytearray(b"later"))
    await attempt_await("recv", task)
    buffer = bytearray(10)
    await attempt_await("recv_into", loop.sock_recv_into(far, buffer))
    print(buffer)
    await cancel_while_waiting("recv", asyncio.create_task(loop.sock_recv(far, 1)))
    await cancel_while_waiting("recv_into", asyncio.create_task(loop.sock_recv_into(far, buffer)))
    big = bytes(1 << 22)
    await cancel_while_waiting("sendall", asyncio.create_task(loop.sock_sendall(near, big)))
    near.close()
    received = 0
    while data := await loop.sock_recv(far, 1 << 16):
        received += len(data)
    print("some of it came", 0 < received < len(big))
    await attempt_await("recv at the end", loop.sock_recv(far, 1))
    await attempt_await("recv_into at the end", loop.sock_recv_into(far, buffer))
    await attempt_await("sendall to nobody", loop.sock_sendall(far, b"x"))
    await attempt_await("recv of a closed one", loop.sock_recv(near, 1))
    far.close()

    near, far = pair()
    await attempt_await("recv a text", loop.sock_recv(near, "1"))
    await attempt_await("recv less than nothing", loop.sock_recv(near, -1))
    await attempt_await("recv_into bytes", loop.sock_recv_into(near, b"fixed"))
    await attempt_await("sendall a text", loop.sock_sendall(near, "text"))
    await attempt_await("sendall nothing", loop.sock_sendall(near, b""))
    await attempt_await("a text for a socket", loop.sock_recv("near", 1))
    near.close()
    far.close()


async def connections(loop):
    listener = listening()
    address = listener.getsockname()
    accepting = asyncio.create_task(loop.sock_accept(listener))
    client = socket.socket()
    client.setblocking(False)
    await attempt_await("connect", loop.sock_connect(client, address))
    server, peer = await accepting
    print(peer == client.getsockname(), server.gettimeout(), type(server).__name__)
    await loop.sock_sendall(server, b"welcome")
    await attempt_await("recv", loop.sock_recv(client, 100))
    await attempt_await("connect twice", loop.sock_connect(client, address))
    await cancel_while_waiting("accept", asyncio.create_task(loop.sock_accept(listener)))
    listener.close()
    refused = socket.socket()
    refused.setblocking(False)
    try:
        await loop.sock_connect(refused, address)
    except ConnectionRefusedError as error:
        print(type(error).__name__, error.errno)
    await attempt_await("connect to a text", loop.sock_connect(refused, "nowhere"))
    for end in (client, server, refused):
        end.close()
    await attempt_await("accept of a closed one", loop.sock_accept(listener))
    named = socket.socket()
    named.setblocking(False)
    usual, answer = socket.getaddrinfo, threading.Event()
    socket.getaddrinfo = lambda *args, **kwargs: answer.wait(20)
    connecting = asyncio.create_task(loop.sock_connect(named, ("localhost", address[1])))
    await cancel_while_waiting("connect", connecting)
    answer.set()
    socket.getaddrinfo = usual
    named.close()

    blocking, other = socket.socketpair()
    loop.set_debug(True)
    for label, operation in (
        ("recv", lambda: loop.sock_recv(blocking, 1)),
        ("recv_into", lambda: loop.sock_recv_into(blocking, bytearray(1))),
        ("sendall", lambda: loop.sock_sendall(blocking, b"x")),
        ("accept", lambda: loop.sock_accept(blocking)),
        ("connect", lambda: loop.sock_connect(blocking, address)),
        ("recvfrom", lambda: loop.sock_recvfrom(blocking, 1)),
        ("sendto", lambda: loop.sock_sendto(blocking, b"x", address)),
    ):
        await attempt_await(f"{label} of a blocking one", operation())
    loop.set_debug(False)
    blocking.close()
    other.close()


async def datagrams(loop):
    near, far = (socket.socket(type=socket.SOCK_DGRAM) for _ in range(2))
    for end in (near, far):
        end.setblocking(False)
        end.bind(("127.0.0.1", 0))
    await attempt_await("sendto", loop.sock_sendto(near, b"datagram", far.getsockname()))
    data, sender = await loop.sock_recvfrom(far, 100)
    print(data, sender == near.getsockname())
    await loop.sock_sendto(far, b"answer", near.getsockname())
    buffer = bytearray(10)
    count, sender = await loop.sock_recvfrom_into(near, buffer)
    print(count, buffer, sender == far.getsockname())
    await loop.sock_sendto(far, b"answer", near.getsockname())
    await attempt_await("too many", loop.sock_recvfrom_into(near, buffer, 11))
    count, _ = await loop.sock_recvfrom_into(near, buffer, 3)
    print(count)
    await cancel_while_waiting("recvfrom", asyncio.create_task(loop.sock_recvfrom(near, 1)))
    waiting = asyncio.create_task(loop.sock_recvfrom_into(near, buffer))
    await cancel_while_waiting("recvfrom_into", waiting)
    await attempt_await("sendto nowhere", loop.sock_sendto(near, b"x", "nowhere"))
    await attempt_await("sendto a text", loop.sock_sendto(near, "x", far.getsockname()))
    near.close()
    far.close()
    # Unix datagrams wait for room, which those of UDP do not.
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "socket")
        full, outside = (socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2))
        full.bind(path)
        outside.setblocking(False)
        try:
            while True:
                outside.sendto(bytes(1000), path)
        except BlockingIOError:
            print("full")
        sending = asyncio.create_task(loop.sock_sendto(outside, b"x", path))
        await cancel_while_waiting("sendto", sending)
        full.close()
        outside.close()


async def main():
    loop = asyncio.get_running_loop()
    await streams(loop)
    await connections(loop)
    await datagrams(loop)


asyncio.run(main())
