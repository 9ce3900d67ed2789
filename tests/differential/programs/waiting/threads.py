"""run_coroutine_threadsafe and to_thread."""

import asyncio
import concurrent.futures
import contextvars
import threading

from observe import attempt, attempt_await

told = []  # in the loop's thread, while the other one prints
variable = contextvars.ContextVar("variable", default="default")


async def value(result):
    await asyncio.sleep(0)
    return result, asyncio.get_running_loop() is loop


async def fail(error):
    raise error


async def tells():
    try:
        await asyncio.sleep(10)
    except asyncio.CancelledError:
        told.append("cancelled in the loop")
        raise


def worker():
    future = asyncio.run_coroutine_threadsafe(value("from a thread"), loop)
    print(type(future).__module__, type(future).__name__)
    attempt("result", future.result, 5)
    attempt("error", asyncio.run_coroutine_threadsafe(fail(ValueError("there")), loop).result, 5)
    attempt(
        "cancelled",
        asyncio.run_coroutine_threadsafe(fail(asyncio.CancelledError("there")), loop).result,
        5,
    )
    future = asyncio.run_coroutine_threadsafe(tells(), loop)
    attempt("in time", future.result, 0.02)
    print("cancel", future.cancel())
    attempt("after cancel", future.result, 5)
    for wrong in (5, None, value):
        attempt(f"wrong {type(wrong).__name__}", asyncio.run_coroutine_threadsafe, wrong, loop)
    coroutine = value("x")
    attempt("wrong loop", asyncio.run_coroutine_threadsafe, coroutine, None)
    coroutine.close()

    def failing_factory(loop, coroutine, **kwargs):
        coroutine.close()
        raise LookupError("no task")

    loop.set_task_factory(failing_factory)
    future = asyncio.run_coroutine_threadsafe(value("x"), loop)
    attempt("failing factory", future.result, 5)
    loop.set_task_factory(None)
    loop.call_soon_threadsafe(loop.stop)


loop = asyncio.new_event_loop()
thread = threading.Thread(target=worker)
thread.start()
loop.run_forever()
thread.join()
print(told)


async def in_threads():
    def work(*args, **kwargs):
        return args, kwargs, variable.get(), threading.current_thread() is threading.main_thread()

    variable.set("caller's")
    await attempt_await("to_thread", asyncio.to_thread(work, 1, key="word"))
    await attempt_await("error", asyncio.to_thread(int, "x"))
    await attempt_await("not callable", asyncio.to_thread(5))
    attempt("nothing", lambda: asyncio.to_thread())
    await asyncio.to_thread(lambda: variable.set("in the thread") and None)
    print(variable.get())
    await attempt_await("no loop there", asyncio.to_thread(asyncio.get_running_loop))

    entered, release = threading.Event(), threading.Event()

    def blocks():
        entered.set()
        release.wait()
        return "nobody sees this"

    task = asyncio.create_task(asyncio.to_thread(blocks))
    while not entered.is_set():
        await asyncio.sleep(0.001)
    task.cancel("not the thread")
    await attempt_await("cancelled while the thread works", task)
    release.set()
    print(await asyncio.gather(*(asyncio.to_thread(lambda n=n: n * n) for n in range(5))))


loop.run_until_complete(in_threads())
loop.run_until_complete(loop.shutdown_default_executor())
loop.close()
coroutine = value("closed")
attempt("closed loop", asyncio.run_coroutine_threadsafe, coroutine, loop)
coroutine.close()
print(concurrent.futures.CancelledError.__name__)
