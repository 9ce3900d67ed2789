"""Tasks that nobody kept or asked: destroyed while pending, exceptions never retrieved."""

import asyncio
import gc
import sys

# The collector runs when it is told to, so that what it finds is found in the order of its making.
gc.disable()
loop = asyncio.new_event_loop()


def run():
    loop.call_soon(loop.call_soon, loop.stop)
    loop.run_forever()


async def wait(future):
    await future


async def stubborn(future):
    try:
        await future
    finally:
        print("finally ran")


async def fail(error):
    raise error


def scene(label):
    gc.collect()
    print("---", label)
    sys.stdout.flush()


# Kept by nobody but the future it waits for, which nobody keeps either.
loop.create_task(wait(loop.create_future()), name="destroyed")
run()
scene("destroyed")
loop.create_task(stubborn(loop.create_future()), name="stubborn")
run()
scene("destroyed, finally")
task = loop.create_task(wait(loop.create_future()), name="switched off")
run()
task._log_destroy_pending = False
del task
scene("switched off")
# Never run at all.
task = loop.create_task(wait(loop.create_future()), name="never ran")
del task
other = asyncio.new_event_loop()
other.create_task(wait(other.create_future()), name="in a loop that never ran")
other.close()
scene("a loop closed over it")
run()

loop.create_task(fail(ValueError("unseen")), name="failed")
run()
scene("failed")
task = loop.create_task(fail(ValueError("seen")), name="seen")
run()
task.exception()
del task
scene("seen")
loop.create_task(fail(asyncio.CancelledError("c")), name="cancelled")
run()
scene("cancelled")
loop.set_exception_handler(
    lambda loop, context: print("handler", sorted(context), context["message"])
)
loop.create_task(fail(ValueError("x")), name="to the handler")
run()
scene("handler: failed")
loop.create_task(wait(loop.create_future()), name="to the handler")
run()
scene("handler: destroyed")
loop.set_exception_handler(None)
loop.set_debug(True)
loop.slow_callback_duration = 10
loop.create_task(wait(loop.create_future()), name="in debug mode")
run()
scene("debug: destroyed")
loop.create_task(fail(ValueError("y")), name="in debug mode")
run()
scene("debug: failed")
loop.set_debug(False)
kept = loop.create_task(wait(loop.create_future()), name="kept to the end")
run()
loop.close()
scene("end")
