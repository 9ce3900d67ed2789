"""`create_connection` and its like: what they do in which order, and whom they call on the way."""

import asyncio
import errno
import gc
import inspect
import os
import socket
import sys
import warnings

import pytest

from toolkit import Run, loop_with_own, settle

NAMES = ("create_connection", "create_unix_connection", "connect_accepted_socket")


class Recorder(asyncio.Protocol):
    """Notes what it is told in a list that the test has."""

    def __init__(self, events=None):
        self.events = [] if events is None else events
        self.events.append("factory")

    def connection_made(self, transport):
        self.transport = transport
        self.events.append("made")

    def connection_lost(self, error):
        self.events.append("lost")


async def listen(loop):
    server = await loop.create_server(asyncio.Protocol, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()


def answer(loop, *places):
    """Have the loop find these addresses, whatever is asked."""

    async def getaddrinfo(*args, **kwargs):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place) for place in places]

    loop.getaddrinfo = getaddrinfo


def dead_address():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()


@pytest.mark.parametrize("name", NAMES)
def test_a_given_socket_is_used_and_the_protocol_called_first(aio, run, name):
    async def main():
        loop, events = aio.get_running_loop(), []
        near, far = socket.socketpair()
        loop.call_soon(events.append, "another callback")
        connect = getattr(loop, name)
        transport, protocol = await connect(lambda: Recorder(events), sock=near)
        events.append("returned")
        assert protocol.transport is transport
        assert transport.get_extra_info("socket").fileno() == near.fileno()
        transport.close()
        await settle(aio)
        far.close()
        return events

    assert run(main) == ["factory", "another callback", "made", "returned", "lost"]


@pytest.mark.parametrize("host", ["127.0.0.1", b"127.0.0.1", "localhost", "127.1"])
def test_a_host_is_found_however_it_is_written(aio, run, host):
    async def main():
        loop = aio.get_running_loop()
        server, (_, port) = await listen(loop)
        for given in (port, str(port)):
            transport, protocol = await loop.create_connection(
                Recorder, host, given, family=socket.AF_INET
            )
            assert transport.get_extra_info("peername") == ("127.0.0.1", port)
            assert protocol.events == ["factory", "made"]
            transport.close()
        server.close()
        await settle(aio)

    run(main)


def test_a_local_address_is_taken(aio, run):
    async def main():
        loop = aio.get_running_loop()
        server, address = await listen(loop)
        local = ("127.0.0.2", 0)
        transport, _ = await loop.create_connection(Recorder, *address, local_addr=local)
        assert transport.get_extra_info("sockname")[0] == "127.0.0.2"
        with pytest.raises(OSError, match="error while attempting to bind on address"):
            await loop.create_connection(Recorder, *address, local_addr=("192.0.2.1", 0))
        transport.close()
        server.close()
        await settle(aio)

    run(main)


@pytest.mark.parametrize("delay", [None, 5])
def test_the_first_address_that_answers_is_taken(aio, run, delay):
    async def main():
        loop = aio.get_running_loop()
        server, address = await listen(loop)
        answer(loop, dead_address(), dead_address(), address, dead_address())
        transport, protocol = await loop.create_connection(
            Recorder, "name", 80, happy_eyeballs_delay=delay
        )
        assert transport.get_extra_info("peername") == address
        assert protocol.events == ["factory", "made"]
        transport.close()
        server.close()
        await settle(aio)

    run(main)


@pytest.mark.parametrize("delay", [None, 0.01])
def test_one_error_tells_of_all_addresses(aio, run, delay):
    async def main():
        loop, first, second = aio.get_running_loop(), dead_address(), ("127.0.0.2", 1)
        one, other = f"Connect call failed {first}", f"Connect call failed {second}"
        answer(loop, first, second)
        with pytest.raises(OSError) as caught:
            await loop.create_connection(Recorder, "name", 80, happy_eyeballs_delay=delay)
        assert str(caught.value) == f"Multiple exceptions: [Errno 111] {one}, [Errno 111] {other}"
        answer(loop, first, first)
        with pytest.raises(ConnectionRefusedError) as caught:
            await loop.create_connection(Recorder, "name", 80, happy_eyeballs_delay=delay)
        assert caught.value.args == (errno.ECONNREFUSED, one)
        answer(loop)
        with pytest.raises(OSError, match=r"^getaddrinfo\(\) returned empty list$"):
            await loop.create_connection(Recorder, "name", 80, happy_eyeballs_delay=delay)

    run(main)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="all_errors came with 3.12")
@pytest.mark.parametrize("count", [1, 3])
def test_a_group_holds_all_errors(aio, run, count):
    async def main():
        loop, dead = aio.get_running_loop(), dead_address()
        answer(loop, *[dead] * count)
        with pytest.raises(ExceptionGroup) as caught:
            await loop.create_connection(Recorder, "name", 80, all_errors=True)
        assert caught.value.message == "create_connection failed"
        errors = caught.value.exceptions
        assert [type(error) for error in errors] == [ConnectionRefusedError] * count

    run(main)


@pytest.mark.parametrize("name", NAMES)
def test_a_socket_of_another_kind_is_refused(aio, run, name):
    async def main():
        with socket.socket(type=socket.SOCK_DGRAM) as datagrams:
            with pytest.raises(ValueError, match="Stream Socket was expected, got <socket"):
                await getattr(aio.get_running_loop(), name)(Recorder, sock=datagrams)

    run(main)


@pytest.mark.parametrize("name", NAMES)
def test_a_factory_that_raises_leaves_no_socket_open_from_3_14_on(aio, run, name):
    def refuse():
        raise LookupError("no protocol")

    async def main():
        near, far = socket.socketpair()
        with pytest.raises(LookupError):
            await getattr(aio.get_running_loop(), name)(refuse, sock=near)
        was_closed = near.fileno() < 0
        near.close()
        far.close()
        return was_closed

    assert run(main) is (sys.version_info >= (3, 14))


@pytest.mark.parametrize("name", NAMES)
def test_a_coroutine_that_is_never_awaited_says_so(aio, run, name):
    async def main():
        near, far = socket.socketpair()
        connect = getattr(aio.get_running_loop(), name)
        closed = connect(Recorder, sock=near)
        assert asyncio.iscoroutine(closed)
        closed.close()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            connect(Recorder, sock=near)
            gc.collect()
        near.close()
        far.close()
        return [str(warning.message) for warning in caught]

    (text,) = run(main)
    assert text.endswith(f".{name}' was never awaited")


def test_signatures_are_asyncios(loop):
    for name in NAMES:
        ours = inspect.signature(getattr(loop, name))
        theirs = inspect.signature(getattr(asyncio.SelectorEventLoop, name))
        assert list(ours.parameters.values()) == list(theirs.parameters.values())[1:]


def test_a_connection_to_digits_is_made_in_the_callers_task(aio, run):
    async def main():
        loop, made = aio.get_running_loop(), []

        def factory(loop, coroutine, **kwargs):
            made.append(coroutine)
            return asyncio.Task(coroutine, loop=loop, **kwargs)

        with socket.create_server(("127.0.0.1", 0)) as listener:
            loop.set_task_factory(factory)
            transport, _ = await loop.create_connection(Recorder, *listener.getsockname())
            _, writer = await aio.open_connection(*listener.getsockname())
            loop.set_task_factory(None)
        transport.close()
        writer.close()
        await settle(aio)
        return made

    assert run(main) == []


def test_debug_mode_notes_each_connection(aio, run, caplog):
    async def main():
        loop = aio.get_running_loop()
        server, address = await listen(loop)
        near, far = socket.socketpair()
        caplog.set_level("DEBUG", "asyncio")
        transport, _ = await loop.create_connection(Recorder, *address)
        other, _ = await loop.connect_accepted_socket(Recorder, near)
        transport.close()
        other.close()
        far.close()
        server.close()
        await settle(aio)
        return address

    _, port = run(main, debug=True)
    assert f"connected to 127.0.0.1:{port}: (<_SelectorSocketTransport" in caplog.text
    assert " handled: (<_SelectorSocketTransport" in caplog.text


def test_the_chain_of_awaits_shows_asyncios_coroutines(aio, run):
    async def main():
        loop, seen = aio.get_running_loop(), []

        class Watcher(Recorder):
            def connection_made(self, transport):
                coroutine = task.get_coro()
                while inspect.iscoroutine(coroutine) or hasattr(coroutine, "cr_await"):
                    seen.append(coroutine.__qualname__)
                    coroutine = coroutine.cr_await

        near, far = socket.socketpair()
        task = aio.ensure_future(loop.create_connection(Watcher, sock=near))
        transport, _ = await task
        transport.close()
        far.close()
        await settle(aio)
        return seen

    assert run(main) == [
        "BaseEventLoop.create_connection",
        "BaseEventLoop._create_connection_transport",
    ]


OVERRIDABLE = [
    "getaddrinfo",
    "sock_connect",
    "_make_socket_transport",
    "_ensure_resolved",
    "_connect_sock",
    "_create_connection_transport",
    "create_future",
]


@pytest.mark.parametrize("on_the_loop", [False, True])
@pytest.mark.parametrize("name", OVERRIDABLE)
def test_a_method_of_a_programs_own_is_called(aio, loop, name, on_the_loop):
    called = []

    async def main():
        loop = aio.get_running_loop()
        server, (_, port) = await listen(loop)
        called.clear()
        transport, _ = await loop.create_connection(
            Recorder, "localhost", port, family=socket.AF_INET
        )
        assert name in called
        transport.close()
        server.close()
        await settle(aio)

    Run(lambda: loop_with_own(type(loop), name, called, on_the_loop))(main)


def test_a_socket_class_of_a_programs_own_is_used(aio, run, monkeypatch):
    class Counted(socket.socket):
        made = 0

        def connect(self, address):
            Counted.made += 1
            super().connect(address)

    async def main():
        loop = aio.get_running_loop()
        server, address = await listen(loop)
        monkeypatch.setattr(socket, "socket", Counted)
        transport, _ = await loop.create_connection(Recorder, *address)
        monkeypatch.undo()
        transport.close()
        server.close()
        await settle(aio)

    run(main)
    assert Counted.made == 1


def test_nothing_is_left_of_connections_refused(aio, run):
    async def main():
        loop, dead = aio.get_running_loop(), dead_address()
        answer(loop, dead, dead)
        before = set(os.listdir("/proc/self/fd"))
        for _ in range(50):
            with pytest.raises(OSError):
                await loop.create_connection(Recorder, "name", 80)
            with pytest.raises(OSError):
                await loop.create_unix_connection(Recorder, "/nowhere/at/all")
        return set(os.listdir("/proc/self/fd")) - before

    assert run(main) == set()
