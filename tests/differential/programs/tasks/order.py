"""The exact order in which tasks, callbacks and wake-ups run."""

import asyncio

log = []


async def step(name, turns):
    for turn in range(turns):
        log.append(f"{name}{turn}")
        await asyncio.sleep(0)


async def waits(name, future):
    log.append(f"{name} waits")
    try:
        log.append(f"{name} got {await future}")
    except asyncio.CancelledError:
        log.append(f"{name} cancelled")


def show(label):
    print(label, *log)
    log.clear()


async def main():
    loop = asyncio.get_running_loop()
    await asyncio.gather(step("a", 3), step("b", 2), step("c", 4))
    show("round robin:")

    # Wake-ups, callbacks and new tasks, in one queue.
    future = loop.create_future()
    tasks = [asyncio.create_task(waits(name, future)) for name in "xy"]
    await asyncio.sleep(0)
    future.add_done_callback(lambda f: log.append("callback"))
    loop.call_soon(log.append, "soon before")
    tasks.append(asyncio.create_task(step("n", 2)))
    future.set_result("r")
    loop.call_soon(log.append, "soon after")
    log.append("set")
    await asyncio.gather(*tasks)
    show("one queue:")

    # create_task runs later; what runs first.
    first = asyncio.create_task(step("first", 1))
    loop.call_soon(log.append, "soon")
    second = asyncio.create_task(step("second", 1))
    log.append("main goes on")
    await second
    log.append("second awaited")
    await first
    show("creation:")

    # Awaiting a finished task does not yield; awaiting a coroutine neither.
    done = asyncio.create_task(step("done", 1))
    await done
    loop.call_soon(log.append, "not yet")
    await done
    log.append("at once")
    await step("inline", 0)
    log.append("inline too")
    await asyncio.sleep(0)
    show("no yield:")

    # Cancelling: order of the victims, of callbacks, of the canceller.
    future = loop.create_future()
    victims = [asyncio.create_task(waits(f"v{n}", loop.create_future())) for n in range(3)]
    await asyncio.sleep(0)
    for victim in reversed(victims):
        victim.add_done_callback(lambda t: log.append("victim done"))
        victim.cancel()
    loop.call_soon(log.append, "soon after cancel")
    await asyncio.sleep(0)
    log.append("one turn")
    await asyncio.sleep(0)
    log.append("two turns")
    await asyncio.sleep(0)
    show("cancel:")

    # A future finished in a callback of another.
    a, b = loop.create_future(), loop.create_future()
    a.add_done_callback(lambda f: b.set_result(f.result() + 1))
    waiters = [asyncio.create_task(waits("a", a)), asyncio.create_task(waits("b", b))]
    await asyncio.sleep(0)
    a.set_result(1)
    await asyncio.gather(*waiters)
    show("chained:")

    # Zero delay against soon against past deadlines.
    loop.call_later(0, log.append, "later 0")
    loop.call_soon(log.append, "soon 1")
    loop.call_at(loop.time() - 1, log.append, "past")
    loop.call_soon(log.append, "soon 2")
    for turn in range(3):
        await asyncio.sleep(0)
        log.append(f"turn {turn}")
    show("zero:")

    # Deep chains of awaiting tasks finish inside out, one turn each.
    async def deep(depth):
        log.append(f"in{depth}")
        if depth:
            await asyncio.create_task(deep(depth - 1))
        log.append(f"out{depth}")

    chain = asyncio.create_task(deep(3))
    ticker = asyncio.create_task(step("t", 12))
    await chain
    await ticker
    show("deep:")


asyncio.run(main())
