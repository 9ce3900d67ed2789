"""What is done to a transport after its end, and to a loop with transports that nobody closed."""

import asyncio
import gc
import logging
import re
import time
import warnings

import pytest

from faults.scenery import (
    PATIENCE_SECONDS,
    DatagramRecorder,
    Recorder,
    bind_datagrams,
    collect_garbage,
    connect,
)
from toolkit import open_descriptors, settle


def test_writes_after_close_are_dropped_and_warned_of(aio, run, caplog):
    async def main():
        loop = aio.get_running_loop()
        transport, protocol, peer = await connect(aio, Recorder)
        transport.close()
        with caplog.at_level(logging.WARNING, logger="asyncio"):
            for _ in range(10):
                transport.write(b"too late")
        assert await protocol.end() is None
        assert await loop.run_in_executor(None, peer.recv, 100) == b""
        peer.close()

    run(main)
    # The loss itself counts as the first of five that are let pass.
    assert [record.getMessage() for record in caplog.records] == [
        "socket.send() raised exception."
    ] * 6


def test_everything_else_after_the_end_is_harmless(aio, run):
    async def main():
        transport, protocol, peer = await connect(aio, Recorder)
        sock = transport.get_extra_info("socket")
        transport.close()
        await protocol.end()
        await settle(aio)
        transport.close()
        transport.abort()
        transport.pause_reading()
        transport.resume_reading()
        transport.write_eof()
        transport.write(b"")
        assert transport.is_closing() and not transport.is_reading()
        assert transport.get_write_buffer_size() == 0
        assert sock.fileno() == -1
        assert "closed" in repr(transport)
        assert protocol.calls == ["connection_made", "connection_lost"]
        peer.close()

    run(main)


def test_close_and_abort_from_every_callback_end_once(aio, run):
    async def main():
        for name in ("connection_made", "data_received", "eof_received"):
            for ending in ("close", "abort"):

                def end(self, *arguments, name=name, ending=ending):
                    getattr(Recorder, name)(self, *arguments)
                    getattr(self.transport, ending)()
                    assert "connection_lost" not in self.calls
                    self.transport.close()

                protocol_class = type("Ending", (Recorder,), {name: end})
                _, protocol, peer = await connect(aio, protocol_class)
                if name == "eof_received":
                    peer.shutdown(1)
                else:
                    peer.send(b"x")
                assert await protocol.end() is None
                await settle(aio)
                assert protocol.calls[-1] == "connection_lost"
                assert protocol.calls.count("connection_lost") == 1
                peer.close()

    run(main)


def leave_open(aio, loop):
    """A loop that is closed with a server, a connection and a datagram endpoint still open."""

    async def main():
        server = await loop.create_server(Recorder, "127.0.0.1", 0)
        address = server.sockets[0].getsockname()
        connection = await loop.create_connection(Recorder, *address)
        endpoint = await bind_datagrams(aio)
        buffered, _, peer = await connect(aio, Recorder)
        buffered.pause_reading()
        while not buffered.get_write_buffer_size():
            buffered.write(bytes(1 << 20))
        await settle(aio)
        return server, [connection[0], endpoint[0], buffered], peer

    server, transports, peer = loop.run_until_complete(main())
    loop.close()
    return server, transports, peer


def await_closed(before):
    """Wait until no more files are open than before: an executor's thread takes a moment to end."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while open_descriptors() - before:
        assert time.monotonic() < deadline, open_descriptors() - before
        time.sleep(0.001)


def test_a_closed_loop_with_open_transports_warns_and_leaves_no_descriptor(aio, loop_factory):
    collect_garbage()
    before = open_descriptors()
    server, transports, peer = leave_open(aio, loop_factory())
    server.close()
    peer.close()
    del server, peer
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del transports
        collect_garbage()
    messages = [str(warning.message) for warning in caught]
    assert all(warning.category is ResourceWarning for warning in caught), messages
    # The client's, the server's end of it, the datagrams' and the one with a full buffer.
    assert sum(message.startswith("unclosed transport") for message in messages) == 4
    # A warning's source is the transport.
    del caught
    collect_garbage()
    await_closed(before)


def test_a_descriptor_that_a_forgotten_transport_closed_is_not_closed_again(aio, loop_factory):
    """The next file gets its number at once, and must keep it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        server, transports, peer = leave_open(aio, loop_factory())
        numbers = {transport.get_extra_info("socket").fileno() for transport in transports}
        del transports
        collect_garbage()
        left = {"peer": peer.fileno()}
        others = [asyncio.new_event_loop() for _ in range(3)]
        taken = open_descriptors() & numbers
        server.close()
        del server
        collect_garbage()
        assert open_descriptors() >= taken | set(left.values())
        assert taken
        for other in others:
            other.run_until_complete(asyncio.sleep(0))
            other.close()
        peer.close()


def test_a_transport_that_is_closed_after_its_loop_says_so_or_does_nothing(aio, loop_factory):
    server, transports, peer = leave_open(aio, loop_factory())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        for transport in transports:
            try:
                transport.abort()
            except RuntimeError as error:
                assert "Event loop is closed" in str(error)
        assert "fd=" in repr(transports[0])
        server.close()
        peer.close()
        del transports, transport, server
        collect_garbage()


def test_a_forgotten_connection_is_freed_once_it_has_ended(aio, run):
    """Neither the loop nor the cycle of transport and protocol keeps them."""

    async def main():
        _, protocol, peer = await connect(aio, Recorder)
        peer.close()
        await protocol.end()
        await settle(aio)
        _, endpoint = await bind_datagrams(aio)
        endpoint.transport.close()
        await endpoint.lost
        await settle(aio)
        del protocol, endpoint
        collect_garbage()
        return [
            thing for thing in gc.get_objects() if isinstance(thing, Recorder | DatagramRecorder)
        ]

    assert run(main) == []


@pytest.mark.parametrize("kind", ["stream", "datagram"])
def test_an_unclosed_transport_names_itself_in_its_warning(aio, loop_factory, kind):
    loop = loop_factory()

    async def main():
        if kind == "datagram":
            return (await bind_datagrams(aio, asyncio.DatagramProtocol))[0], None
        transport, _, peer = await connect(aio, asyncio.Protocol)
        return transport, peer

    transport, peer = loop.run_until_complete(main())
    loop.close()
    name = repr(transport).partition(" ")[0]
    wanted = re.compile(rf"unclosed transport {name} .*fd=\d+")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del transport
        collect_garbage()
    assert sum(bool(wanted.match(str(warning.message))) for warning in caught) == 1, caught
    if peer is not None:
        peer.close()
