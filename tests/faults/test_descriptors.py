"""A descriptor that somebody closes behind the loop's back, and its number in other hands."""

import errno
import os
import socket

import pytest

from faults.scenery import (
    IDLE_CPU_SECONDS,
    Recorder,
    connect,
    cpu_seconds_of_idling,
    tcp_pair,
    unix_pair,
    until,
)
from toolkit import settle

# asyncio's transport does not get over a socket that cannot be closed, and is reported as unclosed.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed transport:ResourceWarning")


def close_behind(sock) -> int:
    """Close the descriptor of a socket that believes it has one; its number."""
    number = sock.fileno()
    os.close(number)
    return number


def occupy(number, spare) -> socket.socket:
    """Give a free number to a socket, in place of its own."""
    os.dup2(spare.fileno(), number)
    spare.close()
    taken = socket.socket(fileno=number)
    taken.setblocking(False)
    return taken


def forget_complaints(run) -> None:
    """The socket's own close() may complain that there is nothing to close."""
    for report in run.reports:
        assert report["exception"].errno == errno.EBADF
    run.reports.clear()


def test_a_watched_descriptor_that_is_closed_is_quiet_and_can_be_given_up(aio, run):
    async def main():
        loop = aio.get_running_loop()
        ours, peer = unix_pair()
        calls = []
        loop.add_reader(ours, calls.append, 1)
        number = close_behind(ours)
        ours.detach()
        peer.close()
        assert await cpu_seconds_of_idling(aio) < IDLE_CPU_SECONDS
        assert calls == []
        assert loop.remove_reader(number) is True
        assert loop.remove_reader(number) is False

    run(main)


@pytest.mark.only("aioxide")  # asyncio believes that the number is watched already, and it is not.
def test_a_number_that_another_file_got_is_watched_for_that_file(aio, run):
    async def main():
        loop = aio.get_running_loop()
        ours, peer = unix_pair()
        spare, other_peer = unix_pair()
        loop.add_reader(ours, print, "the callback of a file that is gone")
        number = close_behind(ours)
        ours.detach()
        other = occupy(number, spare)
        calls = []
        loop.add_reader(number, lambda: calls.append(os.read(number, 10)))
        other_peer.send(b"hello")
        await until(aio, lambda: calls)
        assert calls == [b"hello"]
        assert loop.remove_reader(number) is True
        for sock in (peer, other, other_peer):
            sock.close()

    run(main)


def test_writing_to_a_transport_whose_descriptor_is_gone_is_a_fatal_error(aio, run):
    async def main():
        transport, protocol, peer = await connect(aio, Recorder)
        close_behind(transport.get_extra_info("socket"))
        transport.write(b"into nowhere")
        error = await protocol.end()
        assert isinstance(error, OSError) and error.errno == errno.EBADF
        assert protocol.calls == ["connection_made", "connection_lost"]
        assert transport.is_closing()
        await settle(aio)
        peer.close()

    run(main)
    forget_complaints(run)


def test_a_transport_whose_descriptor_is_gone_closes_once(aio, run):
    async def main():
        transport, protocol, peer = await connect(aio, Recorder)
        close_behind(transport.get_extra_info("socket"))
        transport.close()
        transport.close()
        assert await protocol.end() is None
        await settle(aio)
        transport.abort()
        await settle(aio)
        assert protocol.calls == ["connection_made", "connection_lost"]
        peer.close()

    run(main)
    forget_complaints(run)


def test_a_number_that_an_open_transport_believes_in_is_refused(aio, run):
    async def main():
        loop = aio.get_running_loop()
        transport, protocol, peer = await connect(aio, Recorder)
        spare, other_peer = tcp_pair()
        intruder = occupy(close_behind(transport.get_extra_info("socket")), spare)
        for attempt in (
            lambda: loop.add_reader(intruder, print),
            lambda: loop.add_writer(intruder, print),
            lambda: loop.remove_reader(intruder),
        ):
            with pytest.raises(RuntimeError, match="is used by transport"):
                attempt()
        transport.abort()
        assert await protocol.end() is None
        await settle(aio)
        # The transport closed the number that it believed to be its own.
        intruder.detach()
        peer.close()
        other_peer.close()

    run(main)


def test_a_connection_that_gets_the_number_of_a_lost_one_works(aio, run):
    async def main():
        loop = aio.get_running_loop()
        transport, protocol, peer = await connect(aio, Recorder)
        spare, other_peer = tcp_pair()
        number = close_behind(transport.get_extra_info("socket"))
        transport.abort()
        assert await protocol.end() is None
        ours = occupy(number, spare)
        other, other_protocol = await loop.create_connection(Recorder, sock=ours)
        other_peer.send(b"hello")
        await until(aio, lambda: other_protocol.data)
        assert other_protocol.data == b"hello"
        other.write(b"answer")
        assert await loop.run_in_executor(None, other_peer.recv, 10) == b"answer"
        assert protocol.data == b""
        other.close()
        assert await other_protocol.end() is None
        peer.close()
        other_peer.close()

    run(main)
    forget_complaints(run)
