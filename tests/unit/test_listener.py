"""Accepting connections: what a server's protocols see, what is reported, and what goes wrong."""

import asyncio
import contextvars
import errno
import functools
import gc
import os
import resource
import socket
import sys
import warnings
import weakref

import pytest


class Recorder(asyncio.Protocol):
    """A protocol that keeps what happens to it in a list that several may share."""

    def __init__(self, events, name=""):
        self.events = events
        self.name = name

    def connection_made(self, transport):
        self.transport = transport
        self.events.append(("made", self.name, transport.get_extra_info("peername")))

    def data_received(self, data):
        self.events.append(("data", self.name, bytes(data)))
        self.transport.write(data)

    def connection_lost(self, exc):
        self.events.append(("lost", self.name, exc))


async def until(aio, holds):
    async with asyncio.timeout(20):
        while not holds():
            await aio.sleep(0.001)


async def serve(aio, factory, **options):
    server = await aio.get_running_loop().create_server(factory, "127.0.0.1", 0, **options)
    return server, server.sockets[0].getsockname()


def connect(address):
    return socket.create_connection(address, timeout=20)


def test_every_connection_gets_a_protocol_and_a_transport_of_its_own(aio, run):
    async def main():
        events = []
        made = []

        def factory():
            made.append(len(made))
            return Recorder(events, made[-1])

        server, address = await serve(aio, factory)
        clients = [connect(address) for _ in range(5)]
        await until(aio, lambda: len(events) == 5)
        assert events == [("made", n, clients[n].getsockname()) for n in range(5)]
        assert len(server._clients if hasattr(server, "_clients") else range(5)) == 5
        clients[3].send(b"hello")
        await until(aio, lambda: len(events) == 6)
        assert clients[3].recv(10) == b"hello"
        for client in clients:
            client.close()
        await until(aio, lambda: len(events) == 11)
        assert sorted(events[6:]) == [("lost", n, None) for n in range(5)]
        server.close()
        await server.wait_closed()

    run(main)


def test_the_accepted_socket_is_an_ordinary_one(aio, run):
    async def main():
        events = []
        server, address = await serve(aio, functools.partial(Recorder, events))
        protocol = Recorder(events)
        server.close()
        server, address = await serve(aio, lambda: protocol)
        with connect(address) as client:
            await until(aio, lambda: events)
            accepted = protocol.transport.get_extra_info("socket")
            assert accepted.getpeername() == client.getsockname()
            assert protocol.transport.get_extra_info("sockname") == address
            assert (accepted.family, accepted.type) == (socket.AF_INET, socket.SOCK_STREAM)
            assert accepted.gettimeout() == 0 and not accepted.get_inheritable()
        await until(aio, lambda: events[-1][0] == "lost")
        server.close()

    run(main)


def test_unix_servers_accept(aio, run, tmp_path):
    async def main():
        events = []
        path = str(tmp_path / "listener")
        server = await aio.get_running_loop().create_unix_server(lambda: Recorder(events), path)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            client.send(b"over a path")
            await until(aio, lambda: len(events) == 2)
            assert client.recv(20) == b"over a path"
        await until(aio, lambda: len(events) == 3)
        server.close()
        return events

    assert run(main) == [("made", "", ""), ("data", "", b"over a path"), ("lost", "", None)]


def test_a_backlog_larger_than_asked_for_is_emptied(aio, run):
    async def main():
        events = []
        server, address = await serve(aio, lambda: Recorder(events), backlog=3, start_serving=False)
        server.sockets[0]._sock.listen(50)
        clients = [connect(address) for _ in range(20)]
        await server.start_serving()
        await until(aio, lambda: len(events) == 20)
        for client in clients:
            client.close()
        await until(aio, lambda: len(events) == 40)
        server.close()

    run(main)


def test_connections_do_not_share_their_contexts(aio, run):
    variable = contextvars.ContextVar("variable", default="unset")

    async def main():
        seen = []

        class Protocol(asyncio.Protocol):
            def __init__(self):
                seen.append(("factory", variable.get()))
                variable.set("of a factory")

            def connection_made(self, transport):
                seen.append(("made", variable.get()))
                transport.close()

        variable.set("of the server")
        server, address = await serve(aio, Protocol)
        variable.set("of the caller")
        for count in (1, 2):
            with connect(address) as client:
                await until(aio, lambda count=count: len(seen) == 2 * count)
                assert client.recv(1) == b""
        server.close()
        return seen

    assert run(main) == [("factory", "of the server"), ("made", "of a factory")] * 2


def test_what_a_factory_raises_is_dropped_with_the_connection(aio, run):
    async def main():
        events = []
        failures = [ValueError("first"), aio.CancelledError(), GeneratorExit()]

        def factory():
            if failures:
                raise failures.pop(0)
            return Recorder(events)

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            server, address = await serve(aio, factory)
            for _ in range(3):
                with connect(address) as client:
                    await until(aio, lambda: gc.collect() is not None and ended(client))
        with connect(address):
            await until(aio, lambda: events)
        await until(aio, lambda: len(events) == 2)
        server.close()

    def ended(client):
        client.setblocking(False)
        try:
            return client.recv(1) == b""
        except BlockingIOError:
            return False

    run(main)


def test_debug_mode_reports_what_a_factory_raises(aio, run):
    failure = ValueError("on purpose")

    async def main():
        def factory():
            raise failure

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            server, address = await serve(aio, factory)
            with connect(address):
                await until(aio, lambda: run.reports)
            server.close()
            await aio.sleep(0)
            # Its frames hold the connection.
            failure.__traceback__ = None
            gc.collect()

    run(main, debug=True)
    report = run.reports.pop()
    assert report["message"] == "Error on transport creation for incoming connection"
    assert report["exception"] is failure


def test_debug_mode_logs_connections(aio, run, caplog):
    caplog.set_level("DEBUG", logger="asyncio")

    async def main():
        events = []
        server, address = await serve(aio, lambda: Recorder(events))
        with connect(address):
            await until(aio, lambda: events)
        await until(aio, lambda: len(events) == 2)
        server.close()

    run(main, debug=True)
    assert any(" got a new connection from " in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("failure", [KeyboardInterrupt, SystemExit])
def test_what_has_to_leave_the_loop_leaves_it(aio, loop, failure):
    async def begin():
        return await serve(aio, factory)

    def factory():
        raise failure("from a factory")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        server, address = loop.run_until_complete(begin())
        with connect(address), pytest.raises(failure, match="from a factory"):
            loop.run_forever()
        server.close()
        loop.run_until_complete(aio.sleep(0))
        gc.collect()


def test_a_factory_may_close_the_server(aio, run):
    async def main():
        events = []
        servers = []

        def factory():
            events.append("called")
            servers[0].close()
            raise ValueError

        server, address = await serve(aio, factory, start_serving=False)
        servers.append(server)
        server.sockets[0]._sock.listen(10)
        clients = [connect(address) for _ in range(3)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            await server.start_serving()
            await until(aio, lambda: not server.is_serving())
            for _ in range(5):
                await aio.sleep(0)
            gc.collect()
        for client in clients:
            client.close()
        with pytest.raises(ConnectionRefusedError):
            connect(address)
        assert set(aio.get_running_loop()._selector.get_map()) == {
            aio.get_running_loop()._ssock.fileno()
        }
        return events

    assert "called" in run(main)


def test_a_task_factory_sees_a_task_for_each_connection(aio, run):
    async def main():
        events, tasks = [], []
        loop = aio.get_running_loop()

        def task_factory(loop, coro, **kwargs):
            tasks.append(coro.__qualname__)
            return aio.Task(coro, loop=loop, **kwargs)

        server, address = await serve(aio, lambda: Recorder(events))
        loop.set_task_factory(task_factory)
        with connect(address):
            await until(aio, lambda: events)
        loop.set_task_factory(None)
        await until(aio, lambda: len(events) == 2)
        server.close()
        return tasks

    assert run(main)[:1] == ["BaseSelectorEventLoop._accept_connection2"]


def test_an_overridden_way_to_make_transports_is_used(aio, run):
    async def main():
        loop, events, made = aio.get_running_loop(), [], []
        usual = loop._make_socket_transport

        def make(sock, protocol, *args, **kwargs):
            made.append((sock, kwargs["extra"], kwargs["server"]))
            return usual(sock, protocol, *args, **kwargs)

        loop._make_socket_transport = make
        server, address = await serve(aio, lambda: Recorder(events))
        with connect(address) as client:
            await until(aio, lambda: events)
            ((accepted, extra, made_for),) = made
            assert type(accepted) is socket.socket and made_for is server
            assert extra["peername"] == client.getsockname()
        await until(aio, lambda: len(events) == 2)
        server.close()
        made.clear()

    run(main)


def test_an_overridden_way_to_accept_is_used(aio, run):
    async def main():
        loop, accepted = aio.get_running_loop(), []

        def accept(protocol_factory, sock, *args):
            accepted.append(sock.accept()[0])

        loop._accept_connection = accept
        server, address = await serve(aio, aio.Protocol)
        with connect(address):
            await until(aio, lambda: accepted)
        server.close()
        accepted.pop().close()

    run(main)


def test_reading_goes_on_while_nothing_can_be_accepted(aio, run, monkeypatch):
    """Out of descriptors, a server says so once, does not spin, and serves again later."""
    monkeypatch.setattr(asyncio.constants, "ACCEPT_RETRY_DELAY", 0.2)

    async def main():
        loop, events = aio.get_running_loop(), []
        reports = run.reports
        server, address = await serve(aio, lambda: Recorder(events), backlog=1)
        client = socket.socket()
        client.setblocking(False)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        held = []
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 256), hard))
        try:
            while True:
                try:
                    held.append(os.open(os.devnull, os.O_RDONLY))
                except OSError as error:
                    assert error.errno == errno.EMFILE
                    break
            await loop.sock_connect(client, address)
            await until(aio, lambda: reports)
            before = os.times()
            await aio.sleep(0.15)
            after = os.times()
            assert (after.user + after.system) - (before.user + before.system) < 0.1
            count = len(reports)
        finally:
            for one in held:
                os.close(one)
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        await until(aio, lambda: events)
        client.close()
        await until(aio, lambda: len(events) == 2)
        server.close()
        report = reports[0]
        assert report["message"] == "socket.accept() out of system resource"
        assert report["exception"].errno == errno.EMFILE
        assert type(report["socket"]) is asyncio.trsock.TransportSocket
        assert report["socket"].getsockname() == address if server.sockets else True
        assert set(report) == {"message", "exception", "socket"}
        reports.clear()
        return count

    # asyncio tries as often as the backlog is long, and reports each time.
    assert run(main) in ((1,) if aio is not asyncio else (1, 2))


def test_a_server_that_was_closed_meanwhile_does_not_go_on(aio, run, monkeypatch):
    if aio is asyncio:
        pytest.skip("asyncio reports an invalid descriptor")
    monkeypatch.setattr(asyncio.constants, "ACCEPT_RETRY_DELAY", 0.01)

    async def main():
        loop = aio.get_running_loop()
        server, address = await serve(aio, aio.Protocol)
        client = socket.socket()
        client.setblocking(False)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        try:
            await loop.sock_connect(client, address)
            await until(aio, lambda: run.reports)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        server.close()
        run.reports.clear()
        await aio.sleep(0.05)
        client.close()
        assert set(loop._selector.get_map()) == {loop._ssock.fileno()}

    run(main)


def test_a_listening_socket_closed_behind_the_loops_back_is_forgotten(aio, run):
    async def main():
        events = []
        server, address = await serve(aio, lambda: Recorder(events))
        server.sockets[0]._sock.close()
        with pytest.raises(ConnectionRefusedError):
            connect(address)
        # The number comes back as another socket, which is none of the server's.
        other, peer = socket.socketpair()
        with other, peer:
            other.setblocking(False)
            peer.send(b"x")
            assert await aio.get_running_loop().sock_recv(other, 10) == b"x"
        with pytest.raises(ValueError, match="Invalid file descriptor: -1"):
            server.close()
        assert events == []

    run(main)


def test_a_socket_that_does_not_listen_is_reported(aio, run):
    async def main():
        loop = aio.get_running_loop()
        with socket.create_server(("127.0.0.1", 0)) as listening:
            listening.setblocking(False)
            loop._start_serving(aio.Protocol, listening)
            listening.shutdown(socket.SHUT_RDWR)
            await until(aio, lambda: run.reports)
            loop._stop_serving(listening)
        report = run.reports[0]
        run.reports.clear()
        return type(report["exception"]), report["exception"].errno

    assert run(main) == (OSError, errno.EINVAL)


def test_a_closed_socket_can_not_be_served(aio, loop):
    listening = socket.create_server(("127.0.0.1", 0))
    listening.close()
    with pytest.raises(ValueError, match="Invalid file descriptor: -1"):
        loop._start_serving(aio.Protocol, listening)


def test_a_peer_that_has_gone_already_is_still_served(aio, run):
    async def main():
        events = []
        server, address = await serve(aio, lambda: Recorder(events), start_serving=False)
        server.sockets[0]._sock.listen(10)
        for _ in range(3):
            with connect(address) as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        with connect(address) as client:
            await server.start_serving()
            await until(aio, lambda: ("made", "", client.getsockname()) in events)
        await until(aio, lambda: [event[0] for event in events].count("lost") >= 1)
        server.close()

    run(main)


@pytest.mark.only("aioxide")
def test_no_task_goes_on_that_nobody_has_got_hold_of(aio, run):
    async def main():
        tasks = []

        class Counter(asyncio.Protocol):
            def connection_made(self, transport):
                tasks.append(len(aio.all_tasks()))
                transport.close()

        server, address = await serve(aio, Counter)
        with connect(address):
            await until(aio, lambda: tasks)
        server.close()
        return tasks

    assert run(main) == [1]


def test_nothing_is_left_of_a_thousand_connections(aio, run):
    async def main():
        async def connections(count):
            for _ in range(count):
                connect(address).close()
                await aio.sleep(0)
            await until(aio, lambda: made == lost)

        made = lost = 0

        class Protocol(asyncio.Protocol):
            def connection_made(self, transport):
                nonlocal made
                made += 1

            def connection_lost(self, exc):
                nonlocal lost
                lost += 1

        server, address = await serve(aio, Protocol)
        await connections(50)
        await aio.sleep(0.05)
        gc.collect()
        objects, descriptors = len(gc.get_objects()), len(os.listdir("/proc/self/fd"))
        await connections(1000)
        await aio.sleep(0.05)
        gc.collect()
        assert made == lost == 1050
        assert len(gc.get_objects()) - objects < 60
        assert len(os.listdir("/proc/self/fd")) == descriptors
        server.close()

    run(main)


@pytest.mark.skipif(sys.version_info < (3, 15), reason="the context is the server's since 3.15")
def test_a_server_has_the_context_in_which_it_was_made(aio, run):
    variable = contextvars.ContextVar("variable", default="unset")

    async def main():
        seen = []

        class Protocol(asyncio.Protocol):
            def connection_made(self, transport):
                seen.append(variable.get())
                transport.close()

        variable.set("when it was made")
        server, address = await serve(aio, Protocol, start_serving=False)
        variable.set("when it was started")
        await server.start_serving()
        with connect(address) as client:
            await until(aio, lambda: seen)
            assert client.recv(1) == b""
        server.close()
        return seen

    assert run(main) == ["when it was made"]


async def accept_one(aio, look):
    """A server whose factory calls `look`, and one connection; gives what happened to it."""
    events = []

    def factory():
        look(events)
        return Recorder(events)

    server, address = await serve(aio, factory)
    client = connect(address)
    client.settimeout(20)
    try:
        await until(aio, lambda: any(event[0] in ("made", "failed") for event in events))
        for _ in range(3):
            await aio.sleep(0)
    finally:
        client.close()
        server.close()
    await until(aio, lambda: events[-1][0] in ("lost", "failed"))
    return events


def test_a_factory_runs_in_a_task(aio, run):
    async def main():
        def look(events):
            task = aio.current_task()
            assert task is asyncio.current_task()
            assert task in asyncio.all_tasks()
            assert task is not main_task
            assert aio.iscoroutine(task.get_coro())
            assert task.get_name().startswith("Task-")
            assert "pending" in repr(task)
            events.append(("name", task.get_name()))

        main_task = aio.current_task()
        first = await accept_one(aio, look)
        second = await accept_one(aio, look)
        assert first[0] != second[0]
        assert [event[0] for event in first] == ["name", "made", "lost"]
        assert asyncio.all_tasks() == {main_task}
        assert aio.current_task() is main_task

    run(main)


def test_no_task_runs_when_the_connection_is_made(aio, run):
    async def main():
        seen = []

        class Looker(asyncio.Protocol):
            def connection_made(self, transport):
                seen.append(aio.current_task())
                transport.close()

        server, address = await serve(aio, Looker)
        with connect(address):
            await until(aio, lambda: seen)
        server.close()
        assert seen == [None]

    run(main)


def test_the_task_of_a_factory_is_done_when_the_connection_is_made(aio, run):
    async def main():
        tasks = []

        def look(events):
            task = aio.current_task()
            task.set_name("accepting")
            task.add_done_callback(lambda task: events.append(("done", task.result())))
            tasks.append(task)

        events = await accept_one(aio, look)
        assert [event[0] for event in events] == ["made", "done", "lost"]
        assert events[1] == ("done", None)
        (task,) = tasks
        assert task.get_name() == "accepting"
        assert task.done()

    run(main)


def test_a_done_callback_is_enough_for_the_task_to_go_on(aio, run):
    async def main():
        def look(events):
            aio.current_task().add_done_callback(lambda task: events.append(("done",)))

        events = await accept_one(aio, look)
        assert ("done",) in events

    run(main)


def test_a_factory_that_cancels_its_task_gets_no_connection(aio, run):
    async def main():
        tasks = []

        def look(events):
            tasks.append(aio.current_task())
            tasks[0].cancel()

        events = await accept_one(aio, look)
        assert [event[0] for event in events] == ["made", "lost"]
        assert not tasks[0].cancelled()
        assert tasks[0].result() is None

    run(main)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_task_of_a_factory_that_raises_ends_well(aio, run):
    async def main():
        tasks = []

        def look(events):
            tasks.append(aio.current_task())
            events.append(("failed",))
            raise ValueError("no protocol")

        assert await accept_one(aio, look) == [("failed",)]
        await until(aio, lambda: tasks[0].done())
        assert tasks[0].result() is None

    run(main)


def test_the_task_of_a_factory_has_the_context_of_the_connection(aio, run):
    number = contextvars.ContextVar("number", default=0)

    async def main():
        contexts = []

        def look(events):
            number.set(number.get() + 1)
            events.append(("number", number.get()))
            if sys.version_info >= (3, 12):
                contexts.append(aio.current_task().get_context())

        for _ in range(2):
            events = await accept_one(aio, look)
            assert events[0] == ("number", 1)
        assert [context[number] for context in contexts] == [1] * len(contexts)

    run(main)


def test_a_factory_whose_task_nobody_holds_leaves_nothing(aio, run):
    async def main():
        references = []

        def look(events):
            references.append(weakref.ref(aio.current_task()))

        for _ in range(3):
            await accept_one(aio, look)
        await until(aio, lambda: gc.collect() >= 0 and not any(ref() for ref in references))
        assert len(references) == 3

    run(main)
