"""Loops as classes: subclassing, attributes, overridden methods that others call."""

import asyncio
import weakref

from observe import attempt

first = asyncio.new_event_loop()
Base = type(first)
first.close()


class Mine(Base):
    extra = "class attribute"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.soon = 0

    def call_soon(self, callback, *args, context=None):
        self.soon += 1
        return super().call_soon(callback, *args, context=context)

    def create_future(self):
        print("create_future")
        return super().create_future()

    def create_task(self, coroutine, **kwargs):
        print("create_task", coroutine.__name__)
        return super().create_task(coroutine, **kwargs)

    def time(self):
        return super().time() + 1000

    def call_exception_handler(self, context):
        print("call_exception_handler", context["message"])


async def nothing():
    await asyncio.sleep(0)
    return "nothing"


loop = Mine()
loop.attribute = "set"
print(loop.extra, loop.attribute, sorted({"attribute", "soon"} & set(vars(loop))))
print(isinstance(loop, asyncio.AbstractEventLoop), issubclass(Base, asyncio.AbstractEventLoop))
print("weak", weakref.ref(loop)() is loop)
attempt("run", loop.run_until_complete, nothing())
print("call_soon was used", loop.soon > 0)


async def inside():
    print(asyncio.get_running_loop() is loop, asyncio.get_event_loop() is loop)
    await asyncio.create_task(nothing())
    before = loop.time()
    await asyncio.sleep(0.01)
    print("slept", loop.time() - before >= 0.01)
    loop.call_soon(lambda: 1 / 0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)


attempt("inside", loop.run_until_complete, inside())
loop.close()

# The abstract class.
abstract = asyncio.AbstractEventLoop()
for name in ("run_forever", "stop", "close", "time", "is_running", "create_future", "get_debug"):
    attempt(name, getattr(abstract, name))
attempt("call_soon", abstract.call_soon, print)
attempt("call_later", abstract.call_later, 0, print)
attempt("call_at", abstract.call_at, 0, print)
attempt("call_soon_threadsafe", abstract.call_soon_threadsafe, print)
attempt("set_debug", abstract.set_debug, True)
attempt("add_reader", abstract.add_reader, 0, print)
