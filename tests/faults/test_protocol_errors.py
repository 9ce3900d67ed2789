"""Protocols whose methods raise: what is reported, and what becomes of the connection."""

import asyncio
import errno

import pytest

from faults.scenery import (
    BufferedRecorder,
    DatagramRecorder,
    Recorder,
    bind_datagrams,
    connect,
    unix_pair,
    until,
)
from toolkit import settle

MIB = 1 << 20


class Mishap(Exception):
    """What the protocols of these tests raise."""


def raising(base, name, error=Mishap):
    """A protocol class like ``base`` whose method of that name does its work and then raises."""

    def method(self, *arguments):
        getattr(super(cls, self), name)(*arguments)
        raise error(name)

    cls = type(f"Raising_{name}", (base,), {name: method})
    return cls


def take_report(run, error=Mishap):
    """The one thing that was reported; its message."""
    assert len(run.reports) == 1, run.reports
    report = run.reports.pop()
    assert isinstance(report["exception"], error)
    return report


@pytest.mark.parametrize(
    ("base", "name", "provoke"),
    [
        (Recorder, "data_received", lambda peer: peer.send(b"x")),
        (Recorder, "eof_received", lambda peer: peer.shutdown(1)),
        (BufferedRecorder, "buffer_updated", lambda peer: peer.send(b"x")),
        (BufferedRecorder, "eof_received", lambda peer: peer.shutdown(1)),
    ],
)
def test_raising_while_reading_ends_the_connection_with_that_error(aio, run, base, name, provoke):
    async def main():
        transport, protocol, peer = await connect(aio, raising(base, name))
        provoke(peer)
        error = await protocol.end()
        assert isinstance(error, Mishap)
        assert transport.is_closing()
        await settle(aio)
        report = take_report(run)
        assert report["message"] == f"Fatal error: protocol.{name}() call failed."
        assert report["exception"] is error
        assert report["transport"] is transport and report["protocol"] is protocol
        assert protocol.calls.count("connection_lost") == 1
        peer.close()

    run(main)


def test_an_os_error_of_a_protocol_is_not_reported_but_ends_the_connection(aio, run):
    async def main():
        factory = raising(Recorder, "data_received", lambda name: OSError(errno.EIO, name))
        _, protocol, peer = await connect(aio, factory)
        peer.send(b"x")
        error = await protocol.end()
        assert error.errno == errno.EIO
        peer.close()

    run(main)


def test_get_buffer_that_raises_ends_the_connection(aio, run):
    class Refusing(BufferedRecorder):
        def get_buffer(self, sizehint):
            raise Mishap("get_buffer")

    async def main():
        _, protocol, peer = await connect(aio, Refusing)
        peer.send(b"x")
        assert isinstance(await protocol.end(), Mishap)
        report = take_report(run)
        assert report["message"] == "Fatal error: protocol.get_buffer() call failed."
        peer.close()

    run(main)


def test_connection_made_that_raises_is_reported_and_the_connection_goes_on(aio, run):
    async def main():
        transport, protocol, peer = await connect(aio, raising(Recorder, "connection_made"))
        report = take_report(run)
        assert report["message"].startswith("Exception in callback")
        peer.send(b"hello")
        await until(aio, lambda: protocol.data)
        assert protocol.data == b"hello"
        transport.close()
        assert await protocol.end() is None
        peer.close()

    run(main)


def test_connection_lost_that_raises_is_reported_and_the_socket_is_closed(aio, run):
    async def main():
        loop = aio.get_running_loop()
        transport, protocol, peer = await connect(aio, raising(Recorder, "connection_lost"))
        sock = transport.get_extra_info("socket")
        transport.close()
        await protocol.end()
        await settle(aio)
        assert take_report(run)["message"].startswith("Exception in callback")
        assert sock.fileno() == -1
        assert await loop.run_in_executor(None, peer.recv, 1) == b""
        peer.close()

    run(main)


@pytest.mark.parametrize("name", ["pause_writing", "resume_writing"])
def test_flow_control_that_raises_is_reported_and_nothing_is_lost(aio, run, name):
    async def main():
        loop = aio.get_running_loop()
        transport, protocol, peer = await connect(aio, raising(Recorder, name), unix_pair)
        peer.setblocking(False)
        transport.write(bytes(MIB))
        received = 0
        while received < MIB:
            received += len(await loop.sock_recv(peer, MIB))
        await until(aio, lambda: transport.get_write_buffer_size() == 0)
        assert protocol.calls == ["connection_made", "pause_writing", "resume_writing"]
        report = take_report(run)
        assert report["message"] == f"protocol.{name}() failed"
        assert report["transport"] is transport and report["protocol"] is protocol
        transport.close()
        assert await protocol.end() is None
        peer.close()

    run(main)


def test_datagram_received_that_raises_is_reported_and_the_next_one_comes(aio, run):
    async def main():
        receiver, protocol = await bind_datagrams(
            aio, raising(DatagramRecorder, "datagram_received")
        )
        sender, _ = await bind_datagrams(aio)
        address = receiver.get_extra_info("sockname")
        for number, text in enumerate([b"one", b"two", b"three"], 1):
            sender.sendto(text, address)
            await until(aio, lambda wanted=number: len(run.reports) == wanted)
        assert protocol.received == [b"one", b"two", b"three"]
        assert not receiver.is_closing()
        for report in run.reports:
            assert isinstance(report["exception"], Mishap)
        run.reports.clear()
        receiver.close()
        sender.close()
        await protocol.lost

    run(main)


def test_error_received_that_raises_out_of_sendto_reaches_the_caller(aio, run):
    async def main():
        transport, protocol = await bind_datagrams(aio, raising(DatagramRecorder, "error_received"))
        with pytest.raises(Mishap):
            transport.sendto(bytes(70_000), ("127.0.0.1", 9))
        assert [error.errno for error in protocol.errors] == [errno.EMSGSIZE]
        transport.close()
        await protocol.lost

    run(main)


@pytest.mark.parametrize("signal", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize(
    ("base", "name"), [(Recorder, "data_received"), (BufferedRecorder, "buffer_updated")]
)
def test_an_order_to_stop_leaves_the_loop(aio, loop, base, name, signal):
    started = loop.create_future()

    async def main():
        started.set_result(await connect(aio, raising(base, name, signal)))
        started.result()[2].send(b"x")
        await aio.sleep(10)

    task = loop.create_task(main())
    with pytest.raises(signal):
        loop.run_until_complete(task)
    transport, protocol, peer = started.result()
    assert not transport.is_closing()
    task.cancel()
    transport.abort()
    loop.run_until_complete(asyncio.wait([task, protocol.lost]))
    peer.close()


def test_a_protocol_that_is_changed_while_it_raises_is_told_of_the_end(aio, run):
    async def main():
        second = Recorder()

        class Changing(Recorder):
            def data_received(self, data):
                self.transport.set_protocol(second)
                raise Mishap("after the change")

        _, first, peer = await connect(aio, Changing)
        peer.send(b"x")
        assert isinstance(await second.end(), Mishap)
        assert first.calls == ["connection_made"] and second.calls == ["connection_lost"]
        assert take_report(run)["protocol"] is second
        peer.close()

    run(main)
