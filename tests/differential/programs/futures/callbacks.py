"""Done callbacks: order, removal, contexts, errors, adding while running."""

import asyncio
import contextvars

from observe import attempt

loop = asyncio.new_event_loop()
variable = contextvars.ContextVar("variable", default="default")


def run():
    loop.call_soon(loop.call_soon, loop.stop)
    loop.run_forever()


def note(label):
    def callback(future):
        print("callback", label, future, variable.get())

    return callback


future = loop.create_future()
for number in range(4):
    future.add_done_callback(note(number))
print("callbacks run later")
future.set_result("x")
print("set")
run()
future.add_done_callback(note("after it was done"))
print("added")
run()

# Removal counts what it removed.
future = loop.create_future()
a, b = note("a"), note("b")
for callback in (a, b, a, b, a):
    future.add_done_callback(callback)
print("removed", future.remove_done_callback(a))
print("removed", future.remove_done_callback(a))
print("removed", future.remove_done_callback(print))
future.set_result(None)
print("removed after done", future.remove_done_callback(b))
run()


class Equal:
    """Compares equal to every other of its kind."""

    def __eq__(self, other):
        return isinstance(other, Equal)

    def __call__(self, future):
        print("Equal called")


future = loop.create_future()
future.add_done_callback(Equal())
future.add_done_callback(note("between"))
future.add_done_callback(Equal())
print("removed by equality", future.remove_done_callback(Equal()))


class Hostile:
    def __eq__(self, other):
        raise ZeroDivisionError("compared")


future.add_done_callback(print)
future.add_done_callback(note("last"))
attempt("comparison fails", future.remove_done_callback, Hostile())
future.cancel()
run()

# Contexts: of the adder, or given.
future = loop.create_future()
variable.set("adder's")
future.add_done_callback(note("adder"))
context = contextvars.copy_context()
context.run(variable.set, "given")
future.add_done_callback(note("given"), context=context)
variable.set("setter's")
future.set_result(None)
run()
attempt("positional context", lambda: future.add_done_callback(print, context))
attempt("nothing", lambda: future.add_done_callback())


# Errors are reported one by one.
def failing(future):
    raise ValueError("in a done callback")


future = loop.create_future()
future.add_done_callback(failing)
future.add_done_callback(note("behind the failing one"))
future.add_done_callback(lambda: None)
future.add_done_callback(5)
future.set_exception(KeyError("kept"))
print(repr(future.exception()))
run()

# Callbacks that act on the future and on the loop.
future = loop.create_future()
future.add_done_callback(lambda f: f.add_done_callback(note("added by a callback")))
future.add_done_callback(lambda f: print("cancel", f.cancel()))
future.add_done_callback(lambda f: attempt("set again", f.set_result, 2))
future.set_result(1)
run()
run()

# The private list.
future = loop.create_future()
print(future._callbacks)
future.add_done_callback(print)
print([(callback, type(context).__name__) for callback, context in future._callbacks])
future.add_done_callback(len)
print(len(future._callbacks))
future.cancel()
run()
print(future._callbacks)
loop.close()
