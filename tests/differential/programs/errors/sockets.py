"""The loop's sock_* methods: wrong arguments, sockets that block, closed ones, sendfile."""

import asyncio
import io
import socket
import tempfile

from observe import attempt, attempt_await

METHODS = {
    "sock_recv": (1,),
    "sock_recv_into": (bytearray(4),),
    "sock_recvfrom": (1,),
    "sock_recvfrom_into": (bytearray(4),),
    "sock_sendall": (b"data",),
    "sock_sendto": (b"data", ("127.0.0.1", 9)),
    "sock_connect": (("127.0.0.1", 9),),
    "sock_accept": (),
    "sock_sendfile": (io.BytesIO(b"data"),),
}
WRONG = {
    "sock_recv": [("one",), (-1,), (None,), (1.5,)],
    "sock_recv_into": [(b"fixed",), ("text",), (5,), (None,)],
    "sock_recvfrom": [("one",), (-1,), (None,)],
    "sock_recvfrom_into": [(b"fixed",), (5,), (bytearray(4), "many"), (bytearray(4), 100)],
    "sock_sendall": [("text",), (5,), (None,)],
    "sock_sendto": [("text", "address"), (b"data", 5), (5, ("127.0.0.1", 9))],
    "sock_connect": [(5,), ("path",), (None,), (("127.0.0.1",),), (("127.0.0.1", "port"),)],
    "sock_sendfile": [(5,), ("text",), (io.StringIO("text"),), (io.BytesIO(), -1)],
}


async def arguments(loop):
    print("--- arguments")
    for name, fitting in METHODS.items():
        method = getattr(loop, name)
        attempt(f"{name} of nothing", method)
        attempt(f"{name} of too much", method, *range(7))
        attempt(f"{name} with a keyword", method, 1, *fitting, surplus=1)


async def blocking(loop):
    print("--- a socket that blocks")
    loop.set_debug(True)
    with socket.socket() as sock:
        for name, fitting in METHODS.items():
            await attempt_await(name, getattr(loop, name)(sock, *fitting))
    loop.set_debug(False)


async def wrong(loop):
    print("--- wrong kinds")
    kinds = {"sock_recvfrom": socket.SOCK_DGRAM, "sock_sendto": socket.SOCK_DGRAM}
    for name, many in WRONG.items():
        for some in many:
            with socket.socket(type=kinds.get(name, socket.SOCK_STREAM)) as sock:
                sock.setblocking(False)
                if name in ("sock_sendall", "sock_recv", "sock_recv_into"):
                    near, far = socket.socketpair()
                    near.setblocking(False)
                    with near, far:
                        await attempt_await(f"{name}{some!r}", getattr(loop, name)(near, *some))
                else:
                    await attempt_await(f"{name}{some!r}", getattr(loop, name)(sock, *some))


async def no_sockets(loop):
    print("--- no sockets")
    closed = socket.socket()
    closed.setblocking(False)
    closed.close()
    for name, fitting in METHODS.items():
        for label, sock in (("closed", closed), ("a number", 5), ("nothing", None)):
            await attempt_await(f"{name} of {label}", getattr(loop, name)(sock, *fitting))


async def files(loop):
    print("--- sendfile")
    near, far = socket.socketpair()
    transport, _ = await loop.create_connection(asyncio.Protocol, sock=near)
    with tempfile.TemporaryFile() as file:
        file.write(b"content")
        file.flush()
        for label, sending in (
            ("a number", loop.sendfile(5, file)),
            ("no file", loop.sendfile(transport, 5)),
            ("a text file", loop.sendfile(transport, io.StringIO())),
            ("offset", loop.sendfile(transport, file, -1)),
            ("offset of text", loop.sendfile(transport, file, "0")),
            ("count", loop.sendfile(transport, file, 0, -1)),
            ("no fallback", loop.sendfile(transport, io.BytesIO(b"x"), fallback=False)),
        ):
            await attempt_await(label, sending)
        transport.close()
        await attempt_await("of a closing one", loop.sendfile(transport, file))
    far.close()


async def main():
    loop = asyncio.get_running_loop()
    await arguments(loop)
    await blocking(loop)
    await wrong(loop)
    await no_sockets(loop)
    await files(loop)


asyncio.run(main())
