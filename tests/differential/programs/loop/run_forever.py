"""run_forever and stop: turns, stopping before the start, running again, nesting."""

import asyncio
import sys

from observe import attempt

loop = asyncio.new_event_loop()
print(loop.is_running(), loop.is_closed())

# stop before the start: one turn.
loop.stop()
loop.call_soon(print, "the one turn")
loop.call_soon(loop.call_soon, print, "the turn after")
loop.run_forever()
print("stopped once")
loop.call_soon(loop.stop)
loop.run_forever()
print("stopped twice")


# stop finishes the turn.
def stop_and_go_on():
    loop.stop()
    loop.call_soon(print, "in the next run")
    print("still in the callback", loop.is_running())


loop.call_soon(stop_and_go_on)
loop.call_soon(print, "same turn")
loop.run_forever()
print("between")
loop.stop()
loop.stop()
loop.run_forever()


# The running loop is known in callbacks and not outside.
def look():
    print("get_running_loop", asyncio.get_running_loop() is loop)
    print("_get_running_loop", asyncio._get_running_loop() is loop)
    attempt("run_forever again", loop.run_forever)
    other = asyncio.new_event_loop()
    attempt("another loop", other.run_forever)
    print("other", other.is_running())
    other.close()
    loop.stop()


loop.call_soon(look)
loop.run_forever()
attempt("outside", asyncio.get_running_loop)
print(asyncio._get_running_loop())


# Async generator hooks are the loop's while it runs, and put back after.
def hooks():
    first, final = sys.get_asyncgen_hooks()
    print("hooks in the loop", first is not None, final is not None)
    loop.stop()


loop.call_soon(hooks)
loop.run_forever()
print("hooks outside", tuple(sys.get_asyncgen_hooks()))

# An exception out of run_forever leaves it reusable.
loop.call_soon(sys.exit, 3)
attempt("SystemExit", loop.run_forever)
print(loop.is_running(), asyncio._get_running_loop())
loop.call_soon(loop.stop)
attempt("again", loop.run_forever)
attempt("stop with an argument", lambda: loop.stop(1))
loop.close()
attempt("closed", loop.run_forever)
attempt("stop closed", loop.stop)
attempt("close twice", loop.close)
