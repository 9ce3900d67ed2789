"""Ctrl-C: the main task is cancelled, then KeyboardInterrupt."""

import asyncio
import os
import signal
import threading

from observe import attempt


def interrupt():
    os.kill(os.getpid(), signal.SIGINT)


async def interrupted_while_waiting():
    threading.Timer(0.02, interrupt).start()
    try:
        await asyncio.sleep(10)
    except asyncio.CancelledError as error:
        print("cancelled", error.args)
        raise
    finally:
        print("finally")


async def interrupted_while_busy():
    interrupt()
    print("after the signal")
    try:
        await asyncio.sleep(10)
    except asyncio.CancelledError:
        print("cancelled")
        raise


async def refuses():
    interrupt()
    try:
        await asyncio.sleep(10)
    except asyncio.CancelledError:
        print("refused", asyncio.current_task().cancelling())
    return "went on"


async def takes_it_back():
    interrupt()
    try:
        await asyncio.sleep(10)
    except asyncio.CancelledError:
        asyncio.current_task().uncancel()
    return "taken back"


async def twice():
    interrupt()
    try:
        await asyncio.sleep(10)
    except asyncio.CancelledError:
        print("first")
        interrupt()
        await asyncio.sleep(10)


told = []


async def with_children():
    async def child(name):
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            told.append(name)
            raise

    async with asyncio.TaskGroup() as group:
        group.create_task(child("a"))
        group.create_task(child("b"))
        await asyncio.sleep(0)
        interrupt()
        await asyncio.sleep(10)


async def own_handler():
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(
        signal.SIGINT, lambda: print("own handler") or loop.call_soon(event.set)
    )
    event = asyncio.Event()
    interrupt()
    await event.wait()
    loop.remove_signal_handler(signal.SIGINT)
    return "handled"


for main in (
    interrupted_while_waiting,
    interrupted_while_busy,
    refuses,
    takes_it_back,
    twice,
    with_children,
    own_handler,
):
    before = signal.getsignal(signal.SIGINT)
    attempt(main.__name__, asyncio.run, main())
    print("told", sorted(told))
    print("put back", signal.getsignal(signal.SIGINT) is before)


async def finished_before():
    interrupt()
    return "finished"


attempt("finished before", asyncio.run, finished_before())


# With one's own handler asyncio keeps its hands off.
signal.signal(signal.SIGINT, lambda number, frame: print("mine"))


async def mine():
    interrupt()
    await asyncio.sleep(0.01)
    return "undisturbed"


attempt("mine", asyncio.run, mine())
signal.signal(signal.SIGINT, signal.default_int_handler)

# In a loop that no runner minds.
loop = asyncio.new_event_loop()
loop.call_soon(interrupt)
attempt("run_forever", loop.run_forever)
threading.Timer(0.02, interrupt).start()
attempt("run_forever, waiting", loop.run_forever)
loop.close()

# In another thread, where asyncio can't handle signals.
thread = threading.Thread(
    target=lambda: attempt("in a thread", asyncio.run, asyncio.sleep(0, "slept"))
)
thread.start()
thread.join()
