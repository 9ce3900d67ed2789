"""Coroutines that nobody awaited: the warning, with and without origin tracking."""

import asyncio
import gc
import sys

from observe import attempt


async def forgotten():
    pass


def makes():
    return forgotten()


async def main():
    forgotten()
    gc.collect()
    print("dropped")
    coroutine = makes()
    del coroutine
    gc.collect()
    asyncio.sleep(0)
    gc.collect()
    print("sleep dropped")
    asyncio.wait_for(asyncio.get_running_loop().create_future(), 1)
    asyncio.wait([asyncio.get_running_loop().create_future()])
    asyncio.to_thread(print)
    gc.collect()
    print("library's own dropped")
    closed = forgotten()
    closed.close()
    del closed
    gc.collect()
    print("closed: silent")


asyncio.run(main())
print(sys.get_coroutine_origin_tracking_depth())


async def tracked():
    asyncio.get_running_loop().slow_callback_duration = 10
    print("depth", sys.get_coroutine_origin_tracking_depth())
    makes()
    gc.collect()


asyncio.run(tracked(), debug=True)
print(sys.get_coroutine_origin_tracking_depth())

loop = asyncio.new_event_loop()
loop.set_debug(True)
print("outside", sys.get_coroutine_origin_tracking_depth())


async def switches():
    loop = asyncio.get_running_loop()
    print("in", sys.get_coroutine_origin_tracking_depth())
    loop.set_debug(False)
    print("off", sys.get_coroutine_origin_tracking_depth())
    await asyncio.sleep(0)
    print("off later", sys.get_coroutine_origin_tracking_depth())
    loop.set_debug(True)
    await asyncio.sleep(0)
    print("on", sys.get_coroutine_origin_tracking_depth())


loop.run_until_complete(switches())
print("outside", sys.get_coroutine_origin_tracking_depth())
loop.close()

# An un-awaited coroutine given to a function that refuses.
attempt("run a function", lambda: asyncio.run(forgotten))
attempt("run a number", lambda: asyncio.run(5))
gc.collect()
print(
    asyncio.iscoroutine(5),
    asyncio.iscoroutinefunction(forgotten) if sys.version_info < (3, 14) else True,
)
forgotten()
print("end")
