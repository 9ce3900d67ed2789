"""Large reads that wait, whose bytes are received where they will stay."""

import asyncio
import contextlib
import random
import tracemalloc

import pytest

from toolkit import stream_pair

MIB = 2**20
#: A stream has to see bulk come before it expects more of it: what is sent ahead of a frame.
BULK = 65536


@contextlib.asynccontextmanager
async def connected(aio, **options):
    """A reader and its writer, and the socket at the other end."""
    with stream_pair() as (one, other):
        reader, writer = await aio.open_connection(sock=one, **options)
        try:
            yield reader, writer, other
        finally:
            writer.close()


def bytes_of(size, seed=0):
    return random.Random(seed).randbytes(size)


def send(aio, other, *pieces):
    """A task that sends the pieces, with a pause between."""

    async def work():
        loop = aio.get_running_loop()
        for piece in pieces:
            await loop.sock_sendall(other, piece)
            await aio.sleep(0.01)

    return aio.create_task(work())


@pytest.mark.parametrize("size", [BULK, 2 * BULK, 2 * BULK + 1, MIB, MIB + 7, 20 * MIB])
@pytest.mark.parametrize("limit", [1000, 2**16, 2**22])
def test_frames_one_after_the_other(aio, run, size, limit):
    frames = [bytes_of(size, seed) for seed in range(3 if size > MIB else 8)]

    async def main():
        async with connected(aio, limit=limit) as (reader, _, other):
            sending = send(aio, other, b"".join(frames))
            for frame in frames:
                assert await reader.readexactly(size) == frame
            await sending
            assert reader._transport.is_reading()

    run(main)


def test_frames_of_mixed_sizes_in_pieces_of_any_size(aio, run):
    source = random.Random(2)
    sizes = [source.choice([1, 100, BULK, 3 * BULK, MIB, 2 * MIB]) for _ in range(40)]
    data = bytes_of(sum(sizes), 3)

    async def main():
        async with connected(aio) as (reader, _, other):
            sending = send(aio, other, *pieces())
            place = 0
            for size in sizes:
                assert await reader.readexactly(size) == data[place : place + size]
                place += size
            await sending

    def pieces():
        place = 0
        while place < len(data):
            size = source.choice([1, 1000, BULK, 4 * BULK, MIB])
            yield data[place : place + size]
            place += size

    run(main)


async def give_up(aio, reader, other, data):
    """Wait for a frame of which `data` arrives, and cease to wait."""
    reading = aio.create_task(reader.readexactly(2 * MIB))
    await send(aio, other, data[:BULK], data[BULK:])
    for _ in range(5):
        await aio.sleep(0.01)
    reading.cancel()
    with pytest.raises(aio.CancelledError):
        await reading


@pytest.mark.parametrize("after", ["read", "readexactly", "larger", "readuntil", "buffer"])
def test_a_read_that_is_given_up_leaves_its_bytes_to_the_next(aio, run, after):
    data = bytes_of(3 * BULK).replace(b"\n", b" ") + b"\n"
    rest = bytes_of(2 * MIB, 1)

    async def main():
        async with connected(aio) as (reader, _, other):
            await give_up(aio, reader, other, data)
            taken = b""
            if after == "read":
                taken = await reader.read(10)
                assert len(taken) == 10
            elif after == "readuntil":
                with pytest.raises(aio.LimitOverrunError):
                    await reader.readuntil(b"\n")
            elif after == "buffer":
                assert bytes(reader._buffer) == data
            elif after == "larger":
                sending = send(aio, other, rest)
                taken = await reader.readexactly(len(data) + MIB)
            if after != "larger":
                taken += await reader.readexactly(len(data) - len(taken))
                sending = send(aio, other, rest)
            missing = len(data) + len(rest) - len(taken)
            assert taken + await reader.readexactly(missing) == data + rest
            await sending

    run(main)


def test_closing_while_a_frame_is_waited_for(aio, run):
    async def main():
        async with connected(aio) as (reader, writer, other):
            reading = aio.create_task(reader.readexactly(2 * MIB))
            await send(aio, other, bytes_of(BULK), bytes_of(2 * BULK))
            writer.close()
            with pytest.raises(aio.IncompleteReadError) as caught:
                await reading
            assert len(caught.value.partial) == 3 * BULK

    run(main)


def test_the_end_in_the_middle_of_a_frame(aio, run):
    data = bytes_of(5 * BULK + 5)

    async def main():
        async with connected(aio) as (reader, _, other):
            reading = aio.create_task(reader.readexactly(MIB))
            await send(aio, other, data[:BULK], data[BULK:])
            other.shutdown(1)
            with pytest.raises(aio.IncompleteReadError) as caught:
                await reading
            assert caught.value.partial == data
            assert caught.value.expected == MIB
            assert reader.at_eof()

    run(main)


def test_bytes_that_are_fed_between_those_that_are_received(aio, run):
    data = bytes_of(4 * BULK)
    fed = bytes_of(MIB, 1)

    async def main():
        async with connected(aio) as (reader, _, other):
            reading = aio.create_task(reader.readexactly(MIB))
            await send(aio, other, data[:BULK], data[BULK:])
            await aio.sleep(0.02)
            reader.feed_data(fed[:100])
            reader.feed_data(bytearray(fed[100:]))
            assert await reading == (data + fed)[:MIB]
            assert await reader.readexactly(len(data)) == fed[-len(data) :]

    run(main)


def test_an_error_while_a_frame_is_waited_for(aio, run):
    async def main():
        async with connected(aio) as (reader, _, other):
            reading = aio.create_task(reader.readexactly(MIB))
            await send(aio, other, bytes_of(BULK), bytes_of(2 * BULK))
            reader.set_exception(ZeroDivisionError("for a test"))
            with pytest.raises(ZeroDivisionError):
                await reading
            with pytest.raises(ZeroDivisionError):
                await reader.readexactly(1)

    run(main)


def test_max_size_of_the_transport_holds(aio, run):
    data = bytes_of(MIB)

    async def main():
        async with connected(aio) as (reader, writer, other):
            writer.transport.max_size = 50_000
            sending = send(aio, other, data)
            assert await reader.readexactly(MIB) == data
            await sending

    run(main)


@pytest.mark.only("aioxide")
def test_a_frame_is_not_copied_together(aio, run):
    size = 8 * MIB
    data = bytes_of(size)

    async def main():
        async with connected(aio) as (reader, _, other):
            sending = send(aio, other, data, data)
            await reader.readexactly(size)
            tracemalloc.start()
            try:
                frame = await reader.readexactly(size)
                peak = tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
            assert frame == data
            await sending
            return peak

    assert run(main) < 1.2 * size


@pytest.mark.only("aioxide")
def test_a_transport_is_not_stopped_for_a_frame(aio, run, monkeypatch):
    async def main():
        async with connected(aio, limit=1000) as (reader, _, other):
            sending = send(aio, other, bytes_of(BULK), bytes_of(MIB - BULK))
            reading = aio.create_task(reader.readexactly(MIB))
            stops = 0
            while not reading.done():
                stops += reader._paused
                await asyncio.sleep(0)
            await sending
            return stops

    # The first receives, which nobody knew to be the beginning of a frame, may stop it.
    assert run(main) <= 2
