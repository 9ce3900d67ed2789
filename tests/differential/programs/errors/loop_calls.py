"""Callbacks, timers, handles, readers, signals and executors, asked for wrongly."""

import asyncio
import os
import signal
import sys

from observe import attempt, attempt_await, misuse, settle


async def coroutine_function():
    pass


def reports_to(loop, reports):
    loop.set_exception_handler(
        lambda _, context: reports.append((context["message"], repr(context["exception"])))
    )


def callbacks(loop):
    attempt("call_soon of nothing", loop.call_soon)
    attempt("call_soon with a keyword", loop.call_soon, print, surplus=1)
    attempt("call_soon in no context", loop.call_soon, print, context=5)
    attempt("call_soon_threadsafe of nothing", loop.call_soon_threadsafe)
    attempt("call_soon_threadsafe in no context", loop.call_soon_threadsafe, print, context=5)
    for name in ("call_later", "call_at"):
        method = getattr(loop, name)
        attempt(f"{name} nothing", method)
        attempt(f"{name} no callback", method, 1)
        attempt(f"{name}(None)", method, None, print)
        attempt(f"{name} with a keyword", method, 1, print, surplus=1)


def times():
    """On a loop for each: in asyncio a timer that can't be compared spoils the others."""
    for when in ("soon", [], object):
        loop = asyncio.new_event_loop()
        loop.call_later(1000, print)
        attempt(f"call_later({when!r})", loop.call_later, when, print)
        try:
            loop.call_at(when, print)
        except TypeError:
            print(f"call_at({when!r}) is no time")
        loop.close()
    # From 3.13 on asyncio's loop ends in its selector.
    if sys.version_info < (3, 13):
        loop = asyncio.new_event_loop()
        attempt("call_later", loop.call_later, float("nan"), print, "no number")
        attempt("call_at", loop.call_at, float("nan"), loop.stop)
        loop.run_forever()
        loop.close()


async def no_callables(loop):
    """Only in debug mode they are refused at once."""
    reports = []
    reports_to(loop, reports)
    loop.call_soon(5)
    loop.call_soon_threadsafe("text")
    loop.call_later(0, None)
    loop.call_at(loop.time(), [])
    await asyncio.sleep(0.01)
    for report in reports:
        print(report)
    loop.set_debug(True)
    for wrong in (5, coroutine_function, coroutine_function()):
        label = type(wrong).__name__
        attempt(f"call_soon({label})", loop.call_soon, wrong)
        attempt(f"call_soon_threadsafe({label})", loop.call_soon_threadsafe, wrong)
        attempt(f"call_later({label})", loop.call_later, 0, wrong)
        attempt(f"call_at({label})", loop.call_at, 0, wrong)
        attempt(f"run_in_executor({label})", loop.run_in_executor, None, wrong)
    wrong.close()

    def from_a_thread():
        attempt("call_soon from a thread", loop.call_soon, print)
        attempt("call_later from a thread", loop.call_later, 0, print)
        attempt("call_at from a thread", loop.call_at, 0, print)

    await loop.run_in_executor(None, from_a_thread)
    loop.set_debug(False)


def handles(loop):
    handle, timer = loop.call_soon(int), loop.call_later(1000, int)
    for name, owner in (("handle", handle), ("timer", timer)):
        print(name)
        misuse(owner, "cancel", "cancelled")
        if sys.version_info >= (3, 12):
            misuse(owner, "get_context")
        print(owner.cancelled())
    misuse(timer, "when")
    attempt("a handle of nothing", asyncio.Handle)
    attempt("a timer of nothing", asyncio.TimerHandle)
    attempt("a timer without a time", asyncio.TimerHandle, None, print, (), loop)
    attempt("compare timers", lambda: timer < 5)
    attempt("compare handles", lambda: handle < handle)
    timer.cancel()


def descriptors(loop):
    read, write = os.pipe()
    for name in ("add_reader", "add_writer", "remove_reader", "remove_writer"):
        method = getattr(loop, name)
        more = (print,) if name.startswith("add") else ()
        attempt(f"{name} nothing", method)
        attempt(f"{name} with a keyword", method, read, *more, surplus=1)
        for wrong in (-1, "one", None, 1.5, object):
            attempt(f"{name}({wrong!r})", method, wrong, *more)
    attempt("add_reader without a callback", loop.add_reader, read)
    attempt("add_writer without a callback", loop.add_writer, write)
    os.close(read)
    os.close(write)
    for name in ("add_reader", "add_writer"):
        try:
            getattr(loop, name)(read, print)
        except OSError as error:
            print(name, "of a closed one", type(error).__name__, error.errno)
    attempt("remove_reader of a closed one", loop.remove_reader, read)
    attempt("remove_writer of a closed one", loop.remove_writer, write)
    misuse(loop, "remove_reader", "remove_writer")


def signals(loop):
    attempt("add_signal_handler of nothing", loop.add_signal_handler)
    attempt("remove_signal_handler of nothing", loop.remove_signal_handler)
    for wrong in (0, -1, 999, "SIGUSR1", None, 1.5):
        attempt(f"add_signal_handler({wrong!r})", loop.add_signal_handler, wrong, print)
        attempt(f"remove_signal_handler({wrong!r})", loop.remove_signal_handler, wrong)
    attempt("of SIGKILL", loop.add_signal_handler, signal.SIGKILL, print)
    attempt("of a coroutine", loop.add_signal_handler, signal.SIGUSR1, coroutine_function)
    attempt("of a number", loop.add_signal_handler, signal.SIGUSR1, 5)
    attempt("remove what is not there", loop.remove_signal_handler, signal.SIGUSR2)
    attempt("remove it", loop.remove_signal_handler, signal.SIGUSR1)


async def executors(loop):
    attempt("run_in_executor of nothing", loop.run_in_executor)
    attempt("run_in_executor without a function", loop.run_in_executor, None)
    attempt("run_in_executor with a keyword", loop.run_in_executor, None, int, surplus=1)
    attempt("run_in_executor of a number", loop.run_in_executor, 5, int)
    for wrong in (5, None):
        await attempt_await(f"run {wrong!r}", loop.run_in_executor(None, wrong))
    await attempt_await("one that raises", loop.run_in_executor(None, int, "text"))


async def main():
    loop = asyncio.get_running_loop()
    callbacks(loop)
    handles(loop)
    descriptors(loop)
    signals(loop)
    await executors(loop)
    await no_callables(loop)
    await settle()


asyncio.run(main())
times()
