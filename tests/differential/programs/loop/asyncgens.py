"""Async generators: finalised by the loop, shut down with it, reported when that fails."""

import asyncio
import gc

from observe import attempt, attempt_await, cancel_while_waiting, settle


async def numbers(label):
    try:
        for number in range(3):
            yield number
            await asyncio.sleep(0)
    finally:
        print("closing", label)
        await asyncio.sleep(0)
        print("closed", label)


async def failing(label):
    try:
        yield 1
    finally:
        print("failing", label)
        raise ValueError(f"{label} can't close")


async def dropped():
    async for number in numbers("dropped"):
        print("got", number)
        break
    gc.collect()
    print("after the break")
    await asyncio.sleep(0)
    print("one turn later")
    await settle()


asyncio.run(dropped())

kept = []


async def left_open():
    for label in ("one",):
        generator = numbers(label)
        kept.append(generator)
        print(await generator.__anext__())
    print("main ends")


asyncio.run(left_open())
attempt("exhausted", lambda: kept[0].asend(None).send(None))


async def cannot_close():
    generator = failing("kept")
    kept.append(generator)
    print(await generator.__anext__())


asyncio.run(cannot_close())


async def dropped_and_failing():
    async for _ in failing("dropped"):
        break
    gc.collect()
    await settle()


asyncio.run(dropped_and_failing())

# By hand.
loop = asyncio.new_event_loop()
generator = numbers("by hand")


async def start():
    print(await generator.__anext__())


loop.run_until_complete(start())
attempt("shutdown", loop.run_until_complete, loop.shutdown_asyncgens())
attempt("shutdown again", loop.run_until_complete, loop.shutdown_asyncgens())


# A generator that starts after the shutdown is warned about.
async def late():
    generator = numbers("late")
    print(await generator.__anext__())
    await generator.aclose()


loop.run_until_complete(late())
loop.close()


# Cancelled while a generator takes its time to end.
async def slow():
    try:
        yield "slow"
    finally:
        await asyncio.sleep(3600)


async def main():
    await attempt_await("nothing to shut down", loop.shutdown_asyncgens())
    generator = slow()
    print(await generator.__anext__())

    async def shut_down():
        await loop.shutdown_asyncgens()

    await cancel_while_waiting("shutdown", asyncio.create_task(shut_down()), 3)


with asyncio.Runner() as runner:
    loop = runner.get_loop()
    runner.run(main())
