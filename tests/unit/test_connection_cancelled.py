"""Connections that are cancelled, or closed, at each point where they can wait."""

import asyncio
import socket

import pytest

from toolkit import cancel_after, open_descriptors, settle, stall, watched


class Deaf:
    """A listening socket that takes no more connections: those that are tried stay on their way."""

    def __init__(self):
        self.listening = socket.socket()
        self.listening.bind(("127.0.0.1", 0))
        self.listening.listen(0)
        self.address = self.listening.getsockname()
        self.waiting = []
        # Linux takes one more than it was told.
        for _ in range(4):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(self.address)
            self.waiting.append(client)

    def close(self):
        for each in (self.listening, *self.waiting):
            each.close()


class Scene:
    """A loop whose methods wait for ever where a test wants them to."""

    def __init__(self, aio):
        self.loop = aio.get_running_loop()
        self.deaf = Deaf()
        self.pair = socket.socketpair()

    def connect(self, host, **options):
        port = self.deaf.address[1]
        return self.loop.create_connection(asyncio.Protocol, host, port, **options)

    def resolving(self):
        stall(self.loop, "getaddrinfo")
        return self.connect("name.invalid")

    def resolving_the_local_address(self):
        stall(self.loop, "getaddrinfo")
        return self.connect("127.0.0.1", local_addr=("name.invalid", 0))

    def connecting(self):
        return self.connect("127.0.0.1")

    def connecting_from_somewhere(self):
        return self.connect("127.0.0.1", local_addr=("127.0.0.1", 0))

    def connecting_by_a_method_of_its_own(self):
        stall(self.loop, "sock_connect")
        return self.connect("127.0.0.1")

    def racing(self):
        return self.connect("127.0.0.1", happy_eyeballs_delay=30)

    def connecting_to_a_path(self):
        stall(self.loop, "sock_connect")
        return self.loop.create_unix_connection(asyncio.Protocol, "/some/where")

    def handing_over(self):
        stall(self.loop, "_create_connection_transport")
        return self.loop.create_connection(asyncio.Protocol, sock=self.pair[0])

    def close(self):
        self.deaf.close()
        for end in self.pair:
            end.close()


PLACES = [
    "resolving",
    "resolving_the_local_address",
    "connecting",
    "connecting_from_somewhere",
    "connecting_by_a_method_of_its_own",
    "racing",
    "connecting_to_a_path",
    "handing_over",
]


@pytest.mark.parametrize("place", PLACES)
def test_cancelled_where_it_waits_it_leaves_nothing(aio, run, place):
    async def main():
        scene = Scene(aio)
        before = open_descriptors()
        task = aio.ensure_future(getattr(scene, place)())
        await settle(aio)
        assert not task.done()
        task.cancel("enough")
        with pytest.raises(aio.CancelledError):
            await task
        await settle(aio)
        assert watched(scene.loop) == set()
        assert open_descriptors() <= before
        scene.close()

    run(main)


# asyncio's race can't be closed: it has tasks to wait for.
@pytest.mark.parametrize("place", [place for place in PLACES if place != "racing"])
def test_closed_where_it_waits_it_leaves_nothing(aio, run, place):
    async def main():
        scene = Scene(aio)
        before = open_descriptors()
        coroutine = getattr(scene, place)()
        future = coroutine.send(None)
        assert future._asyncio_future_blocking
        assert coroutine.cr_await is not None
        coroutine.close()
        future.cancel()
        await settle(aio)
        assert watched(scene.loop) == set()
        assert open_descriptors() <= before
        scene.close()

    run(main)


@pytest.mark.parametrize("name", ["create_connection", "connect_accepted_socket"])
@pytest.mark.parametrize("turns", range(1, 4))
def test_cancelled_while_the_protocol_is_told_it_loses_the_connection_once(aio, run, name, turns):
    events = []

    class Recorder(asyncio.Protocol):
        def connection_made(self, transport):
            events.append("made")

        def connection_lost(self, error):
            events.append("lost")

    async def main():
        loop = aio.get_running_loop()
        near, far = socket.socketpair()
        await cancel_after(aio, turns, getattr(loop, name)(Recorder, sock=near))
        await settle(aio)
        assert near.fileno() < 0
        assert watched(loop) == set()
        far.close()

    run(main)
    assert events == ["made", "lost"]


def test_a_timeout_frees_the_socket(aio, run):
    async def main():
        scene = Scene(aio)
        before = open_descriptors()
        for _ in range(5):
            with pytest.raises(TimeoutError):
                await aio.wait_for(scene.connecting(), 0.01)
        await settle(aio)
        assert open_descriptors() <= before
        scene.close()

    run(main)


def test_other_exceptions_of_a_method_end_it_and_close_the_socket(aio, run):
    async def main():
        scene = Scene(aio)
        before = open_descriptors()

        async def refuse(sock, address):
            assert sock.gettimeout() == 0
            raise LookupError("no such thing")

        scene.loop.sock_connect = refuse
        with pytest.raises(LookupError, match="no such thing"):
            await scene.connecting()
        with pytest.raises(LookupError, match="no such thing"):
            await scene.loop.create_unix_connection(asyncio.Protocol, "/some/where")
        assert open_descriptors() <= before
        scene.close()

    run(main)
