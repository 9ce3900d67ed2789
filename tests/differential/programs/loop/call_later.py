"""call_later and call_at: order by deadline, the past, odd numbers, cancelling."""

import asyncio

from observe import attempt

loop = asyncio.new_event_loop()
log = []


def note(text):
    log.append(text)


def run(seconds):
    loop.call_later(seconds, loop.stop)
    loop.run_forever()
    print(log)
    log.clear()


# Deadline order, whatever the order of the calls.
base = loop.time()
for delay in (0.03, 0.01, 0.02):
    loop.call_at(base + delay, note, delay)
run(0.05)
loop.call_later(0.001, note, "call_later")
run(0.01)

# The past runs on the next turn, after what is ready now.
start = loop.time()
loop.call_at(start - 5, note, "past -5")
loop.call_at(start - 10, note, "past -10")
loop.call_later(-1, note, "negative delay")
loop.call_soon(note, "soon")
run(0.01)

# A timer never fires early.
due = loop.time() + 0.02
loop.call_at(due, lambda: print("early" if loop.time() < due - 1e-6 else "not early"))
run(0.04)

# Cancelling: from outside, by an earlier timer, by itself.
base = loop.time()
first = loop.call_at(base + 0.01, lambda: second.cancel())
second = loop.call_at(base + 0.02, note, "second")
third = loop.call_at(base + 0.015, lambda: (third.cancel(), note("third")))
fourth = loop.call_later(0.001, note, "fourth")
fourth.cancel()
run(0.04)
print(first.cancelled(), second.cancelled(), third.cancelled(), fourth.cancelled())

# Many cancelled timers among few that live.
handles = [loop.call_later(0.001 + i / 1e6, note, i) for i in range(500)]
for i, handle in enumerate(handles):
    if i % 100:
        handle.cancel()
run(0.03)

# Odd numbers and wrong types.
attempt("when is None", loop.call_at, None, note, "x")
attempt("delay is None", loop.call_later, None, note, "x")
attempt("delay is text", loop.call_later, "1", note, "x")
loop.call_later(True, note, "true").cancel()
loop.call_later(float("inf"), note, "never").cancel()
handle = loop.call_at(12345.5, note, "x")
print("when", handle.when(), type(handle).__name__, isinstance(handle, asyncio.Handle))
handle.cancel()
attempt("call_later without arguments", lambda: loop.call_later())
attempt("call_later without callback", lambda: loop.call_later(1))
attempt("call_at without callback", lambda: loop.call_at(1))
attempt("unknown keyword", lambda: loop.call_later(0, note, nope=1))
loop.close()
attempt("closed, later", loop.call_later, 0, note)
attempt("closed, at", loop.call_at, 0, note)
attempt("closed, delay None", loop.call_later, None, note)
