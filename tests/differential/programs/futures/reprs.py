"""Reprs of futures in each state, with callbacks, recursion and hostile parts."""

import asyncio
import functools

from observe import attempt

loop = asyncio.new_event_loop()


def callback(future):
    pass


class Subclass(asyncio.Future):
    pass


class Hostile:
    def __repr__(self):
        raise ZeroDivisionError("repr")


def show(future, label):
    print(label, future)
    if future.done() and not future.cancelled():
        future.exception()


for make in (loop.create_future, lambda: Subclass(loop=loop)):
    show(make(), "pending")
    future = make()
    future.set_result([1, "two"])
    show(future, "result")
    future = make()
    future.set_result("x" * 200)
    show(future, "long result")
    future = make()
    future.set_result(None)
    show(future, "none")
    future = make()
    future.set_exception(ValueError("text"))
    show(future, "exception")
    future = make()
    future.cancel()
    show(future, "cancelled")
    future = make()
    future.cancel("with a message")
    show(future, "cancelled with a message")

future = loop.create_future()
for number in range(5):
    future.add_done_callback(callback if number % 2 else functools.partial(callback, number))
    show(future, f"{number + 1} callbacks")
future.remove_done_callback(callback)
show(future, "after removal")

future = loop.create_future()
future.set_result(future)
show(future, "itself")
future = loop.create_future()
other = loop.create_future()
future.set_result(other)
other.set_result(future)
show(future, "each other")
future = loop.create_future()
future.set_result(Hostile())
attempt("hostile", repr, future)

future = loop.create_future()
print(str(future) == repr(future), f"{future}")
future.add_done_callback(callback)
future.cancel()
show(future, "callbacks gone")


class Described(asyncio.Future):
    def __repr__(self):
        return "<Described>"


described = Described(loop=loop)
print(described, [described])
holder = loop.create_future()
holder.set_result(described)
show(holder, "holder")
loop.close()
