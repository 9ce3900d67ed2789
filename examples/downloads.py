"""Many downloads at once, from a server that takes its time.

Look at: urllib blocks, so each download gets a thread of the loop's pool (``to_thread``); the loop
itself stays free, which the ticking shows. A semaphore keeps it to four downloads at a time.
"""

import asyncio
import contextlib
import http.server
import threading
import time
import urllib.request
from collections.abc import Iterator

PAGES = 8
AT_ONCE = 4


class SlowPages(http.server.BaseHTTPRequestHandler):
    """Answers /3 with 3000 bytes, a while later."""

    def do_GET(self) -> None:
        time.sleep(0.1)
        body = b"x" * (1000 * int(self.path.removeprefix("/")))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the downloads have their own lines."""


@contextlib.contextmanager
def serving() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), SlowPages) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


# No proxy, whatever the environment says: the server is on this machine.
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def download(url: str) -> bytes:
    with opener.open(url) as response:
        return response.read()


async def limited(slots: asyncio.Semaphore, url: str) -> int:
    async with slots:
        return len(await asyncio.to_thread(download, url))


async def tick(ticks: list[float]) -> None:
    while True:
        await asyncio.sleep(0.01)
        ticks.append(time.perf_counter())


async def main() -> None:
    ticks: list[float] = []
    ticking = asyncio.create_task(tick(ticks))
    slots = asyncio.Semaphore(AT_ONCE)
    with serving() as address:
        sizes = await asyncio.gather(*(limited(slots, f"{address}/{n + 1}") for n in range(PAGES)))
    ticking.cancel()
    for number, size in enumerate(sizes, start=1):
        print(f"page {number}: {size} bytes")
    print(f"{sum(sizes)} bytes in {len(sizes)} downloads")
    print("the loop went on ticking" if ticks else "the loop stood still")


asyncio.run(main())
