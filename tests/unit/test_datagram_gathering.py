"""Answers to a burst of datagrams leave together, and the protocol can't tell."""

import asyncio
import socket

import pytest
from datagrams import Recorder, ending_after, endpoint, name_of, plain_socket

BURST = [b"%d" % number for number in range(100)]
PATIENCE_SECONDS = 10


class Echo(Recorder):
    """Sends each datagram back, and keeps what the transport says of itself meanwhile."""

    def datagram_received(self, data, addr):
        self.transport.sendto(data, addr)
        self.note("sent", self.transport.get_write_buffer_size())
        super().datagram_received(data, addr)


def answers(run, factory, burst, count=None):
    """What comes back for a burst that is all there before the loop looks; the protocol's calls."""

    async def main():
        async with endpoint(factory) as (transport, protocol):
            with plain_socket() as sender:
                sender.settimeout(PATIENCE_SECONDS)
                for data in burst:
                    sender.sendto(data, name_of(transport))
                await protocol.wait("received", len(burst) if count is None else count)
                await asyncio.sleep(0)
                expected = [data for data in burst if len(data) > 0]
                received = [sender.recv(1 << 16) for _ in expected[:count]]
            return received, protocol.calls

    return run(main)


def test_every_answer_comes_in_order_and_none_waits_for_whoever_asks(run):
    received, calls = answers(run, Echo, BURST)
    assert received == BURST
    assert {call[1] for call in calls if call[0] == "sent"} == {0}


def test_large_answers_keep_their_place_among_small_ones(run):
    burst = [bytes([number]) * (5000 if number % 3 else 10) for number in range(1, 30)]
    received, _ = answers(run, Echo, burst)
    assert received == burst


def test_answers_of_other_types_keep_their_place(run):
    class Copying(Echo):
        def datagram_received(self, data, addr):
            kind = (bytes, bytearray, memoryview)[len(self.received) % 3]
            super().datagram_received(kind(data), addr)

    received, _ = answers(run, Copying, BURST)
    assert received == BURST


def test_names_keep_their_place(run):
    class ByName(Recorder):
        def datagram_received(self, data, addr):
            host = "localhost" if len(self.received) % 3 else addr[0]
            self.transport.sendto(data, (host, addr[1]))
            super().datagram_received(data, addr)

    received, _ = answers(run, ByName, BURST[:20])
    assert received == BURST[:20]


@pytest.mark.parametrize("end", ["close", "abort"])
def test_what_was_sent_before_the_end_has_left(run, end):
    received, calls = answers(run, ending_after(5, end, Echo), BURST, 5)
    assert received == BURST[:5]
    assert [call[0] for call in calls].count("received") == 5


def test_an_exception_holds_no_answer_back(run):
    class Failing(Echo):
        def datagram_received(self, data, addr):
            super().datagram_received(data, addr)
            if len(self.received) % 10 == 0:
                raise RuntimeError("that is enough")

    received, _ = answers(run, Failing, BURST)
    assert received == BURST
    assert len(run.reports) == 10
    run.reports.clear()


def test_a_datagram_that_can_not_be_sent_is_reported_and_the_others_arrive(run):
    class ToNobody(Echo):
        def datagram_received(self, data, addr):
            if len(self.received) == 7:
                self.transport.sendto(b"nowhere", ("127.0.0.1", 0))
            super().datagram_received(data, addr)

    received, calls = answers(run, ToNobody, BURST)
    assert received == BURST
    assert [call for call in calls if call[0] == "error"] == [("error", "OSError")]


def test_a_protocol_that_is_told_of_an_error_may_send(run):
    class Stubborn(Echo):
        def datagram_received(self, data, addr):
            self.sender = addr
            if data == b"7":
                self.transport.sendto(b"nowhere", ("127.0.0.1", 0))
            else:
                super().datagram_received(data, addr)
            if data == b"7":
                self.note("received", data, addr)

        def error_received(self, exc):
            super().error_received(exc)
            self.transport.sendto(b"7", self.sender)

    received, _ = answers(run, Stubborn, BURST)
    assert sorted(received) == sorted(BURST)


def test_a_full_socket_queues_answers_and_says_so(run, tmp_path):
    """A Unix socket has room for few datagrams: what it does not take waits, in order."""
    path = str(tmp_path / "client")

    class Answering(Recorder):
        def datagram_received(self, data, addr):
            for number in range(40):
                self.transport.sendto(b"%s %d" % (data, number), addr)
            self.note("waiting", self.transport.get_write_buffer_size())
            super().datagram_received(data, addr)

    async def main():
        name = str(tmp_path / "server")
        options = {"local_addr": name, "family": socket.AF_UNIX}
        async with endpoint(Answering, **options) as (transport, protocol):
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
                client.bind(path)
                client.setblocking(False)
                for data in (b"a", b"b", b"c"):
                    client.sendto(data, name)
                await protocol.wait("received", 3)
                assert transport.get_write_buffer_size() > 0
                received = []
                async with asyncio.timeout(PATIENCE_SECONDS):
                    while len(received) < 120:
                        try:
                            received.append(client.recv(100))
                        except BlockingIOError:
                            await asyncio.sleep(0.001)
                assert transport.get_write_buffer_size() == 0
            return received

    assert run(main) == [b"%s %d" % (data, n) for data in (b"a", b"b", b"c") for n in range(40)]
