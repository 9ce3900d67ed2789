"""`create_datagram_endpoint`: what it refuses, which addresses it takes, what it leaves behind."""

import asyncio
import errno
import gc
import inspect
import os
import socket
import sys
from unittest import mock

import pytest
from datagrams import Recorder, plain_socket

from toolkit import Run, cancel_after, loop_with_own, open_descriptors, stall, watched

# Nobody has it: it is reserved for documentation.
NOWHERE = "192.0.2.1"
SIGNATURE = inspect.signature(asyncio.SelectorEventLoop.create_datagram_endpoint)


async def settle(aio):
    for _ in range(10):
        await aio.sleep(0)


class Scene:
    """A loop that finds what a test says, and notes which sockets it was asked for."""

    def __init__(self, aio, **found):
        self.aio = aio
        self.loop = aio.get_running_loop()
        self.found = found
        self.asked = []
        self.before = open_descriptors()
        self.loop.getaddrinfo = self.getaddrinfo

    async def getaddrinfo(self, host, port, **hints):
        self.asked.append((host, port, *map(int, hints.values())))
        return self.found[host]

    def make(self, factory=Recorder, **options):
        return self.loop.create_datagram_endpoint(factory, **options)

    async def finish(self, transport):
        transport.abort()
        await settle(self.aio)
        self.check()

    def check(self):
        assert open_descriptors() <= self.before
        assert watched(self.loop) == set()


def entry(host, port, protocol=17, family=None):
    family = family or (socket.AF_INET6 if ":" in host else socket.AF_INET)
    place = (host, port, 0, 0) if ":" in host else (host, port)
    return (family, socket.SOCK_DGRAM, protocol, "", place)


def test_its_signature_is_asyncios(loop):
    ours = inspect.signature(loop.create_datagram_endpoint)
    assert list(ours.parameters.values()) == list(SIGNATURE.parameters.values())[1:]


def test_the_protocol_is_called_first(aio, run):
    async def main():
        scene, events = Scene(aio), []

        class Narrator(asyncio.DatagramProtocol):
            def __init__(self):
                events.append("factory")

            def connection_made(self, transport):
                events.append("made")

        scene.loop.call_soon(events.append, "another callback")
        transport, _ = await scene.make(Narrator, local_addr=("127.0.0.1", 0))
        events.append("returned")
        await scene.finish(transport)
        return events

    assert run(main) == ["factory", "another callback", "made", "returned"]


NOTHING = "unexpected address family"
NO_PAIR = "2-tuple is expected"
NO_NAME = "string is expected"
INFORMATION = "can not get address information"


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({}, ValueError, NOTHING),
        ({"local_addr": (), "remote_addr": ""}, ValueError, NOTHING),
        ({"family": socket.AF_UNSPEC}, ValueError, NOTHING),
        ({"local_addr": "127.0.0.1"}, TypeError, NO_PAIR),
        ({"local_addr": ["127.0.0.1", 0]}, TypeError, NO_PAIR),
        ({"local_addr": ("127.0.0.1", 0, 0)}, TypeError, NO_PAIR),
        ({"remote_addr": ("127.0.0.1",)}, TypeError, NO_PAIR),
        ({"local_addr": ("127.0.0.1", 0), "remote_addr": 17}, TypeError, NO_PAIR),
        ({"local_addr": (), "remote_addr": ("127.0.0.1", 9)}, TypeError, NO_PAIR),
        ({"family": socket.AF_UNIX, "local_addr": 5}, TypeError, NO_NAME),
        ({"family": socket.AF_UNIX, "local_addr": b"name"}, TypeError, NO_NAME),
        ({"family": socket.AF_UNIX, "local_addr": "\0x", "remote_addr": ()}, TypeError, NO_NAME),
        ({"local_addr": ("127.0.0.1", 0), "remote_addr": ("::1", 9)}, ValueError, INFORMATION),
        (
            {"local_addr": ("127.0.0.1", 0), "family": socket.AF_INET6},
            socket.gaierror,
            None,
        ),
        ({"local_addr": ("127.0.0.1", 70000)}, OverflowError, None),
        ({"remote_addr": ("127.0.0.1", -1)}, OverflowError, None),
        ({"local_addr": (NOWHERE, 0)}, OSError, "[Errno 99] Cannot assign requested address"),
        ({"family": 9999}, OSError, "[Errno 97] Address family not supported by protocol"),
        ({"family": "AF_INET"}, TypeError, None),
        ({"family": socket.AF_INET, "proto": socket.IPPROTO_TCP}, OSError, None),
    ],
)
def test_wrong_arguments_are_refused(aio, run, options, error, text):
    async def main():
        loop, before = aio.get_running_loop(), open_descriptors()
        with pytest.raises(error) as caught:
            await loop.create_datagram_endpoint(Recorder, **options)
        assert type(caught.value) is error
        assert text is None or str(caught.value) == text
        assert open_descriptors() <= before

    run(main)


def test_arguments_are_bound_when_it_is_called(aio, run):
    async def main():
        make = aio.get_running_loop().create_datagram_endpoint
        texts = []
        for arguments, options in (
            ((), {}),
            ((1, 2, 3, 4), {}),
            ((1,), {"colour": "red"}),
            ((1, 2), {"local_addr": 3}),
        ):
            with pytest.raises(TypeError) as caught:
                make(*arguments, **options)
            texts.append(str(caught.value).replace("Loop.", "BaseEventLoop."))
        return texts

    for text in run(main):
        assert "create_datagram_endpoint() " in text


KINDS = [socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET]


@pytest.mark.parametrize("kind", KINDS)
def test_a_socket_of_another_kind_is_refused(aio, run, kind):
    async def main():
        with socket.socket(socket.AF_UNIX, kind) as sock:
            making = aio.get_running_loop().create_datagram_endpoint(Recorder, sock=sock)
            refused = {socket.SOCK_STREAM}
            words = "datagram"
            if sys.version_info < (3, 13):
                refused.add(socket.SOCK_SEQPACKET)
                words = "UDP"
            if kind not in refused:
                transport, _ = await making
                assert sock.gettimeout() == 0
                transport.abort()
                await settle(aio)
                return
            with pytest.raises(
                ValueError, match=rf"^A {words} [sS]ocket was expected, got <socket"
            ):
                await making
            assert sock.fileno() >= 0

    run(main)


def test_modifiers_of_a_given_socket_are_refused(aio, run):
    async def main():
        loop = aio.get_running_loop()
        with socket.socket(type=socket.SOCK_DGRAM) as sock:
            for options in (
                {"local_addr": ("127.0.0.1", 0)},
                {"remote_addr": "x", "proto": 17},
                {"family": socket.AF_INET, "flags": 1.5, "local_addr": ()},
                {"reuse_port": True, "allow_broadcast": "yes", "family": 0},
            ):
                shown = SIGNATURE.bind(None, Recorder, **options).arguments
                names = [
                    "local_addr",
                    "remote_addr",
                    "family",
                    "proto",
                    "flags",
                    "reuse_port",
                    "allow_broadcast",
                ]
                problems = ", ".join(f"{name}={shown[name]}" for name in names if shown.get(name))
                with pytest.raises(ValueError) as caught:
                    await loop.create_datagram_endpoint(Recorder, sock=sock, **options)
                assert str(caught.value) == (
                    "socket modifier keyword arguments can not be used when sock is specified. "
                    f"({problems})"
                )
            transport, _ = await loop.create_datagram_endpoint(
                Recorder, sock=sock, local_addr=None, proto=0, reuse_port=False
            )
            transport.abort()
            await settle(aio)

    run(main)


def test_the_first_pair_that_can_be_opened_is_taken(aio, run):
    async def main():
        with plain_socket() as peer:
            there = peer.getsockname()
            scene = Scene(
                aio,
                here=[entry("::1", 0), entry(NOWHERE, 0, 0), entry("127.0.0.2", 0)],
                there=[entry(*there, 0), entry(*there)],
            )
            transport, _ = await scene.make(
                local_addr=("here", 1), remote_addr=("there", 2), flags=3
            )
            assert transport.get_extra_info("sockname")[0] == "127.0.0.2"
            assert transport.get_extra_info("peername") == there
            assert transport.get_extra_info("socket").proto == 17
            datagram = int(socket.SOCK_DGRAM)
            assert scene.asked == [("here", 1, 0, datagram, 0, 3), ("there", 2, 0, datagram, 0, 3)]
            await scene.finish(transport)

    run(main)


def test_the_last_address_of_a_family_stands_for_it(aio, run):
    async def main():
        scene = Scene(aio, here=[entry("127.0.0.2", 0), entry("127.0.0.3", 0)])
        transport, _ = await scene.make(local_addr=("here", 1))
        assert transport.get_extra_info("sockname")[0] == "127.0.0.3"
        await scene.finish(transport)

    run(main)


def test_of_several_errors_the_first_is_raised(aio, run):
    async def main():
        scene = Scene(aio, here=[entry(NOWHERE, 0, 0), entry("127.0.0.1", 0, socket.IPPROTO_TCP)])
        with pytest.raises(OSError) as caught:
            await scene.make(local_addr=("here", 1))
        assert caught.value.errno == errno.EADDRNOTAVAIL
        scene.found["here"].reverse()
        with pytest.raises(OSError) as caught:
            await scene.make(local_addr=("here", 1))
        assert caught.value.errno == errno.EPROTONOSUPPORT
        scene.check()

    run(main)


@pytest.mark.parametrize(
    ("found", "error", "text"),
    [
        ([], OSError, "getaddrinfo() returned empty list"),
        (None, OSError, "getaddrinfo() returned empty list"),
        (17, TypeError, "'int' object is not iterable"),
        ([17], TypeError, "cannot unpack non-iterable int object"),
        ([(1, 2, 3, 4)], ValueError, "not enough values to unpack (expected 5, got 4)"),
        ([(1, 2, 3, 4, 5, 6)], ValueError, None),
        ([([], 2, 3, 4, 5)], TypeError, None),
        (["abcde"], TypeError, None),
    ],
)
def test_what_a_getaddrinfo_of_its_own_finds_may_be_wrong(aio, run, found, error, text):
    async def main():
        scene = Scene(aio, here=found)
        with pytest.raises(error) as caught:
            await scene.make(local_addr=("here", 1))
        assert text is None or str(caught.value) == text
        scene.check()
        return str(caught.value)

    assert "aioxide" not in run(main)


def test_what_is_found_may_come_in_other_forms(aio, run):
    async def main():
        scene = Scene(aio, here=iter([list(entry("127.0.0.1", 0))]))
        transport, _ = await scene.make(local_addr=("here", 1))
        assert transport.get_extra_info("sockname")[0] == "127.0.0.1"
        await scene.finish(transport)

    run(main)


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_UNIX])
def test_no_address_is_needed_with_a_family(aio, run, family):
    async def main():
        scene = Scene(aio)
        transport, _ = await scene.make(family=family)
        sock = transport.get_extra_info("socket")
        assert (sock.family, sock.type, sock.gettimeout()) == (family, socket.SOCK_DGRAM, 0)
        assert transport._address is None
        await scene.finish(transport)

    run(main)


def test_several_may_share_a_port(aio, run):
    async def main():
        scene = Scene(aio)
        options = {"local_addr": ("127.0.0.1", 0), "reuse_port": True}
        one, _ = await scene.make(**options)
        sock = one.get_extra_info("socket")
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT)
        place = one.get_extra_info("sockname")
        other, _ = await scene.make(**{**options, "local_addr": place})
        assert other.get_extra_info("sockname") == place
        with pytest.raises(OSError) as caught:
            await scene.make(local_addr=place)
        assert caught.value.args == (errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
        other.abort()
        await scene.finish(one)

    run(main)


def test_sharing_a_port_may_be_impossible(aio, run, monkeypatch):
    async def main():
        scene = Scene(aio)

        class Stubborn(socket.socket):
            def setsockopt(self, *args):
                raise OSError(errno.ENOPROTOOPT, "no such option")

        monkeypatch.setattr(socket, "socket", Stubborn)
        with pytest.raises(ValueError, match=r"^reuse_port not supported by socket module"):
            await scene.make(local_addr=("127.0.0.1", 0), reuse_port=True)
        with pytest.raises(OSError) as caught:
            await scene.make(local_addr=("127.0.0.1", 0), allow_broadcast=True)
        assert caught.value.args == (errno.ENOPROTOOPT, "no such option")
        monkeypatch.undo()
        scene.check()

    run(main)


def test_with_broadcasts_it_is_not_connected(aio, run):
    async def main():
        with plain_socket() as peer:
            scene, there = Scene(aio), peer.getsockname()
            transport, _ = await scene.make(remote_addr=there, allow_broadcast=True)
            sock = transport.get_extra_info("socket")
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST)
            assert transport.get_extra_info("peername") is None
            assert transport._address == there
            transport.sendto(b"to all")
            assert peer.recv(100) == b"to all"
            await scene.finish(transport)

    run(main)


def test_unix_names_are_taken_and_stale_ones_replaced(aio, run, tmp_path, caplog):
    async def main():
        here, there = str(tmp_path / "here"), str(tmp_path / "there")
        with plain_socket(socket.AF_UNIX, there) as peer:
            scene = Scene(aio)
            for _ in range(2):
                transport, _ = await scene.make(
                    family=socket.AF_UNIX, local_addr=here, remote_addr=there
                )
                assert transport.get_extra_info("sockname") == here
                assert transport.get_extra_info("peername") == there
                transport.sendto(b"datagram")
                assert peer.recvfrom(100) == (b"datagram", here)
                await scene.finish(transport)
                # Nobody removes the name.
                assert os.path.exists(here)
        # What is no socket stays.
        (tmp_path / "file").write_text("kept")
        with pytest.raises(OSError) as caught:
            await scene.make(family=socket.AF_UNIX, local_addr=str(tmp_path / "file"))
        assert caught.value.errno == errno.EADDRINUSE
        assert caplog.text == ""
        with pytest.raises(NotADirectoryError):
            await scene.make(family=socket.AF_UNIX, local_addr=str(tmp_path / "file" / "below"))
        assert "Unable to check or remove stale UNIX socket" in caplog.text
        transport, _ = await scene.make(family=socket.AF_UNIX, local_addr="\0aioxide-test-endpoint")
        assert transport.get_extra_info("sockname") == b"\0aioxide-test-endpoint"
        await scene.finish(transport)

    run(main)


def test_stale_names_are_for_the_modules_that_asyncio_s_code_sees(aio, run, tmp_path):
    async def main():
        scene, here, error = Scene(aio), str(tmp_path / "here"), PermissionError(13, "Not allowed")
        with (
            mock.patch("asyncio.base_events.os") as module,
            mock.patch("asyncio.base_events.logger") as logger,
        ):
            module.stat.side_effect = error
            transport, _ = await scene.make(family=socket.AF_UNIX, local_addr=here)
        text = "Unable to check or remove stale UNIX socket %r: %r"
        assert logger.error.call_args.args == (text, here, error)
        await scene.finish(transport)

    run(main)


def test_a_factory_that_raises_leaves_no_descriptor(aio, run):
    def refuse():
        raise LookupError("no protocol")

    async def main():
        scene = Scene(aio)
        with pytest.raises(LookupError):
            await scene.make(refuse, sock=socket.socket(type=socket.SOCK_DGRAM))

    with pytest.warns(ResourceWarning):
        run(main)
        gc.collect()


@pytest.mark.parametrize("turns", range(5))
def test_cancelled_while_the_protocol_is_told_it_loses_the_connection_once(aio, run, turns):
    async def main():
        scene = Scene(aio)
        protocol = Recorder()
        await cancel_after(aio, turns, scene.make(lambda: protocol, local_addr=("127.0.0.1", 0)))
        await settle(aio)
        scene.check()
        return [call[0] for call in protocol.calls]

    assert run(main) == ([] if turns == 0 else ["made", "lost"])


class Stalled(Scene):
    """One whose methods wait for ever."""

    def resolving(self):
        stall(self.loop, "getaddrinfo")
        return self.make(local_addr=("name", 1))

    def resolving_the_other_end(self):
        stall(self.loop, "getaddrinfo", 1)
        self.found["name"] = [entry("127.0.0.1", 0)]
        return self.make(local_addr=("name", 1), remote_addr=("name", 1))

    def connecting(self):
        stall(self.loop, "sock_connect")
        return self.make(remote_addr=("127.0.0.1", 9), local_addr=("127.0.0.1", 0))


PLACES = ["resolving", "resolving_the_other_end", "connecting"]


@pytest.mark.parametrize("end", ["cancelled", "closed"])
@pytest.mark.parametrize("place", PLACES)
def test_ended_where_it_waits_it_leaves_nothing(aio, run, place, end):
    async def main():
        scene = Stalled(aio)
        making = getattr(scene, place)()
        if end == "closed":
            future = making.send(None)
            assert future._asyncio_future_blocking
            assert making.cr_await is not None
            making.close()
            future.cancel()
        else:
            task = aio.ensure_future(making)
            await settle(aio)
            task.cancel("enough")
            with pytest.raises(aio.CancelledError):
                await task
        scene.check()

    run(main)


def test_other_exceptions_of_a_method_end_it_and_close_the_socket(aio, run):
    async def main():
        scene = Scene(aio)

        async def refuse(sock, address):
            assert sock.gettimeout() == 0
            raise LookupError("no such thing")

        scene.loop.sock_connect = refuse
        with pytest.raises(LookupError, match="no such thing"):
            await scene.make(remote_addr=("127.0.0.1", 9))
        scene.check()

    run(main)


OVERRIDABLE = [
    "getaddrinfo",
    "sock_connect",
    "_make_datagram_transport",
    "_ensure_resolved",
    "create_future",
]


@pytest.mark.parametrize("on_the_loop", [False, True])
@pytest.mark.parametrize("name", OVERRIDABLE)
def test_a_method_of_a_programs_own_is_called(aio, loop, name, on_the_loop):
    called = []

    async def main():
        loop = aio.get_running_loop()
        called.clear()
        with plain_socket() as peer:
            transport, _ = await loop.create_datagram_endpoint(
                Recorder, remote_addr=("localhost", peer.getsockname()[1]), family=socket.AF_INET
            )
        assert name in called
        transport.close()
        await settle(aio)

    Run(lambda: loop_with_own(type(loop), name, called, on_the_loop))(main)


def test_debug_mode_notes_each_endpoint(aio, run, caplog):
    async def main():
        scene = Scene(aio)
        caplog.set_level("DEBUG", "asyncio")
        for options in ({"local_addr": ("127.0.0.1", 0)}, {"remote_addr": ("127.0.0.1", 9)}):
            transport, _ = await scene.make(**options)
            await scene.finish(transport)

    run(main, debug=True)
    noted = [record for record in caplog.records if "created: (" in record.getMessage()]
    assert [record.levelname for record in noted] == ["INFO", "DEBUG"]
    one, other = (record.getMessage() for record in noted)
    assert one.startswith(
        "Datagram endpoint local_addr=('127.0.0.1', 0) remote_addr=None created: "
        "(<_SelectorDatagramTransport "
    )
    assert other.startswith("Datagram endpoint remote_addr=('127.0.0.1', 9) created: (<_Sel")


def test_nothing_is_left_of_endpoints_refused(aio, run):
    async def main():
        scene = Scene(aio, here=[entry(NOWHERE, 0), entry(NOWHERE, 0, 0)])
        for _ in range(50):
            with pytest.raises(OSError):
                await scene.make(local_addr=("here", 1))
        scene.check()

    run(main)
