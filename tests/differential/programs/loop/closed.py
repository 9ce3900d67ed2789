"""Every method of a closed loop."""

import asyncio
import os
import signal

from observe import attempt


async def nothing():
    pass


def call(name, *args, **kwargs):
    attempt(name, getattr(loop, name), *args, **kwargs)


read, write = os.pipe()
loop = asyncio.new_event_loop()
print(loop.is_closed())
loop.close()
print(loop.is_closed(), loop)
call("close")
call("call_soon", print)
call("call_soon_threadsafe", print)
call("call_later", 0, print)
call("call_at", 0, print)
call("run_forever")
call("run_in_executor", None, print)
call("stop")
call("is_running")
call("get_debug")
call("set_debug", True)
call("get_debug")
call("set_debug", False)
call("get_task_factory")
call("set_task_factory", None)
call("get_exception_handler")
call("set_exception_handler", None)
call("call_exception_handler", {"message": "said on a closed loop"})
call("add_signal_handler", signal.SIGUSR1, print)
call("remove_signal_handler", signal.SIGUSR1)
call("add_reader", read, print)
call("remove_reader", read)
call("add_writer", write, print)
call("remove_writer", write)

future = loop.create_future()
print(future)
future.set_result(1)
future.add_done_callback  # noqa: B018 - only looked up
attempt("add_done_callback to a done future", future.add_done_callback, print)
pending = loop.create_future()
pending.add_done_callback(print)
attempt("set_result with a callback", pending.set_result, 1)
pending = loop.create_future()
pending.add_done_callback(print)
attempt("cancel with a callback", pending.cancel)

coroutine = nothing()
attempt("create_task", loop.create_task, coroutine)
coroutine.close()
coroutine = nothing()
attempt("run_until_complete", loop.run_until_complete, coroutine)
coroutine.close()

for name in ("shutdown_asyncgens", "shutdown_default_executor"):
    coroutine = getattr(loop, name)()
    print(name, type(coroutine).__name__)
    other = asyncio.new_event_loop()
    attempt(name, other.run_until_complete, coroutine)
    other.close()
os.close(read)
os.close(write)
