"""A server that runs out of descriptors: it backs off, says so, and serves again."""

import asyncio
import errno
import os
import resource
import socket
from contextlib import contextmanager

import pytest

from faults.scenery import IDLE_CPU_SECONDS, Recorder, cpu_seconds_of_idling
from toolkit import open_descriptors

CLIENTS = 3


@contextmanager
def no_descriptor_left():
    """No file can be opened meanwhile."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    fillers = [os.open(os.devnull, os.O_RDONLY)]
    # Numbers below the highest one in use may be free.
    while fillers[-1] <= max(open_descriptors() - {fillers[-1]}):
        fillers.append(os.open(os.devnull, os.O_RDONLY))
    resource.setrlimit(resource.RLIMIT_NOFILE, (fillers[-1] + 1, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for filler in fillers:
            os.close(filler)


class Greeter(Recorder):
    def connection_made(self, transport) -> None:
        super().connection_made(transport)
        transport.write(b"hello")


def test_a_server_without_descriptors_waits_and_serves_again(implementation, aio, run):
    async def main():
        loop = aio.get_running_loop()
        server = await loop.create_server(Greeter, "127.0.0.1", 0, backlog=5)
        clients = [socket.socket() for _ in range(CLIENTS)]
        # The executor's thread and the loop's own files are there before the limit is.
        await loop.run_in_executor(None, int)
        with no_descriptor_left():
            for client in clients:
                client.settimeout(10)
                client.connect(server.sockets[0].getsockname())
            assert await cpu_seconds_of_idling(aio) < IDLE_CPU_SECONDS
            complaints = list(run.reports)
        assert complaints
        for client in clients:
            assert await loop.run_in_executor(None, client.recv, 5) == b"hello"
            client.close()
        server.close()
        await server.wait_closed()
        return complaints, loop

    complaints, _ = run(main)
    assert run.reports == complaints
    run.reports.clear()
    for complaint in complaints:
        assert complaint["message"] == "socket.accept() out of system resource"
        assert complaint["exception"].errno == errno.EMFILE
        assert isinstance(complaint["socket"], asyncio.trsock.TransportSocket)
    # asyncio says so once for each connection that the backlog could hold.
    if implementation == "aioxide":
        assert len(complaints) == 1


@pytest.mark.only("aioxide")  # asyncio tries to watch the closed socket, and reports an error.
def test_a_server_that_is_closed_while_it_backs_off_stays_closed(aio, run):
    async def main():
        loop = aio.get_running_loop()
        server = await loop.create_server(Greeter, "127.0.0.1", 0, backlog=1)
        client = socket.socket()
        with no_descriptor_left():
            client.connect(server.sockets[0].getsockname())
            while not run.reports:
                await aio.sleep(0.01)
            server.close()
        await aio.sleep(1.2)
        client.close()

    run(main)
    assert {report["exception"].errno for report in run.reports} == {errno.EMFILE}
    run.reports.clear()
