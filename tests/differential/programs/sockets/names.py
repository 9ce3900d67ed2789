"""getaddrinfo and getnameinfo: numbers and localhost, errors, cancelled look-ups."""

import asyncio
import contextlib
import socket
import threading

from observe import attempt, attempt_await, cancel_while_waiting


@contextlib.contextmanager
def slow(name):
    """The function of socket gives no answer until it is told to."""
    usual = getattr(socket, name)
    answer = threading.Event()
    setattr(socket, name, lambda *args, **kwargs: answer.wait(20))
    yield answer
    setattr(socket, name, usual)


async def main():
    loop = asyncio.get_running_loop()
    await attempt_await("a number", loop.getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM))
    await attempt_await(
        "of the sixth kind", loop.getaddrinfo("::1", 80, family=socket.AF_INET6, proto=6)
    )
    await attempt_await(
        "numeric only", loop.getaddrinfo("localhost", 80, flags=socket.AI_NUMERICHOST)
    )
    await attempt_await("wrong family", loop.getaddrinfo("127.0.0.1", 80, family=socket.AF_INET6))
    await attempt_await("a port by no name", loop.getaddrinfo("127.0.0.1", "no-such-service"))
    await attempt_await("a strange type", loop.getaddrinfo("127.0.0.1", 80, type="stream"))
    await attempt_await("a strange host", loop.getaddrinfo(5, 80))
    localhost = await loop.getaddrinfo("localhost", 80, type=socket.SOCK_STREAM)
    print(("127.0.0.1", 80) in [entry[4] for entry in localhost])

    numeric = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
    await attempt_await("getnameinfo", loop.getnameinfo(("127.0.0.1", 80), numeric))
    await attempt_await("a name for a number", loop.getnameinfo(("localhost", 80), numeric))
    await attempt_await("too short", loop.getnameinfo(("127.0.0.1",), numeric))
    await attempt_await("a text", loop.getnameinfo("127.0.0.1", numeric))
    await attempt_await("strange flags", loop.getnameinfo(("127.0.0.1", 80), "flags"))
    # A quick answer may be there before anybody could give up.
    with slow("getaddrinfo") as answer:
        looking = asyncio.create_task(loop.getaddrinfo("localhost", 80))
        await cancel_while_waiting("getaddrinfo", looking)
        answer.set()
    with slow("getnameinfo") as answer:
        looking = asyncio.create_task(loop.getnameinfo(("127.0.0.1", 80)))
        await cancel_while_waiting("getnameinfo", looking)
        answer.set()
    return loop


loop = asyncio.run(main())
# Of a closed loop.
lookup = loop.getaddrinfo("127.0.0.1", 80)
attempt("closed", lambda: lookup.send(None))
lookup.close()
