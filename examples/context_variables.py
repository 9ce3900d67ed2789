"""A variable with a value for each task: what a thread-local is to threads.

Look at: a task copies the context of whoever creates it, at that moment. What it sets itself stays
its own: helpers deep below see it, its brothers and its maker do not. Callbacks and threads of
``to_thread()`` get a copy too.
"""

import asyncio
import contextvars

request: contextvars.ContextVar[str] = contextvars.ContextVar("request", default="none")


def log(text: str) -> None:
    print(f"[request {request.get()}] {text}")


async def handle(name: str) -> None:
    log("the handler starts with its maker's value")
    request.set(name)
    await asyncio.sleep(0.05)
    log("the handler goes on with its own")
    await asyncio.to_thread(log, "so does its thread")


async def main() -> None:
    request.set("outer")
    for name in ("A", "B"):
        await asyncio.create_task(handle(name))
    log("main was not disturbed")

    await handle("C")
    log("a plain await makes no task, so its value stays")

    loop = asyncio.get_running_loop()
    loop.call_soon(log, "a callback copies the context when it is scheduled")
    request.set("later")
    other = contextvars.Context()
    loop.call_soon(log, "another runs in a context of its own", context=other)
    await asyncio.sleep(0.05)


asyncio.run(main())
