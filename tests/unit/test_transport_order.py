"""The order of a protocol's calls, and what close, abort and half closes do to it."""

import asyncio
import contextvars
import gc
import socket
import struct
import sys
import weakref

import pytest
from recorder import Recorder, connected, turns


def reset(peer):
    """Close a TCP socket so that the other end sees a reset."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


def test_made_then_data_then_eof_then_lost(run):
    async def main():
        protocol = Recorder()
        _, peer = await connected(protocol)
        peer.sendall(b"data")
        peer.close()
        await protocol.lost
        return protocol.calls

    assert run(main) == ["made", b"data", "eof", ("lost", type(None))]


def test_data_that_waits_is_delivered_after_connection_made_returns(run):
    async def main():
        protocol = Recorder()
        ours, peer = socket.socketpair()
        peer.sendall(b"early")
        await asyncio.get_running_loop().create_connection(lambda: protocol, sock=ours)
        made = list(protocol.calls)
        await turns()
        peer.close()
        await protocol.lost
        return made, protocol.calls[:2]

    assert run(main) == (["made"], ["made", b"early"])


def test_connection_lost_comes_once_and_never_from_inside_close(run):
    async def main():
        protocol = Recorder()
        transport, peer = await connected(protocol)
        transport.close()
        transport.close()
        during = list(protocol.calls)
        transport.abort()
        await protocol.lost
        await turns()
        peer.close()
        return during, protocol.calls

    assert run(main) == (["made"], ["made", ("lost", type(None))])


def test_a_close_inside_connection_made_reads_nothing(run):
    class Hasty(Recorder):
        def connection_made(self, transport):
            super().connection_made(transport)
            transport.close()

    async def main():
        protocol = Hasty()
        ours, peer = socket.socketpair()
        peer.sendall(b"never read")
        await asyncio.get_running_loop().create_connection(lambda: protocol, sock=ours)
        await protocol.lost
        peer.close()
        return protocol.calls

    assert run(main) == ["made", ("lost", type(None))]


def test_what_was_written_before_close_still_leaves(run):
    async def main():
        protocol = Recorder()
        transport, peer = await connected(protocol)
        size = 4 << 20
        transport.write(bytes(size))
        assert transport.get_write_buffer_size() > 0
        transport.close()
        assert transport.is_closing() and not transport.is_reading()

        def drain():
            received = 0
            while chunk := peer.recv(1 << 16):
                received += len(chunk)
            return received

        received = await asyncio.get_running_loop().run_in_executor(None, drain)
        await protocol.lost
        peer.close()
        return received == size, protocol.calls

    assert run(main) == (True, ["made", "pause", "resume", ("lost", type(None))])


def test_abort_drops_what_is_queued(run):
    async def main():
        protocol = Recorder()
        transport, peer = await connected(protocol)
        transport.write(bytes(4 << 20))
        transport.abort()
        assert transport.get_write_buffer_size() == 0
        await protocol.lost
        received = 0
        while chunk := peer.recv(1 << 16):
            received += len(chunk)
        peer.close()
        return received < 4 << 20, protocol.calls[-1]

    assert run(main) == (True, ("lost", type(None)))


@pytest.mark.parametrize("answer", [True, False, None, "yes"])
def test_the_end_of_the_peers_stream_closes_unless_the_protocol_objects(run, answer):
    async def main():
        protocol = Recorder(keep_open=answer)
        transport, peer = await connected(protocol)
        peer.shutdown(socket.SHUT_WR)
        await turns()
        if answer:
            assert not transport.is_closing()
            transport.write(b"still here")
            assert peer.recv(100) == b"still here"
            transport.close()
        await protocol.lost
        peer.close()
        return protocol.calls

    assert run(main) == ["made", "eof", ("lost", type(None))]


def test_write_eof_ends_one_direction_only(run):
    async def main():
        protocol = Recorder()
        transport, peer = await connected(protocol)
        assert transport.can_write_eof()
        transport.write(b"question")
        transport.write_eof()
        transport.write_eof()
        assert peer.recv(100) == b"question"
        assert peer.recv(100) == b""
        with pytest.raises(RuntimeError, match=r"^Cannot call write\(\) after write_eof\(\)$"):
            transport.write(b"more")
        with pytest.raises(RuntimeError, match=r"^Cannot call write(lines)?\(\) after write_eof"):
            transport.writelines([b"more"])
        peer.sendall(b"answer")
        peer.close()
        await protocol.lost
        return protocol.calls

    assert run(main) == ["made", b"answer", "eof", ("lost", type(None))]


def test_write_eof_waits_for_what_is_queued(run):
    async def main():
        protocol = Recorder()
        transport, peer = await connected(protocol)
        transport.write(bytes(4 << 20))
        transport.write_eof()

        def drain():
            received = 0
            while chunk := peer.recv(1 << 16):
                received += len(chunk)
            return received

        received = await asyncio.get_running_loop().run_in_executor(None, drain)
        assert not transport.is_closing()
        peer.close()
        await protocol.lost
        return received

    assert run(main) == 4 << 20


@pytest.mark.parametrize("paused", [False, True])
def test_a_reset_is_what_connection_lost_is_told(run, paused):
    async def main():
        loop = asyncio.get_running_loop()
        listener = socket.create_server(("127.0.0.1", 0))
        protocol = Recorder()
        transport, _ = await loop.create_connection(lambda: protocol, *listener.getsockname())
        peer, _ = listener.accept()
        listener.close()
        if paused:
            transport.pause_reading()
        reset(peer)
        await turns()
        if paused:
            assert protocol.calls == ["made"]
            transport.resume_reading()
        await protocol.lost
        return protocol.calls

    assert run(main) == ["made", ("lost", ConnectionResetError)]


def test_the_waiter_wakes_after_connection_made_and_a_cancelled_one_is_left_alone(run):
    async def main():
        loop = asyncio.get_running_loop()
        outcome = []
        for cancelled in (False, True):
            protocol, waiter = Recorder(), loop.create_future()
            ours, peer = socket.socketpair()
            ours.setblocking(False)
            transport = loop._make_socket_transport(ours, protocol, waiter)
            if cancelled:
                waiter.cancel()
            await turns()
            outcome.append((protocol.calls, waiter.cancelled() or waiter.result()))
            transport.close()
            await protocol.lost
            peer.close()
        return outcome

    calls = ["made", ("lost", type(None))]
    assert run(main) == [(calls, None), (calls, True)]


def test_a_number_that_a_transport_uses_is_refused_to_others(run):
    async def main():
        protocol = Recorder()
        transport, peer = await connected(protocol)
        loop = asyncio.get_running_loop()
        ours = transport.get_extra_info("socket")
        with pytest.raises(RuntimeError, match=r"is used by transport <_SelectorSocketTransport"):
            loop.add_reader(ours.fileno(), print)
        if sys.version_info >= (3, 12):  # Before, asyncio let it pass.
            with pytest.raises(RuntimeError, match=r"is used by transport"):
                loop._make_socket_transport(ours._sock, protocol)
        assert loop._transports[ours.fileno()] is transport
        transport.close()
        await protocol.lost
        peer.close()

    run(main)


def test_calls_run_in_the_context_that_this_python_gives_them(run):
    who = contextvars.ContextVar("who")

    class Asking(Recorder):
        def connection_made(self, transport):
            super().connection_made(transport)
            self.calls.append(who.get())
            who.set("set by connection_made")

        def data_received(self, data):
            self.calls.append(who.get())

        def connection_lost(self, exc):
            self.calls.append(who.get())
            self.lost.set_result(None)

    async def main():
        who.set("maker")
        protocol = Asking()
        transport, peer = await connected(protocol)
        peer.sendall(b"1")
        await turns()
        who.set("resumer")
        transport.pause_reading()
        transport.resume_reading()
        peer.sendall(b"2")
        await turns()
        who.set("closer")
        transport.close()
        await protocol.lost
        peer.close()
        return protocol.calls

    if sys.version_info >= (3, 15):
        # A transport has one context since then, for all that it calls.
        then = ["set by connection_made"] * 3
    else:
        then = ["maker", "resumer", "closer"]
    assert run(main) == ["made", "maker", *then]


def test_a_closed_transport_leaves_nothing_behind(run):
    async def main():
        loop = asyncio.get_running_loop()
        gone = []
        for _ in range(20):
            protocol = Recorder()
            transport, peer = await connected(protocol)
            transport.write(b"x" * 100)
            transport.close()
            await protocol.lost
            peer.close()
            gone.append(weakref.ref(transport))
        del protocol, transport
        await turns()
        gc.collect()
        assert not dict(loop._transports)
        return [reference() for reference in gone]

    assert run(main) == [None] * 20


def test_it_is_asyncios_class_with_asyncios_representation(run):
    async def main():
        protocol = Recorder()
        transport, peer = await connected(protocol)
        assert isinstance(transport, asyncio.Transport)
        assert isinstance(transport, asyncio.selector_events._SelectorSocketTransport)
        await turns(1)
        fd = transport._sock_fd
        shown = [repr(transport)]
        transport.close()
        shown.append(repr(transport))
        await protocol.lost
        shown.append(repr(transport))
        peer.close()
        return [text.replace(f"fd={fd}", "fd=N") for text in shown]

    assert run(main) == [
        "<_SelectorSocketTransport fd=N read=polling write=<idle, bufsize=0>>",
        "<_SelectorSocketTransport closing fd=N read=idle write=<idle, bufsize=0>>",
        "<_SelectorSocketTransport closed fd=N>",
    ]
