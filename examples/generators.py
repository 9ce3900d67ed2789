"""A coroutine as it was written before Python 3.5: a generator, a decorator, and ``yield from``.

Look at: ``yield from`` is what ``await`` is today, and the two kinds await each other. Python 3.11
dropped the decorator, and 3.14 the loop that was there before any ran; aioxide still has both, with
asyncio's old DeprecationWarning (on stderr). So this program imports aioxide in asyncio's place:
plain asyncio cannot run it. Under ``python -m aioxide`` an unchanged ``import asyncio`` would do.
"""

import aioxide as asyncio


@asyncio.coroutine
def old(name):
    print(f"{name}: before")
    yield from asyncio.sleep(0.05)
    print(f"{name}: after")
    return name


async def new(name: str) -> str:
    return await old(f"{name}, through await")


@asyncio.coroutine
def main():
    print("returned:", (yield from old("old style")))
    print("returned:", (yield from new("new style")))
    print("gathered:", (yield from asyncio.gather(old("one"), old("two"))))


loop = asyncio.get_event_loop()
loop.run_until_complete(main())
loop.close()
