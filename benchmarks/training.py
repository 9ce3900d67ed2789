"""The work that the release build learns from: every benchmark and every server, for a moment each.

``tools/profiled_wheel.py`` runs it on an instrumented build, once for each door. The clients of
the servers live in the servers' own loop, so both ends of a connection are exercised.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

from benchmarks.cases import CASES
from benchmarks.implementations import IMPLEMENTATIONS, Implementation
from benchmarks.servers.address import Address
from benchmarks.servers.bulk import CHUNK
from benchmarks.servers.kinds import KINDS, closing
from benchmarks.worker import run

#: Bytes of a message: what most programs send, and what takes several reads.
SIZES = (64, 1024, 65536)
#: Connections, or datagrams, that are on their way at the same time.
AT_ONCE = 10
SECONDS = 0.1
#: Datagrams that have not come back by then have been lost.
LOST_SECONDS = 10

#: Talks to the server there, with messages of so many bytes; how many bytes came back.
Converse = Callable[[ModuleType, Address, int, "Clock"], Awaitable[int]]


class Clock:
    """Says when a conversation has lasted long enough."""

    def __init__(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds

    def rounds(self) -> Iterator[None]:
        """One turn of work after the other, at least one, until the time is over."""
        yield
        while time.monotonic() < self.end:
            yield


async def connect(aio: ModuleType, address: Address):
    if address.family == "unix":
        return await aio.open_unix_connection(address.path)
    return await aio.open_connection(address.host, address.port)


async def echo(aio: ModuleType, address: Address, size: int, clock: Clock) -> int:
    """Lines, each sent back before the next one."""
    line = b"x" * (size - 1) + b"\n"

    async def client() -> int:
        reader, writer = await connect(aio, address)
        came = 0
        for _ in clock.rounds():
            writer.write(line)
            came += len(await reader.readexactly(size))
        writer.close()
        await writer.wait_closed()
        return came

    return sum(await aio.gather(*(client() for _ in range(AT_ONCE))))


async def come_and_go(aio: ModuleType, address: Address, size: int, clock: Clock) -> int:
    """A connection for each message."""
    no_time = Clock(0)
    return sum([await echo(aio, address, size, no_time) for _ in clock.rounds()])


async def pour(aio: ModuleType, address: Address, size: int, clock: Clock) -> int:
    """Bytes one way, then the server's count of them."""
    reader, writer = await connect(aio, address)
    for _ in clock.rounds():
        writer.write(CHUNK)
        await writer.drain()
    writer.write_eof()
    count = await reader.read()
    writer.close()
    return int(count)


async def drink(aio: ModuleType, address: Address, size: int, clock: Clock) -> int:
    """Bytes the other way, until nobody wants more."""
    reader, writer = await connect(aio, address)
    came = sum([len(await reader.read(65536)) for _ in clock.rounds()])
    writer.transport.abort()
    return came


class DatagramClient(asyncio.DatagramProtocol):
    """Sends the next datagram when the answer to one has come."""

    def __init__(self, clock: Clock, message: bytes, ended: asyncio.Future) -> None:
        self.rounds = clock.rounds()
        self.message = message
        self.ended = ended
        self.came = 0

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self.transport = transport
        for _ in range(AT_ONCE):
            transport.sendto(self.message)

    def datagram_received(self, data: bytes, addr: tuple) -> None:
        self.came += len(data)
        if next(self.rounds, self) is not self:
            self.transport.sendto(self.message)
        elif not self.ended.done():
            self.ended.set_result(None)


async def datagrams(aio: ModuleType, address: Address, size: int, clock: Clock) -> int:
    loop = aio.get_running_loop()
    ended = loop.create_future()
    transport, client = await loop.create_datagram_endpoint(
        lambda: DatagramClient(clock, b"x" * min(size, 1024), ended),
        remote_addr=(address.host, address.port),
    )
    await aio.wait_for(ended, LOST_SECONDS)
    transport.close()
    return client.came


#: What is done with each kind of server of ours, and over which families.
CONVERSATIONS: dict[str, tuple[str, list[Converse]]] = {
    **{
        kind: ("tcp unix", [echo, come_and_go])
        for kind in ("protocol", "buffered", "read", "readline", "readexactly", "sock")
    },
    **{kind: ("tcp", [pour]) for kind in ("sink", "sink-streams")},
    **{kind: ("tcp", [drink]) for kind in ("source", "source-streams", "file", "file-sock")},
    "datagram": ("udp", [datagrams]),
}


async def talk(aio: ModuleType, kind: str, seconds: float) -> int:
    """Every conversation with one kind of server; how many bytes came back."""
    families, conversations = CONVERSATIONS[kind]
    came = 0
    for family in families.split():
        for size in SIZES:
            with TemporaryDirectory() as folder:
                address = Address.anywhere(family, Path(folder))
                found, alive = await KINDS[kind].serve(aio, address, size)
                with closing(alive):
                    for converse in conversations:
                        came += await converse(aio, found, size, Clock(seconds))
                    # The connections that the client has closed are gone before the next server.
                    await aio.sleep(0.01)
    return came


def train(implementation: Implementation, seconds: float) -> None:
    """Run each benchmark, and each conversation with each server, for so long."""
    for case in CASES:
        run(case, implementation, repeats=1, seconds=seconds, clock="cpu")
    namespace, factory = implementation.load()
    for kind in CONVERSATIONS:
        with namespace.Runner(loop_factory=factory) as runner:
            came = runner.run(talk(namespace, kind, seconds))
        print(f"{implementation.name}: {kind}: {came} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("implementation", choices=sorted(IMPLEMENTATIONS))
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each piece of work")
    options = parser.parse_args()
    train(IMPLEMENTATIONS[options.implementation], options.seconds)


if __name__ == "__main__":
    main()
