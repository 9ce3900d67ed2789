"""Reading: pausing and resuming at any moment, another protocol, buffered ones and their errors."""

import asyncio
import socket
import threading

import pytest
from recorder import Recorder, connected, turns


def test_paused_reading_delivers_nothing_until_it_is_resumed(run):
    async def main():
        protocol = Recorder()
        transport, peer = await connected(protocol)
        transport.pause_reading()
        transport.pause_reading()
        assert not transport.is_reading()
        peer.sendall(b"waits")
        await turns()
        paused = list(protocol.calls)
        transport.resume_reading()
        transport.resume_reading()
        assert transport.is_reading()
        await turns()
        peer.close()
        await protocol.lost
        return paused, protocol.calls[:2]

    assert run(main) == (["made"], ["made", b"waits"])


def test_a_pause_in_connection_made_holds(run):
    class Pausing(Recorder):
        def connection_made(self, transport):
            super().connection_made(transport)
            transport.pause_reading()

    async def main():
        protocol = Pausing()
        transport, peer = await connected(protocol)
        peer.sendall(b"waits")
        await turns()
        paused = list(protocol.calls)
        transport.resume_reading()
        await turns()
        peer.close()
        await protocol.lost
        return paused, protocol.calls[:2]

    assert run(main) == (["made"], ["made", b"waits"])


def test_a_pause_between_the_event_and_its_turn_holds(run):
    async def main():
        first, second = Recorder(), Recorder()
        transports = []

        def stop_the_other(data, me, other):
            me.calls.append(data)
            transports[other].pause_reading()

        first.data_received = lambda data: stop_the_other(data, first, 1)
        second.data_received = lambda data: stop_the_other(data, second, 0)
        peers = []
        for protocol in (first, second):
            transport, peer = await connected(protocol)
            transports.append(transport)
            peers.append(peer)
        for peer in peers:
            peer.sendall(b"x")
        await turns()
        delivered = sorted([list(first.calls), list(second.calls)])
        for transport, peer in zip(transports, peers, strict=True):
            transport.close()
            peer.close()
        await first.lost
        await second.lost
        return delivered

    assert run(main) == [["made"], ["made", b"x"]]


def test_a_pause_inside_data_received_leaves_the_rest_in_the_kernel(run):
    class OneByOne(Recorder):
        def data_received(self, data):
            super().data_received(len(data).to_bytes(4, "big"))
            self.transport.pause_reading()

    async def main():
        protocol = OneByOne()
        transport, peer = await connected(protocol)
        peer.sendall(b"first")
        await turns()
        peer.sendall(b"second!")
        await turns()
        between = len(protocol.calls)
        transport.resume_reading()
        await turns()
        transport.close()
        await protocol.lost
        peer.close()
        return between, [int.from_bytes(call, "big") for call in protocol.calls[1:-1]]

    assert run(main) == (2, [5, 7])


def test_pausing_a_closing_transport_does_nothing(run):
    async def main():
        protocol = Recorder()
        transport, peer = await connected(protocol)
        transport.close()
        transport.pause_reading()
        transport.resume_reading()
        assert not transport.is_reading()
        await protocol.lost
        transport.pause_reading()
        transport.resume_reading()
        peer.close()
        return protocol.calls

    assert run(main) == ["made", ("lost", type(None))]


def test_large_data_arrives_whole_and_in_order(run):
    class Collecting(Recorder):
        def __init__(self):
            super().__init__()
            self.received = bytearray()
            self.largest = 0

        def data_received(self, data):
            assert type(data) is bytes
            self.received += data
            self.largest = max(self.largest, len(data))

    async def main():
        loop = asyncio.get_running_loop()
        protocol = Collecting()
        transport, peer = await connected(protocol)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        data = bytes(range(256)) * (1 << 14)
        await loop.run_in_executor(None, peer.sendall, data)
        peer.close()
        await protocol.lost
        assert protocol.largest <= transport.max_size == 256 * 1024
        return protocol.received == data

    assert run(main)


def test_max_size_limits_each_read(run):
    async def main():
        protocol = Recorder()
        transport, peer = await connected(protocol)
        transport.max_size = 3
        peer.sendall(b"abcdefgh")
        peer.close()
        await protocol.lost
        return protocol.calls[1:4]

    assert run(main) == [b"abc", b"def", b"gh"]


def test_another_protocol_gets_the_calls_from_the_moment_it_is_set(run):
    async def main():
        first, second = Recorder(), Recorder()
        transport, peer = await connected(first)
        peer.sendall(b"one")
        await turns()
        transport.set_protocol(second)
        assert transport.get_protocol() is second
        peer.sendall(b"two")
        await turns()
        peer.close()
        await second.lost
        return first.calls, second.calls

    assert run(main) == (["made", b"one"], [b"two", "eof", ("lost", type(None))])


def test_a_method_that_an_instance_is_given_later_is_called(run):
    async def main():
        protocol = Recorder()
        _, peer = await connected(protocol)
        peer.sendall(b"one")
        await turns()
        protocol.data_received = lambda data: protocol.calls.append(data.upper())
        peer.sendall(b"two")
        await turns()
        peer.close()
        await protocol.lost
        return protocol.calls[1:3]

    assert run(main) == [b"one", b"TWO"]


class Buffered(asyncio.BufferedProtocol):
    """Gives `buffer` and notes what was put there."""

    def __init__(self, buffer):
        self.buffer = buffer
        self.calls = []
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.transport = transport

    def get_buffer(self, sizehint):
        self.calls.append(("buffer", sizehint))
        return self.buffer

    def buffer_updated(self, nbytes):
        self.calls.append(bytes(memoryview(self.buffer)[:nbytes]))

    def eof_received(self):
        self.calls.append("eof")

    def connection_lost(self, exc):
        self.lost.set_result(exc)


def test_a_buffered_protocol_is_read_into(run):
    async def main():
        protocol = Buffered(bytearray(4))
        _, peer = await connected(protocol)
        peer.sendall(b"sixsix")
        peer.close()
        await protocol.lost
        return protocol.calls

    ask = ("buffer", -1)
    assert run(main) == [ask, b"sixs", ask, b"ix", ask, "eof"]


def test_protocols_of_both_kinds_take_turns(run):
    async def main():
        plain, buffered = Recorder(), Buffered(bytearray(100))
        transport, peer = await connected(plain)
        for protocol, data in ((buffered, b"one"), (plain, b"two"), (buffered, b"three")):
            transport.set_protocol(protocol)
            peer.sendall(data)
            await turns()
        peer.close()
        await buffered.lost
        return plain.calls, buffered.calls

    ask = ("buffer", -1)
    assert run(main) == (["made", b"two"], [ask, b"one", ask, b"three", ask, "eof"])


@pytest.mark.parametrize(
    ("buffer", "message", "error"),
    [
        (bytearray(), "Fatal error: protocol.get_buffer() call failed.", RuntimeError),
        (None, "Fatal error: protocol.get_buffer() call failed.", TypeError),
        (b"read-only", "Fatal read error on socket transport", TypeError),
        ("text", "Fatal read error on socket transport", TypeError),
    ],
)
def test_a_useless_buffer_ends_the_connection_with_a_report(run, buffer, message, error):
    async def main():
        protocol = Buffered(buffer)
        transport, peer = await connected(protocol)
        peer.sendall(b"data")
        told = await protocol.lost
        peer.close()
        (report,) = run.reports
        run.reports.clear()
        assert report["transport"] is transport and report["protocol"] is protocol
        assert report["exception"] is told
        return report["message"], type(told), str(told)

    got_message, got_error, text = run(main)
    assert (got_message, got_error) == (message, error)
    if error is TypeError and buffer is not None:
        assert text.startswith("recv_into() argument 1 must be read-write bytes-like object, not")


@pytest.mark.parametrize("method", ["data_received", "eof_received"])
@pytest.mark.parametrize("kind", [ValueError, ConnectionError])
def test_what_a_protocol_raises_ends_the_connection(run, method, kind):
    """An OSError is taken for one of the network: nobody is told but connection_lost."""

    async def main():
        protocol = Recorder()

        def fail(*_):
            raise kind("from the protocol")

        setattr(protocol, method, fail)
        _, peer = await connected(protocol)
        peer.sendall(b"data")
        peer.shutdown(socket.SHUT_WR)
        told = await protocol.lost
        peer.close()
        reports = [report["message"] for report in run.reports]
        run.reports.clear()
        return str(told), reports

    message = f"Fatal error: protocol.{method}() call failed."
    assert run(main) == ("from the protocol", [message] if kind is ValueError else [])


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_what_must_leave_the_loop_leaves_it_through_a_protocol(loop, kind):
    class Raising(asyncio.Protocol):
        def data_received(self, data):
            raise kind("leave")

    ours, peer = socket.socketpair()
    transport, _ = loop.run_until_complete(loop.create_connection(Raising, sock=ours))
    peer.sendall(b"x")
    with pytest.raises(kind):
        loop.run_forever()
    transport.abort()
    loop.run_until_complete(asyncio.sleep(0.01))
    peer.close()


def test_connection_lost_that_raises_is_reported_and_the_socket_is_closed(run):
    class Raising(Recorder):
        def connection_lost(self, exc):
            super().connection_lost(exc)
            raise ValueError("from connection_lost")

    async def main():
        protocol = Raising()
        transport, peer = await connected(protocol)
        transport.close()
        await protocol.lost
        await turns()
        assert peer.recv(10) == b""
        peer.close()
        (report,) = run.reports
        run.reports.clear()
        assert transport._sock is None
        return str(report["exception"]), report["message"].split(" ")[:2]

    assert run(main) == ("from connection_lost", ["Exception", "in"])


class _Duck(asyncio.BaseProtocol):
    """Neither a Protocol nor a BufferedProtocol, with the methods of the latter."""

    def __init__(self):
        self.room, self.received = bytearray(3), b""
        self.lost = asyncio.get_running_loop().create_future()

    def get_buffer(self, sizehint):
        return self.room

    def buffer_updated(self, nbytes):
        self.received += self.room[:nbytes]

    def eof_received(self):
        pass

    def connection_lost(self, exc):
        self.lost.set_result(exc)


@pytest.mark.only("aioxide")
def test_the_methods_of_a_protocol_of_no_class_say_what_it_wants(run):
    """uvloop's users have such protocols; asyncio fails for want of data_received()."""

    async def main():
        ours, peer = socket.socketpair()
        _, protocol = await asyncio.get_running_loop().create_connection(_Duck, sock=ours)
        peer.sendall(b"hello world")
        peer.close()
        return await protocol.lost, protocol.received

    assert run(main) == (None, b"hello world")


MIB = 1 << 20


def send_and_take(peer, takes):
    """Fill the connection from the other side, and take what comes back meanwhile, if it does."""
    sending = threading.Thread(target=peer.sendall, args=(bytes(MIB),))
    sending.start()
    left = MIB if takes else 0
    while left:
        left -= len(peer.recv(left))
    sending.join()


def sizes_of_bulk(run, protocol_class):
    """How much came at a time of a message that had filled the connection when reading began."""

    async def main():
        protocol = protocol_class()
        transport, peer = await connected(protocol)
        peer.setblocking(True)
        transport.pause_reading()
        takes = protocol_class is Answering
        talking = asyncio.get_running_loop().run_in_executor(None, send_and_take, peer, takes)
        await asyncio.sleep(0.1)
        transport.resume_reading()
        await talking
        peer.close()
        await protocol.lost
        return [len(call) for call in protocol.calls if isinstance(call, bytes)]

    return run(main)


class Answering(Recorder):
    def data_received(self, data):
        super().data_received(data)
        self.transport.write(data)


@pytest.mark.only("aioxide")
def test_bulk_comes_in_pieces_that_the_cache_holds(run):
    assert max(sizes_of_bulk(run, Recorder)) == 64 * 1024


@pytest.mark.only("aioxide")
def test_bulk_that_is_answered_comes_in_larger_pieces(run):
    sizes = sizes_of_bulk(run, Answering)
    assert sizes[0] == 64 * 1024
    assert 64 * 1024 < max(sizes) <= 256 * 1024
    assert sum(sizes) == MIB
