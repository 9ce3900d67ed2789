"""Handle: methods, reprs of every kind of callback, construction by hand."""

import asyncio
import functools
import weakref

from observe import attempt

loop = asyncio.new_event_loop()


class Callable:
    def __call__(self, *args):
        print("called", args)

    def __repr__(self):
        return "<Callable>"

    def method(self, *args):
        print("method", args)

    @staticmethod
    def static():
        pass

    @classmethod
    def of_class(cls):
        pass


def function(*args, **kwargs):
    pass


long = "x" * 1000
for callback, args in [
    (function, ()),
    (function, (1, "two", None)),
    (function, (long, [1] * 100)),
    (lambda: None, ()),
    (Callable(), (1,)),
    (Callable().method, ()),
    (Callable.static, ()),
    (Callable.of_class, ()),
    (print, ("text",)),
    (functools.partial(function, 1, key=2), (3,)),
    (functools.partial(functools.partial(function, 1), 2), ()),
    (functools.partial(Callable(), 1), ()),
    ([].append, (1,)),
    (str.upper, ("x",)),
    (int, ("5",)),
    (functools.wraps(function)(lambda: None), ()),
]:
    handle = loop.call_soon(callback, *args)
    print(handle)
    handle.cancel()
    print(handle)

handle = loop.call_soon(function)
print(handle.cancelled(), handle.cancel(), handle.cancel(), handle.cancelled())
print("weak", weakref.ref(handle)() is handle)
handle = loop.call_soon(function)
print(hash(handle) == hash(handle), handle == handle, handle == loop.call_soon(function))
print(hasattr(handle, "get_context") and handle.get_context() is not None)
attempt("no such attribute", lambda: handle.nothing)

# By hand.
handle = asyncio.Handle(print, ("by hand",), loop)
print(handle, handle.cancelled())
handle._run()
attempt("no arguments", asyncio.Handle)
attempt("no loop", lambda: asyncio.Handle(print, ()))
broken = asyncio.Handle(lambda: 1 / 0, (), loop)
attempt("_run reports", broken._run)


class Mine(asyncio.Handle):
    """A subclass with its own slot-less state."""


mine = Mine(print, ("mine",), loop)
mine.colour = "red"
print(mine, mine.colour, isinstance(mine, asyncio.Handle))
mine._run()
# Every argument is let go when a handle is cancelled.
argument = Callable()
reference = weakref.ref(argument)
handle = loop.call_soon(print, argument)
del argument
handle.cancel()
print("let go", reference() is None)
loop.close()
