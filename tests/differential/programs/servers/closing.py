# Needs Python 3.13
"""A server that is closed while connections live: wait_closed, close_clients, abort_clients."""

import asyncio

from observe import attempt, attempt_await, cancel_while_waiting


class Quiet(asyncio.Protocol):
    def __init__(self):
        self.made = asyncio.get_running_loop().create_future()
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.made.set_result(transport)

    def connection_lost(self, exc):
        self.lost.set_result(type(exc).__name__)


async def serve(loop):
    inside = []

    def quiet():
        inside.append(Quiet())
        return inside[-1]

    server = await loop.create_server(quiet, "127.0.0.1", 0)
    address = server.sockets[0].getsockname()
    client = (await loop.create_connection(Quiet, *address))[1]
    while not inside:
        await asyncio.sleep(0.001)
    await inside[0].made
    return server, inside[0], client


async def main():
    loop = asyncio.get_running_loop()
    server, inside, client = await serve(loop)
    server.close()
    waiting = asyncio.create_task(server.wait_closed())
    await cancel_while_waiting("wait_closed", waiting)
    (await inside.made).close()
    await attempt_await("wait_closed", server.wait_closed())
    print(await inside.lost, await client.lost)

    server, inside, client = await serve(loop)
    attempt("close_clients", server.close_clients)
    print(await inside.lost, await client.lost, server.is_serving())
    server.close()
    await attempt_await("wait_closed", server.wait_closed())
    attempt("close_clients of a closed one", server.close_clients)

    server, inside, client = await serve(loop)
    attempt("abort_clients", server.abort_clients)
    print(await inside.lost, await client.lost)
    server.close()
    await server.wait_closed()
    attempt("abort_clients of a closed one", server.abort_clients)


asyncio.run(main())
