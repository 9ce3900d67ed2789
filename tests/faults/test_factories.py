"""Factories that raise, or return what is no protocol: nothing is left open."""

import asyncio

import pytest

from faults.scenery import (
    Recorder,
    bind_datagrams,
    collect_garbage,
    connect,
)
from toolkit import open_descriptors, settle

# asyncio leaves the socket of some of these to the garbage collector, which says so.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")


class Mishap(Exception):
    """What the factories of these tests raise."""


def refuse():
    raise Mishap("no protocol today")


def test_a_connection_whose_factory_raises_fails_with_that_error(aio, run):
    async def main():
        loop = aio.get_running_loop()
        server = await loop.create_server(asyncio.Protocol, "127.0.0.1", 0)
        before = open_descriptors()
        with pytest.raises(Mishap):
            await loop.create_connection(refuse, *server.sockets[0].getsockname())
        with pytest.raises(Mishap):
            await bind_datagrams(aio, refuse)
        with pytest.raises(Mishap):
            await connect(aio, refuse)
        await settle(aio)
        collect_garbage()
        await settle(aio)
        left = open_descriptors() - before
        server.close()
        return left

    left = run(main)
    assert left == set()


def test_an_accepted_connection_whose_factory_raises_is_closed_and_the_next_one_served(aio, run):
    refusals = [True, False]
    made = []

    def sometimes():
        if refusals.pop(0):
            refuse()
        made.append(Recorder())
        return made[-1]

    async def main():
        loop = aio.get_running_loop()
        server = await loop.create_server(sometimes, "127.0.0.1", 0)
        address = server.sockets[0].getsockname()
        reader, writer = await aio.open_connection(*address)
        while not reader.at_eof():
            collect_garbage()
            try:
                async with aio.timeout(0.05):
                    assert await reader.read() == b""
            except TimeoutError:
                continue
        writer.close()
        _, writer = await aio.open_connection(*address)
        writer.write(b"hello")
        while not (made and made[0].data):
            await aio.sleep(0.001)
        writer.close()
        await made[0].end()
        server.close()
        await server.wait_closed()

    run(main)
    # Only in debug mode is anything said of it.
    assert run.reports == []


def test_in_debug_mode_a_factory_that_raises_is_reported(aio, run):
    async def main():
        loop = aio.get_running_loop()
        server = await loop.create_server(refuse, "127.0.0.1", 0)
        _, writer = await aio.open_connection(*server.sockets[0].getsockname())
        while not run.reports:
            await aio.sleep(0.001)
        writer.close()
        server.close()
        collect_garbage()

    run(main, debug=True)
    report = run.reports.pop()
    assert report["message"] == "Error on transport creation for incoming connection"
    assert isinstance(report["exception"], Mishap)
