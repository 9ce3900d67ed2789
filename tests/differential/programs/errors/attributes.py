"""Attributes that can be read, assigned and deleted as if they were a program's own."""

import asyncio
import socket

from observe import attempt

WANTED = {
    asyncio.Barrier: ("parties", "n_waiting", "broken"),
    asyncio.Queue: ("maxsize",),
    asyncio.LifoQueue: ("maxsize",),
    asyncio.PriorityQueue: ("maxsize",),
}


def misuse(owner, *names):
    for name in names:
        print(name, getattr(owner, name))
        attempt(f"assign {name}", setattr, owner, name, 5)
        attempt(f"delete {name}", delattr, owner, name)


def own(owner, *more):
    """What is not there, what is, and what comes and goes."""
    print(type(owner).__name__)
    attempt("of no such name", getattr, owner, "no_such_name")
    attempt("delete no such name", delattr, owner, "no_such_name")
    try:
        owner.own = 5
        print(owner.own)
        del owner.own
    except AttributeError:
        print("takes no attributes")
    attempt("own, deleted", getattr, owner, "own")
    for name in more:
        attempt(f"a method by another, {name}", setattr, owner, name, print)


async def main():
    for kind, names in WANTED.items():
        print("---", kind.__name__)
        misuse(kind(2), *names)
    near, far = socket.socketpair()
    _, writer = await asyncio.open_connection(sock=near)
    server = await asyncio.start_server(print, "127.0.0.1", 0)
    print("--- server")
    attempt("assign sockets", setattr, server, "sockets", ())
    print("--- writer")
    attempt("assign transport", setattr, writer, "transport", 5)
    server.close()
    writer.close()
    far.close()

    print("--- their own")
    own(asyncio.Lock(), "locked")
    own(asyncio.Event(), "is_set")
    own(asyncio.Condition(), "notify")
    own(asyncio.Semaphore(), "release")
    own(asyncio.Barrier(1), "reset")
    own(asyncio.Queue(), "get_nowait")
    own(asyncio.StreamReader(), "feed_eof")
    own(asyncio.timeout(None), "expired")
    own(asyncio.TaskGroup(), "create_task")
    loop = asyncio.get_running_loop()
    own(loop.create_future())
    own(asyncio.current_task())
    handle = loop.call_soon(print)
    attempt("of no such name", getattr, handle, "no_such_name")


asyncio.run(main())
