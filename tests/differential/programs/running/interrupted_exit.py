# ends with -2
"""Ctrl-C that nobody catches: the traceback and how the process ends."""

import asyncio
import os
import signal


async def main():
    os.kill(os.getpid(), signal.SIGINT)
    try:
        await asyncio.sleep(10)
    finally:
        print("finally", flush=True)


asyncio.run(main())
