"""Never-retrieved exceptions: when they are reported, when not."""

import asyncio
import gc

from observe import settle

loop = asyncio.new_event_loop()


def failed(error=None):
    future = loop.create_future()
    future.set_exception(error or ValueError("nobody asked"))
    return future


failed()
gc.collect()
print("1 reported")

future = failed()
future.exception()
del future
gc.collect()
print("2 silent: exception()")

future = failed()
try:
    future.result()
except ValueError:
    pass
del future
gc.collect()
print("3 silent: result()")

future = failed()
future._log_traceback = False
del future
gc.collect()
print("4 silent: switched off")

future = loop.create_future()
future.cancel()
del future
gc.collect()
print("5 silent: cancelled")

future = failed()
future.add_done_callback(lambda f: print("callback ran"))
del future
loop.call_soon(loop.stop)
loop.run_forever()
gc.collect()
print("6 reported: a callback does not retrieve")

# In a cycle.
future = failed(KeyError("in a cycle"))
future.itself = [future] if hasattr(future, "__dict__") else None
holder = [future]
holder.append(holder)
del future, holder
gc.collect()
print("7 reported from a cycle")


def raised():
    try:
        raise LookupError("with a traceback")
    except LookupError as error:
        return error


failed(raised())
gc.collect()
print("8 reported with a traceback")

# Through one's own handler.
loop.set_exception_handler(
    lambda loop, context: print("handler", sorted(context), context["message"])
)
failed()
gc.collect()


def failing_handler(loop, context):
    raise RuntimeError("handler")


loop.set_exception_handler(failing_handler)
failed()
gc.collect()
loop.set_exception_handler(None)


async def task_fails():
    raise OSError("in a task")


async def main():
    asyncio.create_task(task_fails(), name="fails")
    await settle()
    gc.collect()
    print("9 a task's")
    task = asyncio.create_task(task_fails())
    await asyncio.wait([task])
    print("10 wait does not retrieve")
    del task
    gc.collect()
    task = asyncio.create_task(task_fails())
    await asyncio.gather(task, return_exceptions=True)
    del task
    gc.collect()
    print("11 gather does")


loop.run_until_complete(main())
loop.close()
kept = failed()
print("12 reported when the interpreter ends")
