"""Socket operations that are cancelled, closed under, or given the number of another file."""

import gc
import os
import resource
import socket
import weakref

import pytest

from toolkit import watched


def pair(kind=socket.SOCK_STREAM):
    one, other = socket.socketpair(socket.AF_UNIX, kind)
    one.setblocking(False)
    other.setblocking(False)
    return one, other


def full_pair():
    """A pair whose first socket takes no more data."""
    one, other = pair()
    try:
        while True:
            one.send(bytes(65536))
    except BlockingIOError:
        return one, other


async def settle(aio, turns=4):
    for _ in range(turns):
        await aio.sleep(0)


def waiting_operations():
    """Each operation in a state in which it has to wait: how to begin, what ends the wait."""

    def receiving(method, *arguments):
        def begin(loop, sockets):
            sockets += pair(socket.SOCK_DGRAM)
            return getattr(loop, method)(sockets[0], *arguments)

        return begin, lambda sockets: sockets[1].send(b"data")

    def sending(loop, sockets):
        sockets += full_pair()
        return loop.sock_sendall(sockets[0], b"more")

    def sending_to(loop, sockets):
        one, other = pair(socket.SOCK_DGRAM)
        sockets += (one, other)
        name = f"\0aioxide {os.getpid()} {id(one)}"
        other.close()
        sockets[1] = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        sockets[1].bind(name)
        try:
            while True:
                one.sendto(bytes(4096), name)
        except BlockingIOError:
            return loop.sock_sendto(one, b"more", name)

    def accepting(loop, sockets):
        listening = socket.create_server(("127.0.0.1", 0))
        listening.setblocking(False)
        sockets.append(listening)
        return loop.sock_accept(listening)

    def arrive(sockets):
        sockets.append(socket.create_connection(sockets[0].getsockname()))

    def empty(sockets):
        while True:
            try:
                sockets[1].recv(1 << 20, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return

    return {
        "sock_recv": receiving("sock_recv", 100),
        "sock_recv_into": receiving("sock_recv_into", bytearray(100)),
        "sock_recvfrom": receiving("sock_recvfrom", 100),
        "sock_recvfrom_into": receiving("sock_recvfrom_into", bytearray(100)),
        "sock_sendall": (sending, empty),
        "sock_sendto": (sending_to, empty),
        "sock_accept": (accepting, arrive),
    }


OPERATIONS = waiting_operations()


def close_all(sockets):
    for one in sockets:
        one.close()


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("turns", range(4))
def test_cancelled_while_it_waits_it_watches_no_more(aio, run, name, turns):
    async def main():
        loop, sockets = aio.get_running_loop(), []
        task = aio.ensure_future(OPERATIONS[name][0](loop, sockets))
        await settle(aio, turns)
        if turns > 1:
            assert watched(loop) == {sockets[0].fileno()}
        task.cancel()
        with pytest.raises(aio.CancelledError):
            await task
        await settle(aio)
        assert watched(loop) == set()
        close_all(sockets)

    run(main)


@pytest.mark.only("aioxide")
@pytest.mark.parametrize("name", OPERATIONS)
def test_cancelled_between_readiness_and_step_it_has_taken_nothing(aio, run, name):
    """On asyncio what had come is lost with the task; here the next operation gets it."""

    async def main():
        loop, sockets = aio.get_running_loop(), []
        task = aio.ensure_future(OPERATIONS[name][0](loop, sockets))
        await settle(aio)
        OPERATIONS[name][1](sockets)
        future = task.get_coro().cr_await
        while not future.done():
            await aio.sleep(0)
        task.cancel()
        with pytest.raises(aio.CancelledError):
            await task
        assert watched(loop) == set()
        if name == "sock_accept":
            connection, peer = await aio.wait_for(loop.sock_accept(sockets[0]), 10)
            assert peer == sockets[1].getsockname()
            connection.close()
        elif name.startswith("sock_recv"):
            assert sockets[0].recv(100) == b"data"
        else:
            with pytest.raises(BlockingIOError):
                sockets[1].recv(1, socket.MSG_DONTWAIT)
        close_all(sockets)

    run(main)


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_coroutine_that_is_closed_watches_no_more(aio, run, name):
    async def main():
        loop, sockets = aio.get_running_loop(), []
        coroutine = OPERATIONS[name][0](loop, sockets)
        future = coroutine.send(None)
        assert watched(loop) == {sockets[0].fileno()}
        coroutine.close()
        future.cancel()
        await settle(aio)
        assert watched(loop) == set()
        close_all(sockets)

    run(main)


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_time_limit_ends_it(aio, run, name):
    async def main():
        loop, sockets = aio.get_running_loop(), []
        with pytest.raises(aio.TimeoutError):
            await aio.wait_for(OPERATIONS[name][0](loop, sockets), 0.01)
        await settle(aio)
        assert watched(loop) == set()
        close_all(sockets)

    run(main)


def test_connecting_is_cancelled_while_it_resolves(aio, run):
    async def main():
        loop = aio.get_running_loop()
        ended = []

        async def getaddrinfo(*_args, **_kwargs):
            try:
                await aio.sleep(60)
            finally:
                ended.append(True)

        loop.getaddrinfo = getaddrinfo
        with socket.socket() as client:
            client.setblocking(False)
            task = aio.ensure_future(loop.sock_connect(client, ("nowhere.invalid", 80)))
            await settle(aio)
            task.cancel()
            with pytest.raises(aio.CancelledError):
                await task
        assert ended == [True]

    run(main)


def test_connecting_is_cancelled_while_the_kernel_connects(aio, run):
    async def main():
        loop = aio.get_running_loop()
        with socket.create_server(("127.0.0.1", 0), backlog=0) as listening:
            # The backlog is full after this one or two: the next attempt goes on for long.
            clients = []
            for _ in range(4):
                client = socket.socket()
                client.setblocking(False)
                clients.append(client)
                connecting = aio.ensure_future(loop.sock_connect(client, listening.getsockname()))
                done, _ = await aio.wait({connecting}, timeout=0.05)
                if not done:
                    break
            assert watched(loop) == {client.fileno()}
            connecting.cancel()
            with pytest.raises(aio.CancelledError):
                await connecting
            await settle(aio)
            assert watched(loop) == set()
            close_all(clients)

    run(main)


def test_one_who_waits_is_replaced_by_the_next_and_does_not_disturb_him(aio, run):
    async def main():
        loop = aio.get_running_loop()
        one, other = pair()
        first = aio.ensure_future(loop.sock_recv(one, 10))
        await settle(aio)
        second = aio.ensure_future(loop.sock_recv(one, 10))
        await settle(aio)
        first.cancel()
        await settle(aio)
        assert first.cancelled() and watched(loop) == {one.fileno()}
        other.send(b"for the second")
        assert await second == b"for the se"
        assert watched(loop) == set()
        close_all([one, other])

    run(main)


def test_reading_and_writing_at_once_do_not_disturb_each_other(aio, run):
    async def main():
        loop = aio.get_running_loop()
        one, other = full_pair()
        reading = aio.ensure_future(loop.sock_recv(one, 10))
        writing = aio.ensure_future(loop.sock_sendall(one, b"x"))
        await settle(aio)
        reading.cancel()
        await settle(aio)
        assert watched(loop) == {one.fileno()} and not writing.done()
        reading = aio.ensure_future(loop.sock_recv(one, 10))
        await settle(aio)
        while not writing.done():
            await loop.sock_recv(other, 1 << 20)
        other.send(b"answer")
        assert (await writing, await reading) == (None, b"answer")
        close_all([one, other])

    run(main)


@pytest.mark.only("aioxide")
def test_a_number_that_became_another_file_is_neither_read_nor_forgotten(aio, run):
    """The socket is closed while it is waited for, and its number comes back as another one."""

    async def main():
        loop = aio.get_running_loop()
        one, other = pair()
        number = one.fileno()
        orphan = aio.ensure_future(loop.sock_recv(one, 10))
        await settle(aio)
        fresh, peer = pair()
        one.close()
        os.dup2(fresh.fileno(), number)
        fresh.close()
        with socket.socket(fileno=number) as reused:
            reused.setblocking(False)
            reading = aio.ensure_future(loop.sock_recv(reused, 10))
            await settle(aio)
            orphan.cancel()
            await settle(aio)
            assert watched(loop) == {number} and not reading.done()
            peer.send(b"for reused")
            assert await aio.wait_for(reading, 10) == b"for reused"
        assert watched(loop) == set()
        close_all([other, peer])

    run(main)


def test_a_reset_reaches_who_waits(aio, run):
    async def main():
        loop = aio.get_running_loop()
        with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as client:
            client.setblocking(False)
            await loop.sock_connect(client, listening.getsockname())
            connection, _ = listening.accept()
            reading = aio.ensure_future(loop.sock_recv(client, 10))
            await settle(aio)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.close()
            with pytest.raises(ConnectionResetError) as caught:
                await reading
            with pytest.raises(BrokenPipeError):
                await loop.sock_sendall(client, b"x")
            assert watched(loop) == set()
            return caught.value.args

    assert run(main) == (104, "Connection reset by peer")


@pytest.mark.only("aioxide")
def test_nothing_is_left_behind_by_many_operations(aio, run):
    """Objects, references to the sockets and descriptors: all back where they were."""

    async def round_trips(loop, count):
        for number in range(count):
            one, other = pair()
            reading = aio.ensure_future(loop.sock_recv(one, 100))
            await aio.sleep(0)
            if number % 3 == 0:
                reading.cancel()
            else:
                await loop.sock_sendall(other, b"data")
            await aio.wait({reading})
            alive = weakref.ref(one)
            close_all([one, other])
            del one, other, reading
            assert alive() is None

    async def main():
        loop = aio.get_running_loop()
        await round_trips(loop, 100)
        gc.collect()
        objects, descriptors = len(gc.get_objects()), len(os.listdir("/proc/self/fd"))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        await round_trips(loop, 5000)
        gc.collect()
        assert len(gc.get_objects()) - objects < 50
        assert len(os.listdir("/proc/self/fd")) == descriptors
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 4096, "KiB"

    run(main)
