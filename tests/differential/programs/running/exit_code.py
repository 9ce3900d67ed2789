# ends with 42
"""SystemExit out of a task, with work left: the exit code and what still runs."""

import asyncio
import atexit
import sys

atexit.register(print, "atexit")


async def left():
    try:
        await asyncio.sleep(10)
    finally:
        print("left is ended")


async def leaves():
    await asyncio.sleep(0)
    sys.exit(42)


async def main():
    asyncio.create_task(left(), name="left")
    task = asyncio.create_task(leaves(), name="leaves")
    try:
        await task
    finally:
        print("main is ended")


asyncio.run(main())
