"""TimerHandle: when, order, equality, hash, reprs, cancelling."""

import asyncio
import contextvars
import operator

from observe import attempt

loop = asyncio.new_event_loop()


def function(*args):
    print("function", args)


def timer(when, callback=function, *args):
    return asyncio.TimerHandle(when, callback, args, loop)


early, late, same = timer(1.0), timer(2.0), timer(1.0)
for name in ("lt", "le", "gt", "ge", "eq", "ne"):
    compare = getattr(operator, name)
    print(
        name,
        compare(early, late),
        compare(late, early),
        compare(early, same),
        compare(early, early),
    )
    attempt(f"{name} with a number", compare, early, 5)
    attempt(f"{name} with a handle", compare, early, asyncio.Handle(function, (), loop))
print(hash(early) == hash(same), hash(early) == hash(1.0), early == timer(1.0, function, 1))
cancelled = timer(1.0)
cancelled.cancel()
print("cancelled equal", cancelled == early, cancelled.cancelled(), cancelled.when())
other = timer(1.0)
other.cancel()
print("both cancelled", cancelled == other)

print(early, timer(5), timer(2.5, function, "a", 1))
print(cancelled)
print(early.when(), timer(7).when(), type(timer(7).when()).__name__)
attempt("when None", timer, None)
attempt("no arguments", asyncio.TimerHandle)

# From the loop.
before = loop.time()
handle = loop.call_later(100, function, "never")
print(before + 100 <= handle.when() <= loop.time() + 100)
print(
    isinstance(handle, asyncio.TimerHandle), isinstance(handle, asyncio.Handle), handle.cancelled()
)
print(handle.cancel(), handle.cancelled(), handle.cancel())
handle = loop.call_at(loop.time() + 0.001, function, "fires")
loop.call_later(0.01, loop.stop)
loop.run_forever()
print("after it fired", handle.cancelled())
handle.cancel()
print(handle.cancelled())
print(sorted([loop.call_at(t, function) for t in (3.0, 1.0, 2.0)])[0].when())
if hasattr(asyncio.TimerHandle, "get_context"):  # since 3.12
    with_context = loop.call_later(1, function, context=contextvars.Context())
    print(type(with_context.get_context()).__name__, len(with_context.get_context()))
loop.close()
