"""run_in_executor, the default executor, its shutdown."""

import asyncio
import concurrent.futures
import sys
import threading
import time

from observe import attempt, attempt_await, cancel_while_waiting


def work(*args):
    return "worked", args, threading.current_thread() is threading.main_thread()


def fail():
    raise KeyError("in the thread")


def stop_iteration():
    raise StopIteration("from the thread")


class Inline(concurrent.futures.Executor):
    def submit(self, function, /, *args, **kwargs):
        print("submit", function.__name__, args)
        future = concurrent.futures.Future()
        future.set_result(function(*args, **kwargs))
        return future


async def main():
    loop = asyncio.get_running_loop()
    await attempt_await("default", loop.run_in_executor(None, work, 1, 2))
    await attempt_await("error", loop.run_in_executor(None, fail))
    await attempt_await("inline", loop.run_in_executor(Inline(), work))
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        await attempt_await("pool", loop.run_in_executor(pool, work, "pool"))
        release = threading.Event()
        blocker = loop.run_in_executor(pool, release.wait)
        queued = loop.run_in_executor(pool, work, "queued")
        print(asyncio.isfuture(blocker), queued)
        print("cancel queued", queued.cancel())
        release.set()
        await attempt_await("queued", queued)
        await attempt_await("blocker", blocker)
    attempt("shut pool", loop.run_in_executor, pool, work)
    attempt("no function", lambda: loop.run_in_executor(None))
    attempt("not callable", lambda: loop.run_in_executor(Inline(), 5))
    attempt("not an executor", lambda: loop.run_in_executor(5, work))
    attempt("default: not an executor", loop.set_default_executor, 5)
    attempt("default: inline", loop.set_default_executor, Inline())
    mine = concurrent.futures.ThreadPoolExecutor(2, thread_name_prefix="mine")
    attempt("default: pool", lambda: loop.set_default_executor(mine))
    name = await loop.run_in_executor(None, lambda: threading.current_thread().name)
    print(name)
    await attempt_await("to_thread", asyncio.to_thread(work, "a"))
    await attempt_await("shutdown", loop.shutdown_default_executor())
    attempt("after shutdown", loop.run_in_executor, None, work)
    attempt("own pool after shutdown", lambda: mine.submit(work))
    await attempt_await("shutdown again", loop.shutdown_default_executor())
    if sys.version_info >= (3, 12):
        await attempt_await("with timeout", loop.shutdown_default_executor(1))
        await attempt_await("keyword timeout", loop.shutdown_default_executor(timeout=None))


asyncio.run(main())


async def timing_out():
    loop = asyncio.get_running_loop()
    release = threading.Event()
    blocker = loop.run_in_executor(None, release.wait)
    await asyncio.sleep(0.01)
    if sys.version_info >= (3, 13):
        await attempt_await("shutdown times out", loop.shutdown_default_executor(0.02))
    release.set()
    print("blocker", await blocker)


asyncio.run(timing_out())


async def cancelled_shutdown():
    loop = asyncio.get_running_loop()
    sleeping = loop.run_in_executor(None, time.sleep, 0.05)
    shutting_down = asyncio.create_task(loop.shutdown_default_executor())
    await cancel_while_waiting("shutdown", shutting_down, 2)
    print("asleep", await sleeping)


asyncio.run(cancelled_shutdown())


async def stop_iteration_from_thread():
    loop = asyncio.get_running_loop()
    await attempt_await("StopIteration", loop.run_in_executor(None, stop_iteration))


# Before 3.13 the exception reaches no future and the awaiting task hangs.
if sys.version_info >= (3, 13):
    asyncio.run(stop_iteration_from_thread())
