"""Loops that nobody closed, running or with work left."""

import asyncio
import gc


async def nothing():
    await asyncio.sleep(0)


loop = asyncio.new_event_loop()
loop.run_until_complete(nothing())
del loop
gc.collect()
print("dropped")

loop = asyncio.new_event_loop()
loop.call_later(1000, print)
loop.call_soon(print, "never")
print(loop)
del loop
gc.collect()

loop = asyncio.new_event_loop()
loop.call_soon(print, "discarded by close")
loop.call_later(0, print, "discarded too")
loop.close()
print(loop)
del loop
gc.collect()
print("end")
