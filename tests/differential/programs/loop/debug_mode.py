"""Debug mode: wrong threads, slow callbacks, sources in reprs, where objects were created."""

import asyncio
import threading
import time

from observe import attempt


async def nothing():
    await asyncio.sleep(0)


def callback():
    raise ValueError("in debug mode")


def slow():
    time.sleep(0.15)


async def slow_coroutine():
    time.sleep(0.15)


loop = asyncio.new_event_loop()
print(loop.get_debug(), loop.slow_callback_duration)
loop.slow_callback_duration = 10
loop.set_debug(True)
print(loop.get_debug(), loop)

# Where handles were created shows in the report of their failure.
loop.call_soon(callback)
loop.call_soon(loop.stop)
loop.run_forever()
print(loop.call_soon(print, 1, "two"))
print(loop.call_later(1000, print, x := 3, x))
cancelled = loop.call_soon(print, "arguments")
cancelled.cancel()
print(cancelled)
timer = loop.call_at(1, callback)
timer.cancel()
print(timer)

# Slow callbacks are logged.
loop.slow_callback_duration = 0.1
loop.call_soon(slow)
loop.call_soon(loop.stop)
loop.run_forever()
loop.run_until_complete(slow_coroutine())
loop.slow_callback_duration = 10
loop.call_soon(slow)
loop.call_soon(loop.stop)
loop.run_forever()


# Wrong threads.
def in_thread(name, *args):
    thread = threading.Thread(target=attempt, args=(name, getattr(loop, name), *args))
    thread.start()
    thread.join()


async def from_threads():
    in_thread("call_soon", print)
    in_thread("call_later", 1, print)
    in_thread("call_at", 1, print)
    in_thread("call_soon_threadsafe", print, "from the thread")
    await asyncio.sleep(0.01)


loop.run_until_complete(from_threads())
loop.set_debug(False)
loop.set_debug(1)
print(bool(loop.get_debug()))

# Reprs with positions.
future = loop.create_future()
print(future)
task = loop.create_task(nothing(), name="shown")
print(task)
loop.run_until_complete(task)
print(task)

# Reports with positions.
failed = loop.create_future()
failed.set_exception(ValueError("nobody looks"))
del failed
loop.close()
