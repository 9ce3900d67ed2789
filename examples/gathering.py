"""Many coroutines at once, and all their results together.

Look at: the results come in the order of the arguments, not in the order in which they were ready.
One that fails makes ``gather()`` raise; with ``return_exceptions=True`` its error is a result.
"""

import asyncio


async def cook(dish: str, seconds: float) -> str:
    await asyncio.sleep(seconds)
    if dish == "soufflé":
        raise RuntimeError("the soufflé fell in")
    print(f"{dish} is ready")
    return dish.upper()


async def main() -> None:
    print(await asyncio.gather(cook("stew", 0.3), cook("salad", 0.05), cook("rice", 0.15)))

    try:
        await asyncio.gather(cook("soup", 0.2), cook("soufflé", 0.0))
    except RuntimeError as error:
        print(f"gather raised: {error}")
    # gather() lets the others go on: the soup is still on the stove.
    await asyncio.sleep(0.25)

    print(await asyncio.gather(cook("bread", 0.05), cook("soufflé", 0.0), return_exceptions=True))


asyncio.run(main())
