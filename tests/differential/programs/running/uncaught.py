# ends with 1
"""An exception that nobody catches: the traceback and the exit code."""

import asyncio


async def inner():
    await asyncio.sleep(0)
    raise ValueError("uncaught")


async def outer():
    try:
        await asyncio.create_task(inner())
    except ValueError as error:
        raise KeyError("with a cause") from error


asyncio.run(outer())
