"""The operations on a program's own sockets: what they return and refuse, in which words."""

import array
import asyncio
import contextlib
import gc
import inspect
import socket
import ssl
import warnings

import pytest

from toolkit import stream_pair, watched


@contextlib.contextmanager
def udp_pair(family=socket.AF_INET, host="127.0.0.1"):
    """Two UDP sockets, bound and not connected, neither of which blocks."""
    with (
        socket.socket(family, socket.SOCK_DGRAM) as one,
        socket.socket(family, socket.SOCK_DGRAM) as other,
    ):
        for one_of_them in (one, other):
            one_of_them.bind((host, 0))
            one_of_them.setblocking(False)
        yield one, other


@contextlib.contextmanager
def listener(family=socket.AF_INET, host="127.0.0.1"):
    with socket.socket(family) as listening:
        listening.bind((host, 0))
        listening.listen()
        listening.setblocking(False)
        yield listening


def new_socket(family=socket.AF_INET):
    fresh = socket.socket(family)
    fresh.setblocking(False)
    return fresh


has_ipv6 = pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")


class Talkative(socket.socket):
    """A socket whose methods count their calls."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.calls = []

    def recv(self, *args):
        self.calls.append("recv")
        return super().recv(*args)

    def send(self, *args):
        self.calls.append("send")
        return super().send(*args)


@pytest.mark.parametrize("size", [1, 100, 16 * 1024, 16 * 1024 + 1, 1 << 20])
def test_recv_returns_what_is_there_at_once(aio, run, size):
    async def main():
        loop = aio.get_running_loop()
        with stream_pair() as (one, other):
            other.send(b"some bytes")
            turns = []
            loop.call_soon(turns.append, 1)
            data = await loop.sock_recv(one, size)
            assert turns == [], "it did not have to wait"
            return type(data), data

    assert run(main) == (bytes, b"some bytes"[:size])


@pytest.mark.parametrize("size", [10, 1 << 20])
def test_recv_waits_for_data_and_then_for_the_end(aio, run, size):
    async def main():
        loop = aio.get_running_loop()
        with stream_pair() as (one, other):
            loop.call_later(0.01, other.send, b"late")
            first = await loop.sock_recv(one, size)
            loop.call_later(0.01, other.shutdown, socket.SHUT_WR)
            second = await loop.sock_recv(one, size)
            assert watched(loop) == set()
            return first, second, await loop.sock_recv(one, 0)

    assert run(main) == (b"late", b"", b"")


def test_recv_of_nothing_does_not_wait(aio, run):
    async def main():
        with stream_pair() as (one, _other):
            return await aio.get_running_loop().sock_recv(one, 0)

    assert run(main) == b""


@pytest.mark.parametrize(
    "make", [bytearray, lambda n: memoryview(bytearray(n)), lambda n: array.array("i", [0] * n)]
)
def test_recv_into_fills_any_writable_buffer(aio, run, make):
    async def main():
        loop = aio.get_running_loop()
        with stream_pair() as (one, other):
            buffer = make(8)
            loop.call_later(0.01, other.send, b"abcd")
            count = await loop.sock_recv_into(one, buffer)
            return count, bytes(memoryview(buffer).cast("B")[:4])

    assert run(main) == (4, b"abcd")


def test_a_buffer_is_not_held_while_recv_into_waits(aio, run):
    async def main():
        loop = aio.get_running_loop()
        with stream_pair() as (one, other):
            buffer = bytearray(2)
            receiving = aio.ensure_future(loop.sock_recv_into(one, buffer))
            await aio.sleep(0)
            buffer.extend(b"more room")
            other.send(b"0123456789")
            return await receiving, bytes(buffer)

    assert run(main) == (10, b"0123456789m"[:10] + b"m")


@pytest.mark.parametrize(
    ("family", "host"),
    [(socket.AF_INET, "127.0.0.1"), pytest.param(socket.AF_INET6, "::1", marks=has_ipv6)],
)
def test_datagrams_come_with_the_address_that_the_socket_module_gives(aio, run, family, host):
    async def main():
        loop = aio.get_running_loop()
        with udp_pair(family, host) as (one, other):
            assert await loop.sock_sendto(one, b"first", other.getsockname()) == 5
            data, address = await loop.sock_recvfrom(other, 100)
            assert (data, address) == (b"first", one.getsockname())

            receiving = aio.ensure_future(loop.sock_recvfrom(other, 3))
            await aio.sleep(0)
            await loop.sock_sendto(one, bytearray(b"second"), other.getsockname())
            assert await receiving == (b"sec", one.getsockname())

            buffer = bytearray(10)
            await loop.sock_sendto(one, memoryview(b"third"), other.getsockname())
            assert await loop.sock_recvfrom_into(other, buffer) == (5, one.getsockname())
            await loop.sock_sendto(one, b"", other.getsockname())
            assert await loop.sock_recvfrom_into(other, buffer, 4) == (0, one.getsockname())
            return bytes(buffer)

    assert run(main) == b"third\0\0\0\0\0"


def test_a_large_datagram_comes_whole(aio, run):
    async def main():
        loop = aio.get_running_loop()
        with udp_pair() as (one, other):
            data = bytes(range(256)) * 200
            await loop.sock_sendto(one, data, other.getsockname())
            return await loop.sock_recvfrom(other, 65536) == (data, one.getsockname())

    assert run(main)


def test_unix_datagrams_know_paths_abstract_names_and_nobody(aio, run, tmp_path):
    async def main():
        loop = aio.get_running_loop()
        received = []
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
            receiver.bind(str(tmp_path / "receiver"))
            receiver.setblocking(False)
            for name in (
                "",
                str(tmp_path / "sender"),
                str(tmp_path / "s\udcff"),
                b"\0aioxide test sender",
            ):
                with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                    if name:
                        sender.bind(name)
                    sender.setblocking(False)
                    await loop.sock_sendto(sender, b"x", receiver.getsockname())
                    received.append((await loop.sock_recvfrom(receiver, 10))[1] == (name or None))
        return received

    assert run(main) == [True] * 4


def test_a_stream_names_nobody_as_the_sender(aio, run):
    async def main():
        loop = aio.get_running_loop()
        with listener() as listening, new_socket() as client:
            await loop.sock_connect(client, listening.getsockname())
            connection, _ = await loop.sock_accept(listening)
            with connection:
                await loop.sock_sendall(client, b"x")
                return await loop.sock_recvfrom(connection, 10)

    assert run(main) == (b"x", None)


@pytest.mark.parametrize(
    "make",
    [
        bytes,
        bytearray,
        lambda data: memoryview(data),
        lambda data: memoryview(bytearray(data))[::1],
    ],
)
def test_sendall_sends_all(aio, run, make):
    async def main():
        loop = aio.get_running_loop()
        with stream_pair() as (one, other):
            data = bytes(range(256)) * 8192
            sending = aio.ensure_future(loop.sock_sendall(one, make(data)))
            received = bytearray()
            while len(received) < len(data):
                received += await loop.sock_recv(other, 100_000)
            assert await sending is None
            assert watched(loop) == set()
            return received == data

    assert run(main)


def test_sendall_keeps_the_size_of_a_bytearray_while_it_waits(aio, run):
    async def main():
        loop = aio.get_running_loop()
        with stream_pair() as (one, other):
            data = bytearray(1 << 22)
            sending = aio.ensure_future(loop.sock_sendall(one, data))
            await aio.sleep(0)
            with pytest.raises(BufferError):
                data.append(1)
            while not sending.done():
                await loop.sock_recv(other, 1 << 20)
            await sending
            del sending
            data.append(1)

    run(main)


def test_sendall_of_nothing_is_a_datagram_on_a_datagram_socket(aio, run):
    async def main():
        loop = aio.get_running_loop()
        one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        with one, other:
            one.setblocking(False)
            other.setblocking(False)
            await loop.sock_sendall(one, b"")
            return await aio.wait_for(loop.sock_recv(other, 10), 10)

    assert run(main) == b""


@pytest.mark.parametrize(
    ("family", "host"),
    [(socket.AF_INET, "127.0.0.1"), pytest.param(socket.AF_INET6, "::1", marks=has_ipv6)],
)
def test_accept_gives_a_socket_that_does_not_block_and_its_peer(aio, run, family, host):
    async def main():
        loop = aio.get_running_loop()
        with listener(family, host) as listening, new_socket(family) as client:
            accepting = aio.ensure_future(loop.sock_accept(listening))
            await aio.sleep(0)
            assert await loop.sock_connect(client, listening.getsockname()) is None
            connection, peer = await accepting
            with connection:
                assert type(connection) is socket.socket
                assert (connection.family, connection.type) == (family, socket.SOCK_STREAM)
                assert connection.gettimeout() == 0
                assert not connection.getblocking() and not connection.get_inheritable()
                assert peer == client.getsockname() == connection.getpeername()
                assert watched(loop) == set()

    run(main)


def test_unix_sockets_connect_and_accept(aio, run, tmp_path):
    async def main():
        loop = aio.get_running_loop()
        for name in (str(tmp_path / "listener"), b"\0aioxide test listener"):
            with socket.socket(socket.AF_UNIX) as listening, new_socket(socket.AF_UNIX) as client:
                listening.bind(name)
                listening.listen()
                listening.setblocking(False)
                await loop.sock_connect(client, name)
                connection, peer = await loop.sock_accept(listening)
                connection.close()
                assert peer == ""

    run(main)


def test_connect_resolves_names_through_the_loop(aio, run):
    async def main():
        loop = aio.get_running_loop()
        with listener() as listening, new_socket() as client:
            port = listening.getsockname()[1]
            asked = []

            async def getaddrinfo(*args, **kwargs):
                asked.append((args, kwargs))
                return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

            loop.getaddrinfo = getaddrinfo
            await loop.sock_connect(client, ("nowhere.invalid", port))
            expected = {"family": client.family, "type": client.type, "proto": 0, "flags": 0}
            assert asked == [(("nowhere.invalid", port), expected)]
            return client.getpeername() == listening.getsockname()

    assert run(main)


def test_a_refused_connection_says_where(aio, run):
    with listener() as listening:
        address = listening.getsockname()

    async def main():
        loop = aio.get_running_loop()
        with new_socket() as client:
            with pytest.raises(ConnectionRefusedError) as caught:
                await loop.sock_connect(client, address)
            assert watched(loop) == set()
            return str(caught.value)

    assert run(main) == f"[Errno 111] Connect call failed {address}"


def test_a_path_without_a_listener_refuses_at_once(aio, run, tmp_path):
    async def main():
        loop = aio.get_running_loop()
        with new_socket(socket.AF_UNIX) as client:
            with pytest.raises(FileNotFoundError) as caught:
                await loop.sock_connect(client, str(tmp_path / "nothing"))
            return str(caught.value)

    assert run(main) == "[Errno 2] No such file or directory"


ODD_CALLS = [
    ("sock_recv", (-1,)),
    ("sock_recv", ("10",)),
    ("sock_recv", (1.0,)),
    ("sock_recv", (1 << 100,)),
    ("sock_recv_into", (b"read-only",)),
    ("sock_recv_into", (None,)),
    ("sock_recvfrom", (-1,)),
    ("sock_recvfrom", (None,)),
    ("sock_recvfrom_into", (b"read-only",)),
    ("sock_recvfrom_into", (bytearray(4), 5)),
    ("sock_recvfrom_into", (bytearray(4), -1)),
    ("sock_recvfrom_into", (5,)),
    ("sock_sendall", ("text",)),
    ("sock_sendall", (None,)),
    ("sock_sendto", ("text", ("127.0.0.1", 1))),
    ("sock_sendto", (b"x", None)),
    ("sock_sendto", (b"x", ("127.0.0.1",))),
    ("sock_sendto", (b"x", ("127.0.0.1", 65536))),
    ("sock_sendto", (b"x", ("127.0.0.1", -1))),
    ("sock_sendto", (b"x", ("127.0.0.1", "1"))),
    ("sock_sendto", (b"x", ("127.0.0.1", 1, 2))),
    ("sock_sendto", (b"x", ("::1", 1))),
    ("sock_connect", (None,)),
    ("sock_connect", (("127.0.0.1",),)),
    ("sock_connect", (("127.0.0.1", 65536),)),
    ("sock_connect", (("127.0.0.1", "no such service"),)),
]


@pytest.mark.parametrize(("method", "arguments"), ODD_CALLS)
@pytest.mark.only("aioxide")
def test_what_is_wrong_with_the_arguments_is_said_as_asyncio_says_it(method, arguments):
    import aioxide

    async def main():
        loop = asyncio.get_running_loop()
        with udp_pair() as (one, _other), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with pytest.raises(Exception) as caught:
                await getattr(loop, method)(one, *arguments)
            return type(caught.value), caught.value.args

    expected, seen = (
        asyncio.Runner(loop_factory=module.new_event_loop) for module in (asyncio, aioxide)
    )
    with expected, seen:
        assert seen.run(main()) == expected.run(main())


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("sock_recv", (1,)),
        ("sock_recv_into", (bytearray(1),)),
        ("sock_recvfrom", (1,)),
        ("sock_recvfrom_into", (bytearray(1),)),
        ("sock_sendall", (b"x",)),
        ("sock_sendto", (b"x", ("127.0.0.1", 1))),
        ("sock_connect", (("127.0.0.1", 1),)),
        ("sock_accept", ()),
    ],
)
class TestEveryOperation:
    def test_debug_mode_refuses_a_blocking_socket(self, aio, run, method, arguments):
        async def main():
            with socket.socket() as blocking:
                with pytest.raises(ValueError, match=r"^the socket must be non-blocking$"):
                    await getattr(aio.get_running_loop(), method)(blocking, *arguments)

        run(main, debug=True)

    def test_a_socket_of_ssl_is_refused(self, aio, run, method, arguments):
        async def main():
            context = ssl.create_default_context()
            with socket.socket() as plain:
                wrapped = context.wrap_socket(
                    plain, server_hostname="example", do_handshake_on_connect=False
                )
            with wrapped, pytest.raises(TypeError, match=r"^Socket cannot be of type SSLSocket$"):
                await getattr(aio.get_running_loop(), method)(wrapped, *arguments)

        run(main)

    def test_a_closed_socket_is_a_bad_descriptor(self, aio, run, method, arguments):
        async def main():
            closed = new_socket()
            closed.close()
            with pytest.raises(OSError) as caught:
                await getattr(aio.get_running_loop(), method)(closed, *arguments)
            assert type(caught.value) is OSError
            return caught.value.args

        assert run(main) == (9, "Bad file descriptor")

    def test_it_is_a_coroutine(self, aio, run, method, arguments):
        async def main():
            coroutine = getattr(aio.get_running_loop(), method)(None, *arguments)
            assert aio.iscoroutine(coroutine) and inspect.isawaitable(coroutine)
            assert coroutine.__qualname__ == f"BaseSelectorEventLoop.{method}"
            with pytest.warns(RuntimeWarning, match=f"{method}' was never awaited"):
                del coroutine
                gc.collect()

        run(main)

    def test_its_parameters_are_bound_when_it_is_called(self, aio, run, method, arguments):
        async def main():
            with pytest.raises(TypeError) as missing:
                getattr(aio.get_running_loop(), method)()
            with pytest.raises(TypeError) as unknown:
                getattr(aio.get_running_loop(), method)(None, *arguments, other=1)
            return str(missing.value).startswith(f"BaseSelectorEventLoop.{method}() missing"), str(
                unknown.value
            )

        name = f"BaseSelectorEventLoop.{method}()"
        assert run(main) == (True, f"{name} got an unexpected keyword argument 'other'")


def test_methods_of_a_subclass_are_called(aio, run):
    async def main():
        loop = aio.get_running_loop()
        one, other = socket.socketpair()
        with one, Talkative(fileno=other.detach()) as talkative:
            one.setblocking(False)
            talkative.setblocking(False)
            receiving = aio.ensure_future(loop.sock_recv(talkative, 10))
            await aio.sleep(0)
            await loop.sock_sendall(one, b"hello")
            assert await receiving == b"hello"
            sending = aio.ensure_future(loop.sock_sendall(talkative, bytes(1 << 20)))
            received = 0
            while received < 1 << 20:
                received += len(await loop.sock_recv(one, 1 << 20))
            await sending
            assert talkative.calls[:2] == ["recv", "recv"]
            assert set(talkative.calls[2:]) == {"send"} and len(talkative.calls) > 3

    run(main)


def test_a_descriptor_of_a_transport_is_refused(aio, run):
    async def main():
        loop = aio.get_running_loop()
        with listener() as listening, new_socket() as client:
            await loop.sock_connect(client, listening.getsockname())
            connection, _ = await loop.sock_accept(listening)
            transport, _ = await loop.connect_accepted_socket(aio.Protocol, connection)
            with pytest.raises(RuntimeError, match="is used by transport"):
                await loop.sock_recv(connection, 10)
            transport.abort()
            await aio.sleep(0.01)
            assert connection.fileno() == -1

    run(main)


def test_a_closed_loop_does_not_watch(aio, loop):
    with stream_pair() as (one, _other):
        loop.close()
        receiving = loop.sock_recv(one, 10)
        with pytest.raises(RuntimeError, match=r"^Event loop is closed$"):
            receiving.send(None)


def test_audit_hooks_see_addresses(launch, tmp_path):
    program = tmp_path / "audited.py"
    program.write_text(
        """
import asyncio, socket, sys

events = []

def hook(event, args):
    if event in ("socket.connect", "socket.sendto"):
        events.append((event, args[1]))

sys.addaudithook(hook)

async def main():
    loop = asyncio.get_running_loop()
    one, other = (socket.socket(type=socket.SOCK_DGRAM) for _ in range(2))
    with one, other:
        one.setblocking(False)
        other.bind(("127.0.0.1", 0))
        name = other.getsockname()
        await loop.sock_sendto(one, b"x", name)
        await loop.sock_connect(one, name)
        assert events == [("socket.sendto", name), ("socket.connect", name)], events

asyncio.run(main())
print("seen")
"""
    )
    done = launch(program)
    assert (done.stdout, done.stderr) == ("seen\n", "")
