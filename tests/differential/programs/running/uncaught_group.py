# ends with 1
"""An exception group that nobody catches."""

import asyncio


async def fail(error):
    await asyncio.sleep(0)
    raise error


async def nested():
    async with asyncio.TaskGroup() as group:
        group.create_task(fail(KeyError("nested")))


async def main():
    async with asyncio.TaskGroup() as group:
        group.create_task(fail(ValueError("one")))
        group.create_task(fail(OSError("two")))
        group.create_task(nested())


asyncio.run(main())
