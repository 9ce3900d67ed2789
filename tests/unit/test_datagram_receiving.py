"""Receiving datagrams: order, addresses, and a protocol that acts in the middle of a burst."""

import asyncio
import socket

import pytest
from datagrams import Recorder, ending_after, endpoint, name_of, plain_socket, turns

BURST = [b"%d" % number for number in range(100)]


def send_burst(transport, datagrams=BURST):
    """Hand over datagrams that are all there before the loop looks."""
    with plain_socket() as sender:
        for data in datagrams:
            sender.sendto(data, name_of(transport))
        return sender.getsockname()


def test_a_burst_comes_whole_and_in_order(run):
    async def main():
        async with endpoint() as (transport, protocol):
            sender = send_burst(transport)
            await protocol.wait("received", len(BURST))
            return [call[1:] for call in protocol.calls[1:]] == [(data, sender) for data in BURST]

    assert run(main)


def test_empty_and_large_datagrams_come_as_they_were_sent(run):
    sizes = [0, 1, 1472, 1473, 9000, 65507, 0]

    async def main():
        async with endpoint() as (transport, protocol):
            for size in sizes:
                send_burst(transport, [bytes(size)])
                await protocol.wait("received", 1)
            await protocol.wait("received", len(sizes))
            assert all(type(data) is bytes for data in protocol.received)
            return [len(data) for data in protocol.received]

    assert run(main) == sizes


def test_senders_are_told_apart(run):
    async def main():
        senders = [plain_socket() for _ in range(4)]
        async with endpoint() as (transport, protocol):
            for sender in senders * 3:
                sender.sendto(b"from %d" % sender.getsockname()[1], name_of(transport))
            await protocol.wait("received", 12)
            for _, data, address in protocol.calls[1:]:
                assert data == b"from %d" % address[1]
        for sender in senders:
            sender.close()

    run(main)


def test_ipv6_addresses_have_four_parts(run):
    async def main():
        async with endpoint(local_addr=("::1", 0)) as (transport, protocol):
            with plain_socket(socket.AF_INET6, ("::1", 0)) as sender:
                sender.sendto(b"six", name_of(transport))
                await protocol.wait("received")
                assert protocol.calls[-1] == ("received", b"six", sender.getsockname())
                assert len(sender.getsockname()) == 4
                transport.sendto(b"back", protocol.calls[-1][2])
                assert sender.recvfrom(100)[0] == b"back"

    run(main)


def test_unix_senders_are_paths_abstract_names_or_nothing(run, tmp_path):
    abstract = b"\0aioxide-%d" % id(run)
    names = [str(tmp_path / "sénder"), abstract]

    async def main():
        async with endpoint(local_addr=str(tmp_path / "here"), family=socket.AF_UNIX) as (
            transport,
            protocol,
        ):
            for name in names:
                with plain_socket(socket.AF_UNIX, name) as sender:
                    sender.sendto(b"x", name_of(transport))
                    await protocol.wait("received", len(protocol.received) + 1)
                    transport.sendto(b"back", name)
                    transport.sendto(b"back", protocol.calls[-1][2])
                    assert sender.recv(10) + sender.recv(10) == b"backback"
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.sendto(b"x", name_of(transport))
                await protocol.wait("received", 3)
            return [call[2] for call in protocol.calls if call[0] == "received"]

    assert run(main) == [*names, None]


def test_a_peer_without_a_name_can_send_and_can_not_be_sent_to(run):
    """asyncio takes the empty name of a pair's other end for no peer, and then has no address."""

    async def main():
        one, two = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        async with endpoint(sock=one) as (transport, protocol):
            two.send(b"hello")
            await protocol.wait("received")
            assert protocol.calls == [("made",), ("received", b"hello", None)]
            transport.sendto(b"back")
            await protocol.wait("lost")
        two.close()
        return type(protocol.calls[-1][1])

    assert run(main) is TypeError
    assert run.reports.pop()["message"] == "Fatal write error on datagram transport"


@pytest.mark.parametrize("end", ["close", "abort"])
def test_nothing_comes_after_the_transport_was_closed_in_a_burst(run, end):
    async def main():
        async with endpoint(ending_after(3, end)) as (transport, protocol):
            send_burst(transport)
            await protocol.wait("lost")
        return protocol.names

    assert run(main) == ["made", "received", "received", "received", "lost"]


def test_a_paused_transport_keeps_what_was_received(run):
    class Pausing(Recorder):
        def datagram_received(self, data, addr):
            super().datagram_received(data, addr)
            if len(self.received) % 10 == 0:
                self.transport.pause_reading()

    async def main():
        async with endpoint(Pausing) as (transport, protocol):
            send_burst(transport)
            for count in range(10, 101, 10):
                await protocol.wait("received", count)
                await turns()
                assert protocol.received == BURST[:count]
                assert not transport.is_reading()
                transport.resume_reading()
                assert transport.is_reading()

    run(main)


def test_a_burst_is_split_between_protocols(run):
    class Switching(Recorder):
        def datagram_received(self, data, addr):
            super().datagram_received(data, addr)
            self.transport.set_protocol(other)

    other = None

    async def main():
        nonlocal other
        other = Recorder()
        async with endpoint(Switching) as (transport, protocol):
            send_burst(transport)
            await other.wait("received", len(BURST) - 1)
            assert transport.get_protocol() is other
            return protocol.received, other.received

    assert run(main) == (BURST[:1], BURST[1:])


def test_what_a_datagram_sets_off_runs_before_the_next_one(run):
    order = []

    class Waking(Recorder):
        def datagram_received(self, data, addr):
            super().datagram_received(data, addr)
            order.append(data)
            waiter = self.waiter
            if waiter is not None:
                self.waiter = None
                waiter.set_result(data)

        waiter = None

    async def main():
        loop = asyncio.get_running_loop()
        async with endpoint(Waking) as (transport, protocol):
            protocol.waiter = loop.create_future()
            send_burst(transport, BURST[:20])
            for _ in range(20):
                order.append(b"task got " + await protocol.waiter)
                protocol.waiter = loop.create_future()

    run(main)
    assert order == [text for data in BURST[:20] for text in (data, b"task got " + data)]


def test_a_stopped_loop_delivers_one_datagram_and_the_rest_when_it_runs_again(loop):
    class Stopping(Recorder):
        def datagram_received(self, data, addr):
            super().datagram_received(data, addr)
            loop.stop()

    async def begin():
        return await loop.create_datagram_endpoint(Stopping, local_addr=("127.0.0.1", 0))

    transport, protocol = loop.run_until_complete(begin())
    send_burst(transport, BURST[:5])
    for count in range(1, 6):
        loop.run_forever()
        assert protocol.received == BURST[:count]
    transport.close()
    loop.run_until_complete(protocol.wait("lost"))


def test_exceptions_of_datagram_received_are_reported_and_the_next_datagram_comes(run):
    class Failing(Recorder):
        def datagram_received(self, data, addr):
            super().datagram_received(data, addr)
            raise LookupError(data)

    async def main():
        async with endpoint(Failing) as (transport, protocol):
            send_burst(transport, BURST[:5])
            await protocol.wait("received", 5)
            await turns()
            assert not transport.is_closing()

    run(main)
    assert [report["exception"].args for report in run.reports] == [(data,) for data in BURST[:5]]
    assert "_SelectorDatagramTransport._read_ready" in run.reports[0]["message"]
    run.reports.clear()


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_leaves_the_loop_and_loses_no_datagram(loop, error):
    class Interrupting(Recorder):
        def datagram_received(self, data, addr):
            super().datagram_received(data, addr)
            if len(self.received) == 2:
                raise error

    async def begin():
        return await loop.create_datagram_endpoint(Interrupting, local_addr=("127.0.0.1", 0))

    transport, protocol = loop.run_until_complete(begin())
    send_burst(transport, BURST[:5])
    with pytest.raises(error):
        loop.run_until_complete(protocol.wait("received", 5))
    assert protocol.received == BURST[:2]
    loop.run_until_complete(protocol.wait("received", 5))
    assert protocol.received == BURST[:5]
    transport.close()
    loop.run_until_complete(protocol.wait("lost"))


def test_callbacks_run_in_the_context_of_the_endpoint(run):
    import contextvars

    variable = contextvars.ContextVar("variable", default="unset")

    class Looking(Recorder):
        def datagram_received(self, data, addr):
            self.note("received", variable.get())
            variable.set("changed")

    async def main():
        variable.set("endpoint")
        async with endpoint(Looking) as (transport, protocol):
            variable.set("later")
            send_burst(transport, [b"1"])
            await protocol.wait("received", 1)
            send_burst(transport, [b"2"])
            await protocol.wait("received", 2)
            return protocol.received, variable.get()

    assert run(main) == (["endpoint", "changed"], "later")
