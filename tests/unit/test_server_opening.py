"""`create_server`: which sockets it opens, whom it calls on the way, and what it refuses."""

import asyncio
import errno
import gc
import inspect
import logging
import socket
import sys
import warnings
from unittest import mock

import pytest

from toolkit import open_descriptors, settle

NO_IPV6 = not socket.has_ipv6


class Quiet(asyncio.Protocol):
    pass


class Sockets:
    """Stands for the `socket` module that asyncio sees, and notes what is done to sockets."""

    def __init__(self, refuse=()):
        self.calls = []
        self.refuse = dict(refuse)

    def __getattr__(self, name):
        return getattr(socket, name)

    def socket(self, *args):
        outer = self

        class Noting(socket.socket):
            def setsockopt(self, *args):
                outer.note("setsockopt", args)
                super().setsockopt(*args)

            def bind(self, address):
                outer.note("bind", address)
                super().bind(address)

            def listen(self, backlog):
                outer.note("listen", backlog)
                super().listen(backlog)

            def close(self):
                outer.note("close", self.fileno() >= 0)
                super().close()

        self.note("socket", args)
        return Noting(*args)

    def note(self, name, args):
        self.calls.append((name, args))
        if name in self.refuse:
            raise self.refuse[name]


def found(host, port, family=socket.AF_INET):
    return (family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, port))


def answer(loop, *infos):
    """Have the loop find these addresses, whatever is asked; return the list of what is asked."""
    asked = []

    async def getaddrinfo(*args, **kwargs):
        asked.append((args, kwargs))
        return list(infos)

    loop.getaddrinfo = getaddrinfo
    return asked


@pytest.mark.parametrize("host", ["127.0.0.1", b"127.0.0.1", "localhost", ["127.0.0.1"], ""])
def test_it_listens_at_a_host_however_it_is_written(aio, run, host):
    async def main():
        loop = aio.get_running_loop()
        # Of bytes asyncio takes each byte for a host.
        if isinstance(host, bytes):
            with pytest.raises((TypeError, OSError)):
                await loop.create_server(Quiet, host, 0, family=socket.AF_INET)
            return
        for port in (0, "0"):
            server = await loop.create_server(Quiet, host, port, family=socket.AF_INET)
            [sock] = server.sockets
            socket.create_connection(("127.0.0.1", sock.getsockname()[1])).close()
            server.close()
        await settle(aio)

    run(main)


def test_each_address_of_several_hosts_gets_one_socket(aio, run):
    async def main():
        loop = aio.get_running_loop()
        hosts = ["127.0.0.1", "127.0.0.2", "127.0.0.1", "localhost"]
        server = await loop.create_server(Quiet, iter(hosts), 0, family=socket.AF_INET)
        places = sorted(sock.getsockname()[0] for sock in server.sockets)
        server.close()
        return places

    assert run(main) == ["127.0.0.1", "127.0.0.2"]


@pytest.mark.only("aioxide")
def test_sockets_stand_in_the_order_of_their_hosts(aio, run):
    async def main():
        loop = aio.get_running_loop()
        hosts = [f"127.0.0.{number}" for number in (3, 1, 2, 3)]
        server = await loop.create_server(Quiet, hosts, 0)
        places = [sock.getsockname()[0] for sock in server.sockets]
        server.close()
        return places

    assert run(main) == ["127.0.0.3", "127.0.0.1", "127.0.0.2"]


@pytest.mark.only("aioxide")
def test_digits_make_no_task(aio, run):
    async def main():
        loop, tasks = aio.get_running_loop(), []

        def factory(loop, coroutine, **options):
            tasks.append(coroutine)
            return asyncio.Task(coroutine, loop=loop, **options)

        loop.set_task_factory(factory)
        server = await loop.create_server(Quiet, ["127.0.0.1", "127.0.0.2"], 0)
        assert tasks == []
        server.close()
        (await loop.create_server(Quiet, "localhost", 0, family=socket.AF_INET)).close()
        assert [coroutine.__qualname__ for coroutine in tasks] == [
            "BaseEventLoop._create_server_getaddrinfo"
        ]

    run(main)


def test_no_host_means_every_interface(aio, run):
    async def main():
        loop = aio.get_running_loop()
        asked = answer(loop, found("127.0.0.1", 0))
        for host in (None, ""):
            (await loop.create_server(Quiet, host, 0)).close()
        return asked

    expected = {"family": socket.AF_UNSPEC, "type": socket.SOCK_STREAM, "proto": 0}
    expected["flags"] = socket.AI_PASSIVE
    assert run(main) == [((None, 0), expected)] * 2


def test_every_host_is_looked_up_at_the_same_time(aio, run):
    async def main():
        loop, asked = aio.get_running_loop(), []
        all_asked = loop.create_future()

        async def getaddrinfo(host, port, **options):
            asked.append((host, port))
            if len(asked) == 3:
                all_asked.set_result(None)
            await all_asked
            return [found("127.0.0.1", port)]

        loop.getaddrinfo = getaddrinfo
        server = await loop.create_server(Quiet, ("a", "b", "c"), 0)
        assert len(server.sockets) == 1
        server.close()
        return asked

    assert run(main) == [("a", 0), ("b", 0), ("c", 0)]


def test_methods_of_the_loop_that_were_replaced_are_called(aio, run):
    async def main():
        loop, calls = aio.get_running_loop(), []

        async def addresses(host, port, family, flags):
            calls.append(("addresses", host, port, family, flags))
            return [found("127.0.0.1", 0)]

        def start_serving(*args, **kwargs):
            calls.append(("start", len(args), sorted(kwargs)))

        loop._create_server_getaddrinfo = addresses
        loop._start_serving = start_serving
        loop._stop_serving = lambda sock: (calls.append(("stop", sock.fileno() >= 0)), sock.close())
        server = await loop.create_server(Quiet, ["127.0.0.9"], 5, family=socket.AF_INET, flags=0)
        server.close()
        return calls

    keywords = ["context"] if sys.version_info >= (3, 15) else []
    assert run(main) == [
        ("addresses", "127.0.0.9", 5, socket.AF_INET, 0),
        ("start", 7, keywords),
        ("stop", True),
    ]


def test_a_subclass_is_asked_for_addresses(aio, run):
    async def main():
        loop = aio.get_running_loop()
        [info] = await loop._create_server_getaddrinfo("127.0.0.1", 5, 0, 0)
        assert info[4] == ("127.0.0.1", 5)
        answer(loop)
        with pytest.raises(OSError, match=r"^getaddrinfo\('nobody'\) returned empty list$"):
            await loop._create_server_getaddrinfo("nobody", 5, family=0, flags=0)
        with pytest.raises(OSError, match=r"^getaddrinfo\('nobody'\) returned empty list$"):
            await loop.create_server(Quiet, "nobody", 5)
        loop._ensure_resolved = mock.Mock(side_effect=LookupError("asked"))
        with pytest.raises(LookupError, match="asked"):
            await loop.create_server(Quiet, "127.0.0.1", 5)

    run(main)


def test_sockets_are_set_up_in_order(aio, run, monkeypatch):
    sockets = Sockets()
    keeps = {"keep_alive": True} if sys.version_info >= (3, 13) else {}

    async def main():
        loop = aio.get_running_loop()
        options = {"reuse_port": True, "backlog": 7, "start_serving": False} | keeps
        monkeypatch.setattr(asyncio.base_events, "socket", sockets)
        server = await loop.create_server(Quiet, "127.0.0.1", 0, **options)
        sock = server.sockets[0]
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT)
        assert bool(sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)) == bool(keeps)
        assert sock.gettimeout() == 0
        assert not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        await server.start_serving()
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        server.close()

    run(main)
    level = socket.SOL_SOCKET
    alive = [("setsockopt", (level, socket.SO_KEEPALIVE, True))] if keeps else []
    assert sockets.calls == [
        ("socket", (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)),
        ("setsockopt", (level, socket.SO_REUSEADDR, True)),
        ("setsockopt", (level, socket.SO_REUSEPORT, 1)),
        *alive,
        ("bind", ("127.0.0.1", 0)),
        ("listen", 7),
        ("close", True),
    ]


@pytest.mark.skipif(NO_IPV6, reason="no IPv6 here")
def test_ipv6_sockets_listen_for_ipv6_alone(aio, run):
    async def main():
        loop = aio.get_running_loop()
        try:
            server = await loop.create_server(Quiet, "::1", 0, reuse_address=False)
        except OSError as error:
            pytest.skip(f"no IPv6 on this machine: {error}")
        [sock] = server.sockets
        assert sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
        assert not sock.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)
        server.close()

    run(main)


@pytest.mark.parametrize("option", ["reuse_address", "reuse_port"])
@pytest.mark.parametrize("value", [None, False, 0, True, "yes"])
def test_options_are_true_or_false(aio, run, option, value):
    numbers = {"reuse_address": socket.SO_REUSEADDR, "reuse_port": socket.SO_REUSEPORT}

    async def main():
        loop = aio.get_running_loop()
        server = await loop.create_server(Quiet, "127.0.0.1", 0, **{option: value})
        found = server.sockets[0].getsockopt(socket.SOL_SOCKET, numbers[option])
        server.close()
        return bool(found)

    default = option == "reuse_address"
    assert run(main) == (default if value is None else bool(value))


def test_a_given_socket_serves_as_it_is(aio, run):
    async def main():
        loop = aio.get_running_loop()
        own = socket.socket()
        own.bind(("127.0.0.1", 0))
        server = await loop.create_server(Quiet, sock=own, backlog=3)
        assert server._sockets == [own]
        assert own.gettimeout() == 0
        socket.create_connection(own.getsockname()).close()
        server.close()
        assert own.fileno() == -1

    run(main)


def test_without_a_start_nobody_is_accepted(aio, run):
    async def main():
        loop = aio.get_running_loop()
        server = await loop.create_server(Quiet, "127.0.0.1", 0, start_serving=False)
        assert not server.is_serving()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(server.sockets[0].getsockname())
        await server.start_serving()
        assert server.is_serving()
        socket.create_connection(server.sockets[0].getsockname()).close()
        server.close()

    run(main)


def test_one_turn_passes_before_it_returns(aio, run):
    async def main():
        loop, events = aio.get_running_loop(), []
        for start in (True, False):
            loop.call_soon(events.append, f"a turn, {start}")
            server = await loop.create_server(Quiet, sock=socket.socket(), start_serving=start)
            events.append(f"returned, {start}")
            server.close()
        await settle(aio)
        return events

    expected = ["a turn, True", "returned, True", "returned, False", "a turn, False"]
    assert run(main) == expected


REFUSED = [
    ({}, ValueError, "^Neither host/port nor sock were specified$"),
    ({"port": 0, "sock": object()}, ValueError, "^host/port and sock can not be specified"),
    ({"host": "", "sock": object()}, ValueError, "^host/port and sock can not be specified"),
    ({"host": "h", "ssl": True}, TypeError, "^ssl argument must be an SSLContext or None$"),
    ({"host": "h", "ssl": False}, TypeError, "^ssl argument must be an SSLContext or None$"),
    (
        {"host": "h", "ssl_handshake_timeout": 1, "ssl_shutdown_timeout": 1},
        ValueError,
        "^ssl_handshake_timeout is only meaningful with ssl$",
    ),
    (
        {"host": "h", "ssl_shutdown_timeout": 0},
        ValueError,
        "^ssl_shutdown_timeout is only meaningful with ssl$",
    ),
    ({"sock": "socket"}, AttributeError, "'str' object has no attribute 'type'"),
    ({"host": 5, "port": 5}, (TypeError, OSError), None),
    ({"host": ["127.0.0.1", 5], "port": 5}, (TypeError, OSError), None),
    ({"host": "127.0.0.1", "port": "no-such-service"}, OSError, None),
    ({"host": "127.0.0.1", "port": 0, "backlog": "b"}, TypeError, "str"),
    ({"host": "127.0.0.1", "port": 0, "backlog": None}, TypeError, "NoneType"),
    ({"host": "127.0.0.1", "port": 0, "family": "inet"}, (TypeError, OSError), None),
]


@pytest.mark.parametrize(("arguments", "kind", "text"), REFUSED)
def test_arguments_that_are_refused(aio, run, arguments, kind, text):
    async def main():
        loop = aio.get_running_loop()
        with pytest.raises(kind, match=text):
            await loop.create_server(Quiet, **arguments)

    with warnings.catch_warnings():
        # A socket that was bound before it was told to listen is left to the collector.
        warnings.simplefilter("ignore", ResourceWarning)
        before = open_descriptors()
        run(main)
        gc.collect()
        assert open_descriptors() <= before


def test_a_datagram_socket_is_refused(aio, run):
    async def main():
        with socket.socket(type=socket.SOCK_DGRAM) as sock:
            with pytest.raises(ValueError, match=r"^A Stream Socket was expected, got <socket"):
                await aio.get_running_loop().create_server(Quiet, sock=sock)
            assert sock.fileno() >= 0

    run(main)


def test_names_and_defaults_of_its_parameters(aio, loop):
    theirs = inspect.signature(asyncio.BaseEventLoop.create_server).parameters
    ours = inspect.signature(loop.create_server).parameters
    assert [*ours] == [*theirs][1:]
    for name, parameter in ours.items():
        assert parameter.kind == theirs[name].kind
        assert parameter.default == theirs[name].default
    with pytest.raises(TypeError):
        loop.create_server()
    with pytest.raises(TypeError):
        loop.create_server(Quiet, "h", 1, 2)
    with pytest.raises(TypeError):
        loop.create_server(Quiet, surplus=1)


def test_an_address_in_use_closes_what_was_bound_before(aio, run):
    async def main():
        loop = aio.get_running_loop()
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            before = open_descriptors()
            for hosts in (["127.0.0.1"], ["127.0.0.2", "127.0.0.3", "127.0.0.1"]):
                with pytest.raises(OSError, match="error while attempting to bind") as caught:
                    await loop.create_server(Quiet, hosts, port)
                assert caught.value.errno == errno.EADDRINUSE
                assert repr(("127.0.0.1", port)) in str(caught.value)
                assert str(caught.value).endswith("address already in use")
                assert caught.value.__suppress_context__
                assert isinstance(caught.value.__context__, OSError)
            assert open_descriptors() <= before
        server = await loop.create_server(Quiet, "127.0.0.2", port)
        server.close()

    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        run(main)


def knows_missing_addresses():
    """Whether this patch of asyncio passes over addresses that the machine has not got."""
    return "EADDRNOTAVAIL" in asyncio.base_events.BaseEventLoop.create_server.__code__.co_names


@pytest.mark.parametrize("debug", [False, True])
def test_an_address_that_the_machine_has_not_got(aio, run, caplog, debug):
    async def main():
        loop = aio.get_running_loop()
        before = open_descriptors()
        if not knows_missing_addresses():
            with pytest.raises(OSError, match="error while attempting to bind") as caught:
                await loop.create_server(Quiet, ["127.0.0.1", "192.0.2.1"], 0)
            assert caught.value.errno == errno.EADDRNOTAVAIL
            assert open_descriptors() <= before
            return
        server = await loop.create_server(Quiet, ["192.0.2.1", "127.0.0.1"], 0)
        assert [sock.getsockname()[0] for sock in server.sockets] == ["127.0.0.1"]
        server.close()
        with pytest.raises(OSError) as caught:
            await loop.create_server(Quiet, "192.0.2.1", 0)
        text = "could not bind on any address out of [('192.0.2.1', 0)]"
        assert caught.value.args == (text,)
        assert open_descriptors() <= before

    with caplog.at_level(logging.WARNING, logger="asyncio"):
        run(main, debug=debug)
    said = [record.getMessage() for record in caplog.records if "bind" in record.getMessage()]
    expected = "error while attempting to bind on address ('192.0.2.1', 0): "
    assert all(text.startswith(expected) for text in said)
    assert len(said) == (2 if debug and knows_missing_addresses() else 0)


@pytest.mark.parametrize("debug", [False, True])
def test_numbers_that_make_no_socket_are_passed_over(aio, run, caplog, debug):
    async def main():
        loop = aio.get_running_loop()
        wrong = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_UDP, "", ("127.0.0.1", 0))
        answer(loop, wrong, found("127.0.0.1", 0))
        server = await loop.create_server(Quiet, "name", 0)
        assert len(server.sockets) == 1
        server.close()
        answer(loop, wrong)
        if knows_missing_addresses():
            with pytest.raises(OSError, match=r"^could not bind on any address out of"):
                await loop.create_server(Quiet, "name", 0)
        else:
            server = await loop.create_server(Quiet, "name", 0)
            assert server.sockets == ()
            server.close()

    with caplog.at_level(logging.WARNING, logger="asyncio"):
        run(main, debug=debug)
    said = [record for record in caplog.records if "socket.socket" in record.getMessage()]
    assert len(said) == (2 if debug else 0)
    for record in said:
        assert record.getMessage().startswith("create_server() failed to create socket.socket(")
        assert isinstance(record.exc_info[1], OSError)


@pytest.mark.parametrize("step", ["setsockopt", "bind", "listen"])
@pytest.mark.parametrize("error", [OSError(5, "Broken"), MemoryError(), KeyboardInterrupt()])
def test_what_goes_wrong_with_a_socket(aio, run, monkeypatch, step, error):
    sockets = Sockets({step: error})

    async def main():
        loop = aio.get_running_loop()
        monkeypatch.setattr(asyncio.base_events, "socket", sockets)
        try:
            await loop.create_server(Quiet, "127.0.0.1", 0)
        except BaseException as caught:
            return type(caught), caught.args
        finally:
            monkeypatch.undo()

    kind, args = run(main)
    if (step, type(error)) == ("bind", OSError):
        shows_all = "strerror" not in asyncio.BaseEventLoop.create_server.__code__.co_names
        shown = "[errno 5] broken" if shows_all else "broken"
        text = f"error while attempting to bind on address ('127.0.0.1', 0): {shown}"
        assert (kind, args) == (OSError, (5, text))
    else:
        assert (kind, args) == (type(error), error.args)
    # One that was bound but can't listen is left to whoever looks at the server.
    assert (("close", True) in sockets.calls) == (step != "listen")


def test_a_port_that_can_t_be_shared(aio, run, monkeypatch):
    class Without(Sockets):
        def __getattr__(self, name):
            if name == "SO_REUSEPORT":
                raise AttributeError(name)
            return super().__getattr__(name)

    async def main():
        loop = aio.get_running_loop()
        for sockets, text in (
            (Without(), "reuse_port not supported by socket module"),
            (
                Sockets({"setsockopt": OSError(92, "Protocol not available")}),
                "reuse_port not supported by socket module, "
                "SO_REUSEPORT defined but not implemented.",
            ),
        ):
            monkeypatch.setattr(asyncio.base_events, "socket", sockets)
            with pytest.raises(ValueError) as caught:
                await loop.create_server(
                    Quiet, "127.0.0.1", 0, reuse_port=True, reuse_address=False
                )
            assert caught.value.args == (text,)
            assert sockets.calls[-1] == ("close", True)
            monkeypatch.undo()

    run(main)


def test_addresses_of_a_wrong_shape(aio, run):
    async def main():
        loop = aio.get_running_loop()
        shapes = ((), (1, 2, 3), (1, 2, 3, 4, 5, 6))
        for info in shapes:
            answer(loop, info)
            with pytest.raises(ValueError, match="to unpack"):
                await loop.create_server(Quiet, "name", 0)
        answer(loop, [1, 2])
        with pytest.raises(TypeError, match="unhashable type: 'list'"):
            await loop.create_server(Quiet, "name", 0)
        answer(loop, 5)
        with pytest.raises(TypeError, match="int"):
            await loop.create_server(Quiet, "name", 0)

    run(main)


def test_hosts_that_fail_while_they_are_told(aio, run):
    def hosts():
        raise LookupError("no more")
        yield "127.0.0.1"

    async def main():
        with pytest.raises(LookupError, match="no more"):
            await aio.get_running_loop().create_server(Quiet, hosts(), 0)
        if knows_missing_addresses():
            with pytest.raises(OSError, match=r"^could not bind on any address out of \[\]$"):
                await aio.get_running_loop().create_server(Quiet, [], 0)
        else:
            server = await aio.get_running_loop().create_server(Quiet, [], 0)
            assert server.sockets == ()
            server.close()

    run(main)


@pytest.mark.parametrize("end", ["cancel", "close"])
def test_ended_while_it_looks_up_it_leaves_nothing(aio, run, end):
    async def main():
        loop, ended = aio.get_running_loop(), []

        async def getaddrinfo(host, port, **options):
            try:
                await loop.create_future()
            finally:
                ended.append(host)

        loop.getaddrinfo = getaddrinfo
        before = open_descriptors()
        creating = loop.create_server(Quiet, ["a", "b"], 0)
        if end == "cancel":
            task = aio.ensure_future(creating)
            await settle(aio)
            assert not task.done()
            task.cancel("enough")
            with pytest.raises(aio.CancelledError):
                await task
        else:
            future = creating.send(None)
            assert creating.cr_await is not None
            await settle(aio)
            creating.close()
            future.cancel()
            await aio.wait([future])
            assert isinstance(future.exception(), aio.CancelledError)
        await settle(aio)
        assert sorted(ended) == ["a", "b"]
        assert open_descriptors() <= before

    run(main)


@pytest.mark.only("aioxide")
@pytest.mark.parametrize("end", ["cancel", "close", "drop"])
def test_ended_in_its_last_turn_it_closes_what_it_has_made(aio, run, end):
    async def main():
        loop = aio.get_running_loop()
        before = open_descriptors()
        creating = loop.create_server(Quiet, ["127.0.0.1", "127.0.0.2"], 0)
        if end == "cancel":
            task = aio.ensure_future(creating)
            await aio.sleep(0)
            assert len(open_descriptors() - before) == 2
            task.cancel("enough")
            with pytest.raises(aio.CancelledError):
                await task
        else:
            assert creating.send(None) is None
            assert len(open_descriptors() - before) == 2
            if end == "close":
                creating.close()
            del creating
        await settle(aio)
        assert open_descriptors() <= before

    run(main)


def test_cancelled_in_its_last_turn_a_given_socket_goes_on_listening(aio, run):
    async def main():
        loop, sock = aio.get_running_loop(), socket.socket()
        sock.bind(("127.0.0.1", 0))
        creating = loop.create_server(Quiet, sock=sock)
        task = aio.ensure_future(creating)
        await aio.sleep(0)
        task.cancel()
        with pytest.raises(aio.CancelledError):
            await task
        client = socket.create_connection(sock.getsockname())
        await settle(aio)
        client.close()
        loop._stop_serving(sock)
        await settle(aio)

    run(main)


def test_a_debugging_loop_tells_of_it(aio, run, caplog):
    async def main():
        loop = aio.get_running_loop()
        server = await loop.create_server(Quiet, "127.0.0.1", 0)
        shown = repr(server)
        server.close()
        return shown

    with caplog.at_level(logging.INFO, logger="asyncio"):
        shown = run(main, debug=True)
    assert f"{shown} is serving" in caplog.text


def test_the_class_in_the_place_of_server_is_made(aio, run, monkeypatch):
    made = []

    class Own(asyncio.base_events.Server):
        def __init__(self, *args):
            made.append(args[1:])
            super().__init__(*args)

    async def main():
        monkeypatch.setattr(asyncio.base_events, "Server", Own)
        loop = aio.get_running_loop()
        server = await loop.create_server(Quiet, "127.0.0.1", 0, backlog=9)
        assert type(server) is Own
        client = socket.create_connection(server.sockets[0].getsockname())
        await settle(aio)
        server.close()
        client.close()
        await server.wait_closed()

    run(main)
    [(sockets, factory, tls, backlog, handshake, shutdown)] = made
    assert (len(sockets), factory, tls, backlog) == (1, Quiet, None, 9)
    assert handshake is shutdown is None


def test_files_are_counted_back_to_where_they_were(aio, run):
    async def main():
        loop = aio.get_running_loop()

        async def once(number):
            server = await loop.create_server(Quiet, ["127.0.0.1", "127.0.0.2"], 0)
            if number % 2:
                await server.start_serving()
            server.close()
            await server.wait_closed()

        await once(0)
        before = open_descriptors()
        for number in range(50):
            await once(number)
        assert open_descriptors() <= before

    run(main)
