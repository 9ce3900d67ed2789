"""run_until_complete: what it takes, what it gives, what it leaves running."""

import asyncio

from observe import attempt, close


async def value(result, turns=1):
    for _ in range(turns):
        await asyncio.sleep(0)
    return result


async def fail(error):
    raise error


class Awaitable:
    def __await__(self):
        yield from asyncio.sleep(0).__await__()
        return "awaitable's"


loop = asyncio.new_event_loop()
attempt("coroutine", loop.run_until_complete, value(1))
attempt("awaitable", loop.run_until_complete, Awaitable())
attempt("error", loop.run_until_complete, fail(ValueError("text", 2)))
attempt("base error", loop.run_until_complete, fail(GeneratorExit("base")))

done = loop.create_future()
done.set_result("ready made")
attempt("finished future", loop.run_until_complete, done)
attempt("finished future again", loop.run_until_complete, done)

cancelled = loop.create_future()
cancelled.cancel("why")
attempt("cancelled future", loop.run_until_complete, cancelled)

task = loop.create_task(value("task"))
attempt("task", loop.run_until_complete, task)
print(task.done(), task.result())

for wrong in (None, 5, value, "text", [value]):
    attempt(f"wrong type {type(wrong).__name__}", loop.run_until_complete, wrong)
attempt("no argument", lambda: loop.run_until_complete())

# Stopped before the future is done: an error, and the task goes on when the loop runs again.
slow = loop.create_task(value("slow", 5))
loop.call_soon(loop.stop)
attempt("stopped early", loop.run_until_complete, slow)
print("still pending", not slow.done())
attempt("second run", loop.run_until_complete, slow)

# What is left pending stays pending.
left = loop.create_task(value("left over", 10), name="left")
attempt("shorter", loop.run_until_complete, value("shorter", 2))
print(left.done())
attempt("left", loop.run_until_complete, left)


async def within():
    inner = value("never")
    attempt("same loop", loop.run_until_complete, inner)
    close(inner)
    attempt("run_forever in it", loop.run_forever)
    attempt("close in it", loop.close)
    other = asyncio.new_event_loop()
    inner = value("never")
    attempt("other loop", other.run_until_complete, inner)
    close(inner)
    other.close()
    print(loop.is_running(), loop.is_closed())
    return "within"


attempt("within", loop.run_until_complete, within())

other = asyncio.new_event_loop()
foreign = other.create_future()
attempt("future of another loop", loop.run_until_complete, foreign)
other.close()

loop.close()
late = value("late")
attempt("closed", loop.run_until_complete, late)
close(late)
print(loop.is_running(), loop.is_closed())
