"""A coroutine, and what one that nobody awaits warns.

Look at: calling ``greet()`` runs nothing, it only makes a coroutine; ``await`` is what runs it.
The coroutine that is thrown away is reported when it is collected: a RuntimeWarning on stderr.
"""

import asyncio


async def greet(name: str) -> str:
    print(f"hello, {name}")
    await asyncio.sleep(0.1)
    print(f"goodbye, {name}")
    return name


async def main() -> None:
    coroutine = greet("world")
    print(f"calling greet() gave a {type(coroutine).__name__} and printed nothing")
    returned = await coroutine
    print(f"awaiting it ran it, and it returned {returned!r}")

    greet("nobody")  # the mistake: no await
    print("nobody was not greeted")


asyncio.run(main())
