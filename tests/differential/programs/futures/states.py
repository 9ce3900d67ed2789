"""Future: every method in every state, and the constructor."""

import asyncio
import sys

from observe import attempt

loop = asyncio.new_event_loop()


def pending():
    return loop.create_future()


def finished():
    future = loop.create_future()
    future.set_result("result")
    return future


def failed():
    future = loop.create_future()
    future.set_exception(ValueError("failed"))
    future.exception()
    return future


def cancelled():
    future = loop.create_future()
    future.cancel("message")
    return future


METHODS = [
    ("result", ()),
    ("exception", ()),
    ("done", ()),
    ("cancelled", ()),
    ("cancel", ()),
    ("cancel", ("again",)),
    ("set_result", (1,)),
    ("set_exception", (KeyError("set"),)),
    ("get_loop", ()),
    ("add_done_callback", (print,)),
    ("remove_done_callback", (print,)),
    ("__repr__", ()),
]
for make in (pending, finished, failed, cancelled):
    print("---", make.__name__)
    for name, args in METHODS:
        future = make()
        if name == "get_loop":
            print(name, getattr(future, name)() is loop)
            continue
        attempt(name, getattr(future, name), *args)
        if future.done() and not future.cancelled():
            future.exception()
        print("   then", future)

# Wrong arguments.
future = pending()
attempt("set_result nothing", future.set_result)
attempt("set_exception nothing", future.set_exception)
attempt("set_exception text", future.set_exception, "text")
attempt("set_exception int", future.set_exception, int)
attempt("set_exception StopIteration", future.set_exception, StopIteration)
attempt("set_exception StopIteration()", future.set_exception, StopIteration("value"))
if future.done():
    print(repr(future.exception()), repr(future.exception().__cause__))
future = pending()
attempt("set_exception class", future.set_exception, LookupError)
attempt("its exception", future.exception)
future = pending()
attempt("set_exception failing class", future.set_exception, UnicodeDecodeError)
attempt("result with argument", lambda: future.result(1))
attempt("cancel with two", lambda: future.cancel(1, 2))
attempt("cancel wrong keyword", lambda: future.cancel(message="m"))
attempt("cancel keyword", lambda: future.cancel(msg="m"))
attempt("result", future.result)

# The constructor.
# From 3.14 on asyncio refuses; aioxide makes the main thread's loop, as older Pythons do.
if sys.version_info < (3, 14):
    attempt("no loop", asyncio.Future)
    attempt("loop None", lambda: asyncio.Future(loop=None))
attempt("positional loop", lambda: asyncio.Future(loop))
attempt("wrong loop", lambda: type(asyncio.Future(loop=5)).__name__)
attempt("with loop", lambda: asyncio.Future(loop=loop))
attempt("init again", lambda: finished().__init__(loop=loop))
print(isinstance(pending(), asyncio.Future), asyncio.isfuture(pending()), asyncio.isfuture(5))
print(asyncio.Future.__name__, asyncio.Future.__class_getitem__(int))
for name in (
    "_state",
    "_result",
    "_exception",
    "_cancel_message",
    "_asyncio_future_blocking",
    "_log_traceback",
):
    for make in (pending, finished, failed, cancelled):
        attempt(f"{make.__name__} {name}", getattr, make(), name)
future = pending()
attempt("set _log_traceback True", setattr, future, "_log_traceback", True)
attempt("set _log_traceback False", setattr, future, "_log_traceback", False)
attempt("set _asyncio_future_blocking", setattr, future, "_asyncio_future_blocking", True)
attempt("delete it", delattr, future, "_asyncio_future_blocking")
attempt("set _state", setattr, future, "_state", "X")
attempt("set attribute", setattr, future, "attribute", 1)
if sys.version_info >= (3, 12):
    attempt("_cancel_message", setattr, future, "_cancel_message", "set")
loop.close()
