"""Streams without sockets: a reader that is fed from memory, and tasks in a row.

One operation is a line, a frame, a request, an item at the end of the row, a waiter woken. The
reader is fed by a callback, as a transport does it, so that reads wait as often as they do on a
fast network.
"""

import functools
import itertools
import math
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from benchmarks.case import Case, expect
from benchmarks.cases.synchronisation import event_waiters_of

LINE = b"x" * 99 + b"\n"
#: What one read of a socket gives at most, as asyncio's transports ask for it.
CHUNK = 2**18
REQUEST = (
    b"GET /articles/42?page=3 HTTP/1.1\r\nHost: example.org\r\nUser-Agent: bench/1.0\r\n"
    b"Accept: text/html,application/xhtml+xml\r\nAccept-Encoding: gzip\r\n"
    b"Content-Length: 11\r\n\r\nhello world"
)
STAGES = 5
WAITERS = 1_000


@functools.lru_cache
def period(unit: bytes, chunk: int) -> tuple[bytes, ...]:
    """The chunks after which an endless repetition of `unit` begins anew with a chunk."""
    length = math.lcm(len(unit), chunk)
    block = unit * (length // len(unit))
    return tuple(block[start : start + chunk] for start in range(0, length, chunk))


def chunks(unit: bytes, count: int, chunk: int) -> Iterator[bytes]:
    """`unit * count` in chunks. They are made once: making bytes is not what is measured."""
    whole, rest = divmod(len(unit) * count, chunk)
    pieces = itertools.cycle(period(unit, chunk))
    yield from itertools.islice(pieces, whole)
    yield next(pieces)[:rest]


class Feeder:
    """A transport that has `unit * count` to give, a chunk in each turn, and stops when told to."""

    def __init__(self, aio: ModuleType, reader: Any, unit: bytes, count: int, chunk: int) -> None:
        self.loop = aio.get_running_loop()
        self.chunks = chunks(unit, count, chunk)
        self.reader = reader
        self.reading = True
        reader.set_transport(self)
        self.loop.call_soon(self.feed)

    def feed(self) -> None:
        if not self.reading:
            return
        chunk = next(self.chunks, None)
        if chunk is None:
            self.reader.feed_eof()
            return
        self.reader.feed_data(chunk)
        self.loop.call_soon(self.feed)

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True
        self.loop.call_soon(self.feed)


async def readline_of_100_bytes(aio: ModuleType, count: int) -> int:
    reader = aio.StreamReader()
    Feeder(aio, reader, LINE, count, CHUNK)
    lines = 0
    while await reader.readline():
        lines += 1
    return lines


async def readline_one_at_a_time(aio: ModuleType, count: int) -> int:
    """Every line is waited for."""
    reader = aio.StreamReader()
    Feeder(aio, reader, LINE, count, len(LINE))
    lines = 0
    while await reader.readline():
        lines += 1
    return lines


def readexactly_of(size: int) -> Any:
    async def readexactly(aio: ModuleType, count: int) -> int:
        reader = aio.StreamReader()
        Feeder(aio, reader, bytes(size), count, CHUNK)
        for _ in range(count):
            expect(len(await reader.readexactly(size)), size, "bytes of a frame")
        return count

    return readexactly


async def http_requests(aio: ModuleType, count: int) -> int:
    """A request's head by `readuntil`, then its body by the length that the head gives."""
    reader = aio.StreamReader()
    Feeder(aio, reader, REQUEST, count, 4 * len(REQUEST))
    for _ in range(count):
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head[:-4].split(b"\r\n")
        headers = dict(line.split(b": ", 1) for line in lines)
        body = await reader.readexactly(int(headers[b"Content-Length"]))
        expect((first[:4], body), (b"GET ", b"hello world"), "request")
    return count


async def pipeline(aio: ModuleType, count: int) -> int:
    """Five tasks in a row, a bounded queue between each two."""
    queues = [aio.Queue(10) for _ in range(STAGES + 1)]

    async def stage(source: Any, target: Any) -> None:
        while True:
            item = await source.get()
            await target.put(item)
            if item is None:
                return

    async def produce() -> None:
        for number in range(count):
            await queues[0].put(number)
        await queues[0].put(None)

    tasks = [aio.create_task(produce())]
    tasks += [aio.create_task(stage(queues[n], queues[n + 1])) for n in range(STAGES)]
    arrived = 0
    while (item := await queues[-1].get()) is not None:
        expect(item, arrived, "order of the items")
        arrived += 1
    for task in tasks:
        await task
    return arrived


CASES = (
    Case("readline_100", "readline, 100 bytes", readline_of_100_bytes, aim=4),
    Case("readline_waiting", "readline, each waited for", readline_one_at_a_time, aim=4),
    Case("readexactly_16", "readexactly, 16 B", readexactly_of(16), aim=4),
    Case("readexactly_1k", "readexactly, 1 KiB", readexactly_of(2**10), aim=4),
    Case("readexactly_64k", "readexactly, 64 KiB", readexactly_of(2**16), aim=1.5),
    Case("readexactly_1m", "readexactly, 1 MiB", readexactly_of(2**20), aim=1),
    Case("http_parser", "HTTP requests, readuntil", http_requests, aim=2),
    Case("pipeline_5", "pipeline of 5 stages", pipeline, aim=4),
    Case("event_1000", "Event, 1,000 waiters", event_waiters_of(WAITERS), aim=5, group=WAITERS),
)
