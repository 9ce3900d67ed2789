"""The `Server`: listening, its connections, its end, and who waits for that."""

import asyncio
import contextvars
import gc
import os
import socket
import sys
import types
import warnings
import weakref

import pytest

from toolkit import Run, loop_with_own, settle

KNOWS_CLIENTS = sys.version_info >= (3, 13)
needs_clients = pytest.mark.skipif(not KNOWS_CLIENTS, reason="servers know their clients from 3.13")
CLOSES_CLIENTS = "close_clients" in asyncio.Server.serve_forever.__code__.co_names


class Recorder(asyncio.Protocol):
    """Notes what it is told in a list that the test has."""

    def __init__(self, events):
        self.events = events

    def connection_made(self, transport):
        self.transport = transport
        self.events.append("made")

    def connection_lost(self, error):
        self.events.append("lost")


class Scene:
    """A server with the protocols of its connections, and the clients that made them."""

    def __init__(self, aio):
        self.aio, self.loop = aio, aio.get_running_loop()
        self.events, self.protocols, self.clients = [], [], []

    def factory(self):
        self.protocols.append(Recorder(self.events))
        return self.protocols[-1]

    async def open(self, clients=0, **options):
        self.server = await self.loop.create_server(self.factory, "127.0.0.1", 0, **options)
        for _ in range(clients):
            await self.connect()
        return self.server

    async def connect(self):
        address = self.server.sockets[0].getsockname()
        client = socket.create_connection(address, timeout=20)
        self.clients.append(client)
        count = self.events.count("made")
        async with asyncio.timeout(20):
            while self.events.count("made") == count:
                await self.aio.sleep(0.001)
        return client

    async def end(self):
        self.server.close()
        for client in self.clients:
            client.close()
        await settle(self.aio)


def started(aio, coroutine):
    return aio.ensure_future(coroutine)


def count_of(server):
    return len(server._clients) if KNOWS_CLIENTS else server._active_count


def test_it_passes_for_asyncio_s(aio, run):
    async def main():
        scene = Scene(aio)
        server = await scene.open()
        assert isinstance(server, asyncio.Server)
        assert isinstance(server, asyncio.base_events.Server)
        assert isinstance(server, asyncio.AbstractServer)
        assert isinstance(server, aio.Server)
        assert server.__class__ is asyncio.base_events.Server
        assert server.get_loop() is scene.loop
        [sock] = server.sockets
        assert isinstance(sock, asyncio.trsock.TransportSocket)
        assert type(server.sockets) is tuple
        assert repr(server) == f"<Server sockets=({sock!r},)>"
        assert weakref.ref(server)() is server
        server.of_the_program = 5
        assert vars(server)["of_the_program"] == 5
        with pytest.raises(AttributeError):
            server.sockets = ()
        await scene.end()
        assert repr(server) == "<Server sockets=()>"
        assert server.sockets == ()

    run(main)


def test_its_private_attributes_are_asyncio_s(aio, run):
    async def main():
        loop, own = aio.get_running_loop(), socket.socket()
        options = {"backlog": 7, "start_serving": False}
        server = await loop.create_server(Recorder, sock=own, **options)
        assert server._loop is loop
        assert server._sockets == [own]
        assert server._waiters == []
        assert server._protocol_factory is Recorder
        assert server._backlog == 7
        assert server._ssl_context is None
        assert server._ssl_handshake_timeout is None
        assert server._ssl_shutdown_timeout is None
        assert server._serving is False
        assert server._serving_forever_fut is None
        if sys.version_info >= (3, 15):
            assert isinstance(server._context, contextvars.Context)
        else:
            assert not hasattr(server, "_context")
        if KNOWS_CLIENTS:
            assert type(server._clients) is weakref.WeakSet
            assert not hasattr(server, "_active_count")
        else:
            assert server._active_count == 0
            assert not hasattr(server, "_clients")
        server.close()
        assert server._sockets is server._waiters is None

    run(main)


def test_attributes_that_a_program_sets_are_used(aio, run):
    async def main():
        scene = Scene(aio)
        server = await scene.open(start_serving=False)
        other = socket.socket()
        other.setblocking(False)
        other.bind(("127.0.0.1", 0))
        [first] = server._sockets
        server._sockets = [other]
        server._backlog = 5
        server._protocol_factory = lambda: Recorder(scene.events)
        first.close()
        await server.start_serving()
        await scene.connect()
        assert scene.protocols == []
        for name in ("_sockets", "_serving", "_loop"):
            if aio is not asyncio:
                with pytest.raises(AttributeError):
                    delattr(server, name)
        await scene.end()

    run(main)


def test_connections_are_counted_while_they_live(aio, run):
    async def main():
        scene = Scene(aio)
        server = await scene.open(clients=3)
        assert count_of(server) == 3
        await scene.connect()
        assert count_of(server) == 4
        if KNOWS_CLIENTS:
            transports = {protocol.transport for protocol in scene.protocols}
            assert set(server._clients) == transports
            assert server._clients is server._clients
        scene.protocols[1].transport.close()
        await settle(aio)
        assert count_of(server) == 3
        scene.clients[0].close()
        await settle(aio)
        assert count_of(server) == 2
        await scene.end()
        assert count_of(server) == 0

    run(main)


@pytest.mark.parametrize("look", [False, True])
def test_places_of_lost_connections_are_used_again(aio, run, look):
    async def main():
        scene = Scene(aio)
        server = await scene.open(clients=5)
        for number in (0, 3, 1):
            scene.protocols[number].transport.abort()
        await settle(aio)
        if look:
            assert count_of(server) == 2
        for _ in range(4):
            await scene.connect()
        scene.protocols[2].transport.abort()
        await settle(aio)
        assert count_of(server) == 5
        server.close()
        waiting = started(aio, server.wait_closed())
        for protocol in scene.protocols[4:8]:
            protocol.transport.abort()
        await settle(aio)
        if sys.version_info >= (3, 12):
            assert not waiting.done()
        scene.protocols[8].transport.abort()
        await waiting
        await scene.end()

    run(main)


@needs_clients
@pytest.mark.parametrize("look", [False, True])
@pytest.mark.parametrize("name", ["close_clients", "abort_clients"])
def test_all_connections_are_ended(aio, run, name, look):
    async def main():
        scene = Scene(aio)
        server = await scene.open(clients=4)
        if look:
            assert len(server._clients) == 4
        scene.protocols[2].transport.write(b"x" * 20_000_000)
        getattr(server, name)()
        await settle(aio)
        # Only abort() does not wait for what is queued.
        assert scene.events.count("lost") == (4 if name == "abort_clients" else 3)
        assert server.is_serving()
        scene.clients[2].close()
        await scene.connect()
        getattr(server, name)()
        await settle(aio)
        assert scene.events.count("lost") == 5
        getattr(server, name)()
        await scene.end()
        getattr(server, name)()

    run(main)


@needs_clients
@pytest.mark.parametrize("look", [False, True])
def test_a_transport_whose_end_fails_does_not_hide_that(aio, run, look):
    async def main():
        scene = Scene(aio)
        server = await scene.open(clients=2)
        if look:
            assert len(server._clients) == 2

        def refuse():
            raise LookupError("not now")

        for protocol in scene.protocols:
            protocol.transport.close = refuse
        with pytest.raises(LookupError, match="not now"):
            server.close_clients()
        for protocol in scene.protocols:
            del protocol.transport.close
        await scene.end()

    run(main)


@needs_clients
@pytest.mark.parametrize("look", [False, True])
def test_a_dropped_transport_is_forgotten(aio, run, look):
    async def main():
        scene = Scene(aio)
        server = await scene.open(clients=3)
        if look:
            assert len(server._clients) == 3
        scene.protocols[1].transport.pause_reading()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            del scene.protocols[1].transport
            for _ in range(3):
                await settle(aio)
                gc.collect()
        unclosed = [warning for warning in caught if "_SelectorSocket" in str(warning.message)]
        assert [warning.category for warning in unclosed] == [ResourceWarning]
        server.close()
        waiting = started(aio, server.wait_closed())
        scene.protocols[0].transport.close()
        await settle(aio)
        assert not waiting.done()
        scene.protocols[2].transport.close()
        await settle(aio)
        assert waiting.done()
        assert len(server._clients) == 0
        await scene.end()

    run(main)


@needs_clients
@pytest.mark.parametrize("look", [False, True])
def test_a_dropped_transport_that_can_t_say_so_wakes_nobody(aio, run, monkeypatch, look):
    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)

    async def main():
        scene = Scene(aio)
        server = await scene.open(clients=1)
        if look:
            assert len(server._clients) == 1
        [protocol] = scene.protocols
        protocol.transport.pause_reading()
        server.close()
        waiting = started(aio, server.wait_closed())
        await settle(aio)
        with warnings.catch_warnings():
            warnings.simplefilter("error", ResourceWarning)
            del protocol.transport
            gc.collect()
        await settle(aio)
        assert not waiting.done()
        assert len(server._clients) == 0
        waiting.cancel()
        await scene.end()

    run(main)


def test_it_waits_for_its_end_as_the_version_has_it(aio, run):
    async def main():
        scene = Scene(aio)
        server = await scene.open(clients=1)
        before = started(aio, server.wait_closed())
        await settle(aio)
        assert not before.done()
        server.close()
        assert not server.is_serving()
        assert server.sockets == ()
        after = started(aio, server.wait_closed())
        await settle(aio)
        # 3.11 takes a closed server for one that has come to its end.
        assert after.done() == (sys.version_info < (3, 12))
        assert not before.done()
        assert scene.events == ["made"]
        scene.clients[0].close()
        await settle(aio)
        assert after.done()
        assert before.done()
        assert await server.wait_closed() is await before is None
        await scene.end()

    run(main)


def test_without_connections_the_end_comes_with_close(aio, run):
    async def main():
        scene = Scene(aio)
        server = await scene.open()
        waiting = started(aio, server.wait_closed())
        await settle(aio)
        waits = sys.version_info[:3] != (3, 12, 0)
        assert waiting.done() != waits
        server.close()
        server.close()
        assert server._waiters is None
        await waiting
        await server.wait_closed()

    run(main)


def test_whoever_was_cancelled_is_not_woken(aio, run):
    async def main():
        scene = Scene(aio)
        server = await scene.open()
        waiting = [started(aio, server.wait_closed()) for _ in range(3)]
        await settle(aio)
        waiting[1].cancel()
        await settle(aio)
        server._waiters.append(scene.loop.create_future())
        [*_, own] = server._waiters
        server.close()
        await settle(aio)
        assert [task.cancelled() for task in waiting] == [False, True, False]
        assert own.result() is (None if sys.version_info >= (3, 12) else own)

    run(main)


@pytest.mark.parametrize("started_before", [False, True])
@pytest.mark.parametrize("clients", [0, 2])
def test_serve_forever_serves_until_it_is_cancelled(aio, run, started_before, clients):
    async def main():
        scene = Scene(aio)
        server = await scene.open(start_serving=started_before)
        serving = started(aio, server.serve_forever())
        await settle(aio)
        assert server.is_serving()
        assert not server._serving_forever_fut.done()
        for _ in range(clients):
            await scene.connect()
        serving.cancel("enough")
        await aio.sleep(0)
        await aio.sleep(0)
        assert not server.is_serving()
        await settle(aio)
        if clients and not CLOSES_CLIENTS and sys.version_info >= (3, 12):
            assert not serving.done()
            for client in scene.clients:
                client.close()
        with pytest.raises(aio.CancelledError) as caught:
            await serving
        assert caught.value.args == ("enough",)
        assert server._serving_forever_fut is None
        if CLOSES_CLIENTS:
            assert scene.events.count("lost") == clients
        await scene.end()

    run(main)


def test_serve_forever_is_awaited_by_one(aio, run):
    async def main():
        scene = Scene(aio)
        server = await scene.open()
        serving = started(aio, server.serve_forever())
        await settle(aio)
        with pytest.raises(RuntimeError) as caught:
            await server.serve_forever()
        text = f"server {server!r} is already being awaited on serve_forever()"
        assert caught.value.args == (text,)
        server.close()
        with pytest.raises(RuntimeError) as caught:
            await server.serve_forever()
        assert caught.value.args == ("server <Server sockets=()> is closed",)
        with pytest.raises(aio.CancelledError):
            await serving
        await scene.end()

    run(main)


def test_serve_forever_ends_when_its_future_does(aio, run):
    async def main():
        scene = Scene(aio)
        for end in ("result", "exception", "closed", "again"):
            server = await scene.open()
            serving = started(aio, server.serve_forever())
            await settle(aio)
            future = server._serving_forever_fut
            if end == "result":
                future.set_result("a result that nobody wants")
                assert await serving is None
                assert server.is_serving()
            elif end == "exception":
                future.set_exception(LookupError("lost"))
                with pytest.raises(LookupError, match="lost"):
                    await serving
                assert server.is_serving()
            else:
                server.close()
                assert future.cancelled()
                assert server._serving_forever_fut is None
                with pytest.raises(aio.CancelledError):
                    await serving
            assert server._serving_forever_fut is None
            await scene.end()

    run(main)


def test_serve_forever_cancelled_twice_gives_up_waiting(aio, run):
    async def main():
        scene = Scene(aio)
        server = await scene.open(clients=1)
        scene.protocols[0].transport.write(b"x" * 20_000_000)
        serving = started(aio, server.serve_forever())
        await settle(aio)
        serving.cancel("first")
        await settle(aio)
        waits = sys.version_info >= (3, 12)
        assert serving.done() != waits
        serving.cancel("second")
        with pytest.raises(aio.CancelledError) as caught:
            await serving
        if waits:
            assert caught.value.args == ("second",)
            assert caught.value.__context__.args == ("first",)
        assert server._serving_forever_fut is None
        scene.protocols[0].transport.abort()
        await scene.end()

    run(main)


@pytest.mark.parametrize("name", ["close", "wait_closed", "_start_serving"])
def test_an_error_in_serve_forever_s_end_takes_the_place_of_its_cancellation(aio, run, name):
    async def main():
        scene = Scene(aio)
        server = await scene.open(start_serving=False)

        def refuse():
            raise LookupError(name)

        setattr(server, name, refuse)
        serving = started(aio, server.serve_forever())
        await settle(aio)
        serving.cancel()
        with pytest.raises(LookupError, match=name) as caught:
            await serving
        if name != "_start_serving":
            assert isinstance(caught.value.__context__, aio.CancelledError)
        assert server._serving_forever_fut is None
        delattr(server, name)
        await scene.end()

    run(main)


def test_serve_forever_closed_where_it_waits_leaves_the_server(aio, run):
    async def main():
        scene = Scene(aio)
        server = await scene.open()
        serving = server.serve_forever()
        future = serving.send(None)
        assert serving.cr_await is not None
        serving.close()
        assert server._serving_forever_fut is None
        assert server.is_serving()
        future.cancel()
        await scene.end()

    run(main)


def test_async_with_closes_it(aio, run):
    async def main():
        scene = Scene(aio)
        server = await scene.open()
        async with server as entered:
            assert entered is server
            assert server.is_serving()
        assert not server.is_serving()
        assert server._waiters is None
        with pytest.raises(LookupError):
            async with await scene.open() as server:
                raise LookupError
        assert server.sockets == ()
        assert await server.__aexit__(None, None, None) is None

    run(main)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="3.11 does not wait for connections")
def test_async_with_waits_for_connections(aio, run):
    async def main():
        scene = Scene(aio)
        await scene.open(clients=1)

        async def leave():
            async with scene.server:
                pass

        leaving = started(aio, leave())
        await settle(aio)
        assert not leaving.done()
        assert scene.server.sockets == ()
        scene.clients[0].close()
        await leaving
        await scene.end()

    run(main)


@pytest.mark.parametrize("on_the_loop", [False, True])
@pytest.mark.parametrize("name", ["serve_forever", "wait_closed"])
def test_its_futures_are_made_by_a_method_of_a_program_s_own(aio, loop, name, on_the_loop):
    called = []

    async def main():
        server = await aio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
        called.clear()
        waiting = getattr(server, name)()
        waiting.send(None)
        assert called == ["create_future"]
        waiting.close()
        server.close()

    Run(lambda: loop_with_own(type(loop), "create_future", called, on_the_loop))(main)


def test_replaced_methods_are_called(aio, run):
    async def main():
        scene, calls = Scene(aio), []
        server = await scene.open(start_serving=False)

        def replace(name):
            plain = getattr(server, name)

            def replaced(*args):
                calls.append(name)
                return plain(*args)

            setattr(server, name, replaced)

        names = ["_start_serving", "_attach", "_detach", "_wakeup", "close", "wait_closed"]
        for name in names + (["close_clients"] if KNOWS_CLIENTS else []):
            replace(name)
        serving = started(aio, server.serve_forever())
        await settle(aio)
        await scene.connect()
        scene.clients[0].close()
        await settle(aio)
        serving.cancel()
        with pytest.raises(aio.CancelledError):
            await serving
        async with server:
            pass
        return calls

    calls = run(main)
    ends = ["close", "_wakeup"] + (["close_clients"] if CLOSES_CLIENTS else []) + ["wait_closed"]
    assert calls == ["_start_serving", "_attach", "_detach", *ends, "close", "wait_closed"]


def test_start_serving_again_does_nothing(aio, run):
    async def main():
        scene = Scene(aio)
        server = await scene.open()
        server._sockets = [object()]
        await server.start_serving()
        server._sockets = []
        server._serving = False
        await server.start_serving()
        assert server.is_serving()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        run(main)
        gc.collect()


def test_a_closed_one_can_t_start(aio, run):
    async def main():
        scene = Scene(aio)
        server = await scene.open(start_serving=False)
        server.close()
        with pytest.raises(TypeError, match="'NoneType' object is not iterable"):
            await server.start_serving()
        with pytest.raises(TypeError, match="'NoneType' object is not iterable"):
            server._wakeup()

    run(main)


@pytest.mark.parametrize("state", ["fresh", "serving", "forever", "socket closed", "loop closed"])
def test_it_is_closed_in_each_state(aio, loop, state):
    async def main():
        scene = Scene(aio)
        server = await scene.open(start_serving=state != "fresh")
        if state == "forever":
            serving = started(aio, server.serve_forever())
            await settle(aio)
        if state == "socket closed":
            loop.remove_reader(server._sockets[0])
            server._sockets[0].close()
            with pytest.raises(ValueError, match="Invalid file descriptor: -1"):
                server.close()
            assert server._sockets is None
            assert server.is_serving()
            return server
        if state != "loop closed":
            [sock] = server._sockets
            server.close()
            assert sock.fileno() == -1
        if state == "forever":
            with pytest.raises(aio.CancelledError):
                await serving
        return server

    server = loop.run_until_complete(main())
    if state == "loop closed":
        loop.close()
        [sock] = server._sockets
        server.close()
        assert sock.fileno() == -1
    assert server.sockets == ()


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_factory_may_close_the_server(aio, run, monkeypatch):
    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)

    async def main():
        loop, events = aio.get_running_loop(), []

        def factory():
            server.close()
            return Recorder(events)

        server = await loop.create_server(factory, "127.0.0.1", 0)
        client = socket.create_connection(server.sockets[0].getsockname(), timeout=20)
        await settle(aio)
        # A closed server takes no connection; with asyncio the collector has to find it.
        assert events == []
        gc.collect()
        assert client.recv(1) == b""
        client.close()
        await server.wait_closed()

    run(main)


class Counting(asyncio.Transport):
    """A transport of the program's own."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def close(self):
        self.calls.append("close")

    def abort(self):
        self.calls.append("abort")


def attach(server, transport):
    server._attach(transport) if KNOWS_CLIENTS else server._attach()


def detach(server, transport):
    server._detach(transport) if KNOWS_CLIENTS else server._detach()


def test_transports_of_the_program_s_own_count_too(aio, run):
    async def main():
        scene = Scene(aio)
        server = await scene.open(clients=1)
        own = [Counting(), Counting()]
        for transport in own:
            attach(server, transport)
        assert count_of(server) == 3
        if KNOWS_CLIENTS:
            attach(server, own[0])
            attach(server, scene.protocols[0].transport)
            assert count_of(server) == 3
            server.close_clients()
            server.abort_clients()
            assert [transport.calls for transport in own] == [["close", "abort"]] * 2
        else:
            scene.protocols[0].transport.close()
        await settle(aio)
        assert count_of(server) == 2
        waiting = started(aio, server.wait_closed())
        await settle(aio)
        server.close()
        detach(server, own[0])
        await settle(aio)
        assert not waiting.done()
        detach(server, own[1])
        await waiting
        with pytest.raises(AssertionError):
            attach(server, own[0])
        if not KNOWS_CLIENTS:
            with pytest.raises(AssertionError):
                detach(server, own[0])
        await scene.end()

    run(main)


@needs_clients
def test_a_transport_is_entered_once_and_left_where_it_was_entered(aio, run):
    async def main():
        first, second = Scene(aio), Scene(aio)
        await first.open(clients=2)
        await second.open(clients=2)
        strange = second.protocols[1].transport
        # Of another server, at the same place there.
        first.server._detach(strange)
        strange_server = strange._server
        strange._server = first.server
        strange.abort()
        await settle(aio)
        first.server._attach(first.protocols[0].transport)
        assert len(first.server._clients) == 2
        assert len(second.server._clients) in (1, 2)
        assert strange_server is second.server
        await first.end()
        await second.end()

    run(main)


@needs_clients
def test_a_set_of_the_program_s_own_takes_the_place_of_its_clients(aio, run):
    async def main():
        scene = Scene(aio)
        server = await scene.open(clients=1)
        server._clients = own = weakref.WeakSet()
        await scene.connect()
        assert set(own) == {scene.protocols[1].transport}
        await scene.end()
        assert len(own) == 0

    run(main)


@pytest.mark.skipif(sys.version_info < (3, 15), reason="servers have a context since 3.15")
def test_connections_run_in_the_context_of_the_server(aio, run):
    variable = contextvars.ContextVar("variable")
    seen = []

    class Protocol(asyncio.Protocol):
        def connection_made(self, transport):
            seen.append(variable.get())
            variable.set("of a connection")
            transport.close()

    async def main():
        loop = aio.get_running_loop()
        variable.set("of the server")
        server = await loop.create_server(Protocol, "127.0.0.1", 0, start_serving=False)
        variable.set("later")
        assert server._context[variable] == "of the server"
        await server.start_serving()
        for _ in range(2):
            socket.create_connection(server.sockets[0].getsockname()).close()
            await settle(aio)
        server.close()

    run(main)
    assert seen == ["of the server"] * 2


def test_a_server_of_a_class_of_its_own_serves_on_the_loop(aio, run):
    class Own(asyncio.base_events.Server):
        calls = 0

        def _attach(self, *args):
            type(self).calls += 1
            super()._attach(*args)

    async def main():
        scene = Scene(aio)
        sock = socket.socket()
        sock.setblocking(False)
        sock.bind(("127.0.0.1", 0))
        scene.server = Own(scene.loop, [sock], scene.factory, None, 100, None)
        await scene.server.start_serving()
        await scene.connect()
        assert Own.calls == 1
        assert count_of(scene.server) == 1
        scene.server.close()
        waiting = started(aio, scene.server.wait_closed())
        scene.clients[0].close()
        await waiting
        await scene.end()

    run(main)


def test_asyncio_s_own_functions_take_it_for_their_server(aio, run):
    async def main():
        scene = Scene(aio)
        server = await scene.open(clients=1)
        assert asyncio.Server.__repr__(server) == repr(server)
        assert asyncio.Server.is_serving(server)
        waiting = started(aio, asyncio.Server.wait_closed(server))
        await settle(aio)
        asyncio.Server.close(server)
        assert server.sockets == ()
        scene.clients[0].close()
        await waiting
        await scene.end()

    run(main)


def test_its_coroutines_are_coroutines(aio, run):
    names = ("start_serving", "serve_forever", "wait_closed")

    async def main():
        scene = Scene(aio)
        server = await scene.open()
        for name in names:
            coroutine = getattr(server, name)()
            assert asyncio.iscoroutine(coroutine)
            assert coroutine.__qualname__ == f"Server.{name}"
            coroutine.close()
        for coroutine in (server.__aenter__(), server.__aexit__(None, None, None)):
            assert coroutine.__qualname__.startswith("AbstractServer.__a")
            coroutine.close()
        await scene.end()

    run(main)


def test_nothing_is_left_of_servers_in_cycles(aio, run):
    async def main():
        loop = aio.get_running_loop()
        references = []
        for _ in range(10):
            server = await loop.create_server(Recorder, "127.0.0.1", 0, start_serving=False)
            server.itself = server
            server._protocol_factory = types.MethodType(lambda _: None, server)
            references.append(weakref.ref(server))
            server.close()
            del server
        await settle(aio)
        gc.collect()
        return [reference() for reference in references]

    assert run(main) == [None] * 10


def test_files_and_memory_come_back(aio, run):
    async def main():
        scene = Scene(aio)

        async def once():
            scene.events.clear()
            scene.protocols.clear()
            scene.clients.clear()
            await scene.open(clients=3)
            serving = started(aio, scene.server.serve_forever())
            await aio.sleep(0)
            serving.cancel()
            await scene.end()

        await once()
        gc.collect()
        files, objects = len(os.listdir("/proc/self/fd")), len(gc.get_objects())
        for _ in range(30):
            await once()
        gc.collect()
        assert len(os.listdir("/proc/self/fd")) <= files
        assert len(gc.get_objects()) < objects + 100

    run(main)
