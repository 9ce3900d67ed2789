"""A fork in a program that has a loop: both sides stay usable."""

import asyncio
import os
import sys
import warnings

from observe import attempt

warnings.simplefilter("ignore", DeprecationWarning)


async def value():
    await asyncio.sleep(0.01)
    return "value"


def forked(function):
    """Run in a child; print what it printed, then its exit code."""
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        try:
            function()
            sys.stdout.flush()
            os._exit(0)
        except BaseException as error:
            print("child raised", repr(error), flush=True)
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    print("child's exit code", os.waitstatus_to_exitcode(status))


# A loop that exists.
loop = asyncio.new_event_loop()
loop.run_until_complete(value())
forked(lambda: attempt("child, own run", asyncio.run, value()))
attempt("parent", loop.run_until_complete, value())


# A loop that runs: the child is not in it.
async def running():
    def child():
        attempt("child's running loop", asyncio.get_running_loop)
        print("child's current", asyncio._get_running_loop())
        attempt("child's run", asyncio.run, value())

    forked(child)
    print("parent's running loop", asyncio.get_running_loop() is loop)
    return await value()


attempt("parent", loop.run_until_complete, running())
loop.close()


# After the loop was closed.
forked(lambda: attempt("child, after close", asyncio.run, value()))
attempt("parent's run", asyncio.run, value())
