"""`create_unix_server`: its socket, the file that it makes, and what happens to that."""

import asyncio
import errno
import inspect
import logging
import os
import pathlib
import socket
import sys
import warnings
from unittest import mock

import pytest

from toolkit import open_descriptors

CLEANS_UP = sys.version_info >= (3, 13)


class Quiet(asyncio.Protocol):
    pass


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A path to listen at. Relative: a Unix socket's can't be long."""
    monkeypatch.chdir(tmp_path)
    return "socket"


async def settle(aio):
    for _ in range(5):
        await aio.sleep(0.001)


def connect(path):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)


@pytest.mark.parametrize("convert", [str, os.fsencode, pathlib.Path])
def test_it_listens_at_a_path_however_it_is_written(aio, run, path, convert):
    async def main():
        loop = aio.get_running_loop()
        server = await loop.create_unix_server(Quiet, convert(path))
        assert isinstance(server, asyncio.Server)
        assert server.is_serving()
        [sock] = server.sockets
        assert (sock.family, sock.type) == (socket.AF_UNIX, socket.SOCK_STREAM)
        assert sock.getsockname() == path
        connect(path)
        await settle(aio)
        server.close()
        await server.wait_closed()
        assert os.path.exists(path) != CLEANS_UP

    run(main)


@pytest.mark.parametrize("name", ["\0aioxide of text", b"\0aioxide of bytes"])
def test_an_abstract_name_is_no_file(aio, run, name):
    async def main():
        loop = aio.get_running_loop()
        with mock.patch("os.stat", side_effect=AssertionError), mock.patch("os.remove"):
            server = await loop.create_unix_server(Quiet, name)
            connect(name)
            await settle(aio)
            server.close()
            os.remove.assert_not_called()

    run(main)


def test_without_a_start_nobody_is_accepted(aio, run, path):
    async def main():
        loop, events = aio.get_running_loop(), []
        loop.call_soon(events.append, "a turn")
        server = await loop.create_unix_server(Quiet, path, start_serving=False, backlog=3)
        events.append("returned")
        assert server._backlog == 3
        with pytest.raises(ConnectionRefusedError):
            connect(path)
        await server.start_serving()
        connect(path)
        server.close()
        other = await loop.create_unix_server(Quiet, path)
        events.append("the other")
        other.close()
        return events

    assert run(main) == ["returned", "a turn", "the other"]


def test_a_stale_socket_is_removed(aio, run, path):
    async def main():
        loop = aio.get_running_loop()
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(path)
        with pytest.raises(ConnectionRefusedError):
            connect(path)
        server = await loop.create_unix_server(Quiet, path)
        connect(path)
        server.close()

    run(main)


def test_a_file_that_is_no_socket_stays(aio, run, path):
    async def main():
        loop = aio.get_running_loop()
        pathlib.Path(path).write_text("precious")
        before = open_descriptors()
        for where in (path, os.fsencode(path)):
            with pytest.raises(OSError) as caught:
                await loop.create_unix_server(Quiet, where)
            text = f"Address {where!r} is already in use"
            assert caught.value.args == (errno.EADDRINUSE, text)
            assert caught.value.__suppress_context__
        assert open_descriptors() <= before
        assert pathlib.Path(path).read_text() == "precious"

    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        run(main)


@pytest.mark.parametrize("function", ["stat", "remove"])
def test_what_can_t_be_looked_at_or_removed_is_reported(aio, run, path, caplog, function):
    async def main():
        loop = aio.get_running_loop()
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(path)
        with mock.patch(f"os.{function}", side_effect=PermissionError(13, "Not allowed")):
            with pytest.raises(OSError, match="is already in use"):
                await loop.create_unix_server(Quiet, path)

    run(main)
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.getMessage() == (
        f"Unable to check or remove stale UNIX socket {path!r}: PermissionError(13, 'Not allowed')"
    )


def test_stale_sockets_are_for_the_modules_that_asyncio_s_code_sees(aio, run, path):
    async def main():
        loop, error = aio.get_running_loop(), PermissionError(13, "Not allowed")
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(path)
        with (
            mock.patch("asyncio.unix_events.os", wraps=os) as module,
            mock.patch("asyncio.unix_events.logger") as logger,
        ):
            module.remove.side_effect = error
            with pytest.raises(OSError, match="is already in use"):
                await loop.create_unix_server(Quiet, path)
        module.stat.assert_called_once_with(path)
        text = "Unable to check or remove stale UNIX socket %r: %r"
        assert logger.error.call_args.args == (text, path, error)

    run(main)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError(errno.EACCES, "Not here"), PermissionError),
        (OSError("odd"), OSError),
        (MemoryError(), MemoryError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_any_error_of_bind_closes_the_socket(aio, run, error, kind):
    sock = mock.Mock()
    sock.bind.side_effect = error

    async def main():
        with mock.patch("asyncio.unix_events.socket") as module:
            module.socket.return_value = sock
            try:
                await aio.get_running_loop().create_unix_server(Quiet, "some/where")
            except BaseException as caught:
                return caught

    caught = run(main)
    assert caught is error
    assert type(caught) is kind
    assert sock.close.call_count == 1


REFUSED = [
    ({}, ValueError, "^path was not specified, and no sock specified$"),
    (
        {"path": "p", "sock": object()},
        ValueError,
        "^path and sock can not be specified at the same",
    ),
    ({"path": "p", "ssl": True}, TypeError, "^ssl argument must be an SSLContext or None$"),
    ({"path": "p", "ssl": False}, TypeError, "^ssl argument must be an SSLContext or None$"),
    (
        {"path": "p", "ssl_handshake_timeout": 1, "ssl_shutdown_timeout": 1},
        ValueError,
        "^ssl_handshake_timeout is only meaningful with ssl$",
    ),
    (
        {"path": "p", "ssl": 0, "ssl_shutdown_timeout": 1},
        ValueError,
        "^ssl_shutdown_timeout is only meaningful with ssl$",
    ),
    ({"path": 5}, TypeError, "expected str, bytes or os.PathLike object, not int"),
    ({"path": []}, TypeError, "expected str, bytes or os.PathLike object, not list"),
    ({"path": ""}, IndexError, "index out of range"),
    ({"path": b""}, IndexError, "index out of range"),
    ({"path": "a\0b"}, ValueError, "null"),
    ({"path": "p" * 200}, OSError, "too long"),
    ({"path": "no/folder"}, FileNotFoundError, "No such file"),
    ({"sock": "socket"}, AttributeError, "'str' object has no attribute 'family'"),
]


@pytest.mark.parametrize(("arguments", "kind", "text"), REFUSED)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_arguments_that_are_refused(aio, run, path, arguments, kind, text):
    async def main():
        loop = aio.get_running_loop()
        before = open_descriptors()
        with pytest.raises(kind, match=text):
            await loop.create_unix_server(Quiet, **arguments)
        assert open_descriptors() <= before

    run(main)


@pytest.mark.parametrize(
    "arguments", [(socket.AF_INET, socket.SOCK_STREAM), (socket.AF_UNIX, socket.SOCK_DGRAM)]
)
def test_another_kind_of_socket_is_refused(aio, run, arguments):
    async def main():
        with socket.socket(*arguments) as sock:
            text = "^A UNIX Domain Stream Socket was expected, got <socket"
            with pytest.raises(ValueError, match=text):
                await aio.get_running_loop().create_unix_server(Quiet, sock=sock)
            assert sock.fileno() >= 0

    run(main)


def test_names_and_defaults_of_its_parameters(aio, loop):
    theirs = inspect.signature(asyncio.SelectorEventLoop.create_unix_server).parameters
    ours = inspect.signature(loop.create_unix_server).parameters
    assert [*ours] == [*theirs][1:]
    for name, parameter in ours.items():
        assert parameter.kind == theirs[name].kind
        assert parameter.default == theirs[name].default
    with pytest.raises(TypeError):
        loop.create_unix_server()
    with pytest.raises(TypeError):
        loop.create_unix_server(Quiet, "p", 1)
    with pytest.raises(TypeError):
        loop.create_unix_server(Quiet, surplus=1)


def test_a_given_socket_serves_as_it_is(aio, run, path):
    async def main():
        loop = aio.get_running_loop()
        own = socket.socket(socket.AF_UNIX)
        own.bind(path)
        server = await loop.create_unix_server(Quiet, sock=own)
        assert server._sockets == [own]
        assert own.gettimeout() == 0
        connect(path)
        await settle(aio)
        server.close()
        assert own.fileno() == -1
        assert os.path.exists(path) != CLEANS_UP

    run(main)


@pytest.mark.skipif(not CLEANS_UP, reason="servers remove their files from 3.13")
def test_an_unbound_socket_has_no_file(aio, run):
    async def main():
        with socket.socket(socket.AF_UNIX) as own:
            with pytest.raises(IndexError):
                await aio.get_running_loop().create_unix_server(Quiet, sock=own)

    run(main)


@pytest.mark.skipif(not CLEANS_UP, reason="servers remove their files from 3.13")
@pytest.mark.parametrize("case", ["plain", "kept", "gone", "replaced", "gone before"])
def test_a_closed_server_removes_its_own_file(aio, run, path, case):
    async def main():
        loop = aio.get_running_loop()
        if case == "gone before":
            own = socket.socket(socket.AF_UNIX)
            own.bind(path)
            os.unlink(path)
            server = await loop.create_unix_server(Quiet, sock=own)
            assert own not in loop._unix_server_sockets
        else:
            options = {"cleanup_socket": False} if case == "kept" else {}
            server = await loop.create_unix_server(Quiet, path, **options)
            [own] = server._sockets
            noted = loop._unix_server_sockets.get(own)
            assert noted == (None if case == "kept" else os.stat(path).st_ino)
        if case == "gone":
            os.unlink(path)
        if case == "replaced":
            os.rename(path, "moved")
            pathlib.Path(path).write_text("of somebody else")
        server.close()
        assert own not in loop._unix_server_sockets
        assert os.path.exists(path) == (case in ("kept", "replaced"))

    run(main)


@pytest.mark.skipif(not CLEANS_UP, reason="servers remove their files from 3.13")
@pytest.mark.parametrize("function", ["stat", "unlink"])
def test_a_file_that_can_t_be_removed_is_reported(aio, run, path, caplog, function):
    async def main():
        server = await aio.get_running_loop().create_unix_server(Quiet, path)
        with mock.patch(f"os.{function}", side_effect=PermissionError(13, "Not allowed")):
            server.close()
        assert server.sockets == ()
        assert os.path.exists(path)

    run(main)
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.getMessage() == (
        f"Unable to clean up listening UNIX socket {path!r}: PermissionError(13, 'Not allowed')"
    )


@pytest.mark.skipif(not CLEANS_UP, reason="servers remove their files from 3.13")
def test_a_file_that_can_t_be_noted_stops_it(aio, run, path):
    async def main():
        sock = socket.socket(socket.AF_UNIX)
        with sock:
            sock.bind(path)
            with mock.patch("os.stat", side_effect=PermissionError(13, "Not allowed")):
                with pytest.raises(PermissionError, match="Not allowed"):
                    await aio.get_running_loop().create_unix_server(Quiet, sock=sock)

    run(main)


def test_cancelled_in_its_turn_it_goes_on_listening(aio, run, path):
    async def main():
        loop = aio.get_running_loop()
        own = socket.socket(socket.AF_UNIX)
        own.bind(path)
        task = aio.ensure_future(loop.create_unix_server(Quiet, sock=own))
        await aio.sleep(0)
        task.cancel()
        with pytest.raises(aio.CancelledError):
            await task
        connect(path)
        await settle(aio)
        loop._stop_serving(own)
        assert own.fileno() == -1
        assert os.path.exists(path) != CLEANS_UP

    run(main)


def test_servers_one_after_the_other_at_one_path(aio, run, path):
    async def main():
        loop = aio.get_running_loop()
        before = None
        for number in range(30):
            server = await loop.create_unix_server(Quiet, path)
            connect(path)
            await settle(aio)
            server.close()
            await server.wait_closed()
            if number == 5:
                before = open_descriptors()
        assert open_descriptors() <= before
        if CLEANS_UP:
            assert loop._unix_server_sockets == {}

    run(main)
