"""Crossing between threads and the loop, both ways.

Look at: a function that blocks goes to a thread with ``to_thread()``. Another thread may touch the
loop through two doors only: ``call_soon_threadsafe()`` for a callback, and
``run_coroutine_threadsafe()`` for a coroutine, whose result that thread can wait for.
"""

import asyncio
import threading
import time


def block(seconds: float) -> str:
    time.sleep(seconds)
    return "main thread" if threading.current_thread() is threading.main_thread() else "a worker"


async def double(number: int) -> int:
    await asyncio.sleep(0.05)
    return 2 * number


def outsider(loop: asyncio.AbstractEventLoop, done: asyncio.Event) -> None:
    future = asyncio.run_coroutine_threadsafe(double(21), loop)
    print(f"outsider: the loop computed {future.result(timeout=5)}")
    loop.call_soon_threadsafe(done.set)


async def main() -> None:
    places = await asyncio.gather(asyncio.to_thread(block, 0.1), asyncio.to_thread(block, 0.1))
    print(f"blocked in: {', '.join(places)}; the loop runs in: {block(0)}")

    done = asyncio.Event()
    thread = threading.Thread(target=outsider, args=(asyncio.get_running_loop(), done))
    thread.start()
    await done.wait()
    thread.join()
    print("main: the outsider is done")


asyncio.run(main())
