"""Bursts that pass through the kernel as one message: the protocol gets datagrams, one by one."""

import asyncio
import socket

import pytest
from datagrams import Recorder, ending_after, endpoint, name_of, plain_socket

from toolkit import is_ours

#: `<linux/udp.h>`: cut a message into datagrams of this size; hand over several as one message.
UDP_SEGMENT, UDP_GRO = 103, 104
#: `<asm-generic/socket.h>`: no check sums, without which the kernel cuts no messages.
SO_NO_CHECK = 11
ON = 1
PATIENCE_SECONDS = 10
SIZE = 6
BURST = [b"%06d" % number for number in range(50)] + [b"end"]


def bursting_socket(size=SIZE, family=socket.AF_INET, address=("127.0.0.1", 0)):
    """A socket whose messages are cut into datagrams of `size` bytes."""
    sender = plain_socket(family, address)
    sender.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, size)
    return sender


def is_coalescing(transport):
    return transport.get_extra_info("socket").getsockopt(socket.IPPROTO_UDP, UDP_GRO)


class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        self.transport.sendto(data, addr)


def received(run, factory=Recorder, burst=BURST, count=None, **options):
    """The protocol's calls for one message that is cut into `burst`."""

    async def main():
        async with endpoint(factory, **options) as (transport, protocol):
            with bursting_socket(len(burst[0])) as sender:
                sender.sendto(b"".join(burst), name_of(transport))
                await protocol.wait("received", len(burst) if count is None else count)
                await asyncio.sleep(0.01 if count is not None else 0)
                address = sender.getsockname()
            return [call for call in protocol.calls if call[0] == "received"], address

    return run(main)


@pytest.mark.parametrize("size", [1, 200, 1200])
def test_a_burst_arrives_datagram_by_datagram(run, size):
    burst = [bytes([number]) * size for number in range(40)]
    calls, address = received(run, burst=burst)
    assert calls == [("received", data, address) for data in burst]


def test_the_last_one_may_be_shorter(run):
    calls, address = received(run)
    assert calls == [("received", data, address) for data in BURST]


def test_bursts_over_ipv6(run):
    async def main():
        async with endpoint(Recorder, local_addr=("::1", 0)) as (transport, protocol):
            with bursting_socket(SIZE, socket.AF_INET6, ("::1", 0)) as sender:
                sender.sendto(b"".join(BURST), name_of(transport)[:2])
                await protocol.wait("received", len(BURST))
                assert {call[2] for call in protocol.calls if call[0] == "received"} == {
                    sender.getsockname()
                }
            assert protocol.received == BURST

    run(main)


def test_bursts_of_several_senders_keep_their_names(run):
    async def main():
        async with endpoint() as (transport, protocol):
            senders = [bursting_socket(2) for _ in range(3)]
            for number, sender in enumerate(senders):
                sender.sendto(b"%d;" % number * 20, name_of(transport))
            await protocol.wait("received", 60)
            found = [call[1:] for call in protocol.calls if call[0] == "received"]
            names = [sender.getsockname() for sender in senders]
            assert found == [(b"%d;" % n, names[n]) for n in range(3) for _ in range(20)]
            for sender in senders:
                sender.close()

    run(main)


def test_a_connected_endpoint_gets_bursts(run):
    async def main():
        with bursting_socket() as peer:
            async with endpoint(Recorder, remote_addr=peer.getsockname()) as (transport, protocol):
                peer.sendto(b"".join(BURST), name_of(transport))
                await protocol.wait("received", len(BURST))
                assert protocol.received == BURST

    run(main)


@pytest.mark.parametrize("end", ["close", "abort"])
def test_a_closed_transport_delivers_no_more_of_a_burst(run, end):
    calls, _ = received(run, ending_after(5, end), count=5)
    assert [call[1] for call in calls] == BURST[:5]


def test_what_a_datagram_sets_off_runs_before_the_next_one(run):
    class Spawning(Recorder):
        def datagram_received(self, data, addr):
            super().datagram_received(data, addr)
            asyncio.get_running_loop().call_soon(self.note, "ran", data)

    async def main():
        async with endpoint(Spawning) as (transport, protocol):
            with bursting_socket() as sender:
                sender.sendto(b"".join(BURST), name_of(transport))
                await protocol.wait("ran", len(BURST))
            order = [call[:2] for call in protocol.calls if call[0] in ("received", "ran")]
            assert order == [(what, data) for data in BURST for what in ("received", "ran")]

    run(main)


def test_an_exception_costs_no_other_datagram(run):
    class Failing(Recorder):
        def datagram_received(self, data, addr):
            super().datagram_received(data, addr)
            raise RuntimeError("that is enough")

    calls, _ = received(run, Failing)
    assert [call[1] for call in calls] == BURST
    assert len(run.reports) == len(BURST)
    run.reports.clear()


def answers(run, refuse=False):
    """The messages that an echo's answers to a burst make, as a socket for bursts sees them."""

    async def main():
        async with endpoint(Echo) as (transport, _):
            if refuse:
                transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, ON)
            with bursting_socket() as sender:
                sender.setsockopt(socket.IPPROTO_UDP, UDP_GRO, ON)
                sender.sendto(b"".join(BURST), name_of(transport))
                sender.setblocking(False)
                messages = []
                loop = asyncio.get_running_loop()
                async with asyncio.timeout(PATIENCE_SECONDS):
                    while sum(map(len, messages)) < sum(map(len, BURST)):
                        messages.append(await loop.sock_recv(sender, 1 << 16))
            return messages, is_ours(transport)

    return run(main)


def test_answers_to_a_burst_leave_as_a_burst(run):
    messages, ours = answers(run)
    assert b"".join(messages) == b"".join(BURST)
    assert (len(messages) < len(BURST)) == ours


def test_answers_arrive_where_the_kernel_sends_no_bursts(run):
    messages, _ = answers(run, refuse=True)
    assert messages == BURST


def test_a_socket_made_for_the_transport_takes_bursts(run):
    async def main():
        async with endpoint() as (transport, _):
            assert is_coalescing(transport) == is_ours(transport)

    run(main)


def test_a_socket_of_the_programs_own_is_left_as_it_is(run):
    async def main():
        for wanted in (False, True):
            sock = plain_socket()
            sock.setsockopt(socket.IPPROTO_UDP, UDP_GRO, wanted)
            async with endpoint(Recorder, sock=sock) as (transport, protocol):
                assert is_coalescing(transport) == wanted
                if wanted and not is_ours(transport):
                    continue  # asyncio hands the whole message over as one datagram
                with bursting_socket() as sender:
                    sender.sendto(b"".join(BURST), name_of(transport))
                    await protocol.wait("received", len(BURST))
                    assert protocol.received == BURST

    run(main)


def test_unix_sockets_know_nothing_of_it(run, tmp_path):
    async def main():
        name = str(tmp_path / "socket")
        options = {"local_addr": name, "family": socket.AF_UNIX}
        async with endpoint(Recorder, **options) as (_, protocol):
            with plain_socket(socket.AF_UNIX, "") as sender:
                for data in (b"one", b"two"):
                    sender.sendto(data, name)
            await protocol.wait("received", 2)
            assert protocol.received == [b"one", b"two"]

    run(main)
