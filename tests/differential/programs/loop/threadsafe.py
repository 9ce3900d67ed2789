"""call_soon_threadsafe: from other threads, from callbacks, with contexts; order and wake-up."""

import asyncio
import contextvars
import threading

from observe import attempt

variable = contextvars.ContextVar("variable", default="unset")
loop = asyncio.new_event_loop()
log = []


def in_thread(function, *args):
    thread = threading.Thread(target=function, args=args)
    thread.start()
    thread.join()


# Calls made before the loop runs.
for number in range(3):
    in_thread(loop.call_soon_threadsafe, log.append, number)
loop.call_soon(log.append, "soon")
in_thread(loop.call_soon_threadsafe, loop.stop)
loop.run_forever()
print(log)

# It wakes a loop that waits.
thread = threading.Timer(0.02, lambda: loop.call_soon_threadsafe(loop.stop))
thread.start()
loop.run_forever()
thread.join()
print("woken")

# From the loop's own thread it is call_soon.
log.clear()
loop.call_soon(log.append, 1)
loop.call_soon_threadsafe(log.append, 2)
loop.call_soon(log.append, 3)
loop.call_soon_threadsafe(loop.stop)
loop.run_forever()
print(log)

# One thread's calls keep their order.
log.clear()


def many():
    for number in range(1000):
        loop.call_soon_threadsafe(log.append, number)
    loop.call_soon_threadsafe(loop.stop)


thread = threading.Thread(target=many)
thread.start()
loop.run_forever()
thread.join()
print(log == list(range(1000)))

# Contexts and handles.
variable.set("main")
context = contextvars.copy_context()
context.run(variable.set, "given")
loop.call_soon_threadsafe(lambda: print("current", variable.get()))
handle = loop.call_soon_threadsafe(lambda: print("given", variable.get()), context=context)
in_thread(loop.call_soon_threadsafe, lambda: print("thread's own", variable.get(None)))
cancelled = loop.call_soon_threadsafe(print, "never")
print(isinstance(handle, asyncio.Handle), handle.cancelled())
cancelled.cancel()
loop.call_soon(loop.stop)
loop.run_forever()

attempt("no callback", lambda: loop.call_soon_threadsafe())
loop.close()
attempt("closed", loop.call_soon_threadsafe, print)
in_thread(attempt, "closed, in a thread", loop.call_soon_threadsafe, print)
