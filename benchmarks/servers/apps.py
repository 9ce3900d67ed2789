"""Services as people write them: one page of plain text, by a server of PyPI."""

import asyncio
from types import ModuleType

from benchmarks.servers.address import Address
from benchmarks.servers.sockets import listening_socket


async def serve_uvicorn(aio: ModuleType, address: Address, size: int) -> tuple[Address, object]:
    import uvicorn

    async def page(scope, receive, send) -> None:
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % size)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": bytes(size)})

    listener = listening_socket(address)
    # Some loops close the socket object that they are given.
    found = address.found(listener.getsockname())
    config = uvicorn.Config(page, http="httptools", loop="none", lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    serving = asyncio.ensure_future(server.serve(sockets=[listener]))
    # An answer before its first tick has no date: shorter than all others.
    while not server.server_state.default_headers:
        await asyncio.sleep(0.01)
    return found, serving


async def serve_aiohttp(aio: ModuleType, address: Address, size: int) -> tuple[Address, object]:
    from aiohttp import web

    async def page(request: web.Request) -> web.Response:
        return web.Response(body=bytes(size), content_type="text/plain")

    service = web.Application()
    service.router.add_get("/", page)
    runner = web.AppRunner(service, access_log=None)
    await runner.setup()
    listener = listening_socket(address)
    found = address.found(listener.getsockname())
    await web.SockSite(runner, listener).start()
    return found, runner
