"""Reprs of tasks in each state, print_stack and get_stack."""

import asyncio
import io
import sys

from observe import attempt


async def leaf(future):
    await future


async def branch(future):
    await leaf(future)


async def value():
    return "value"


async def fail():
    raise ValueError("fail")


def stack_of(task, **kwargs):
    file = io.StringIO()
    task.print_stack(file=file, **kwargs)
    print(file.getvalue(), end="")


async def main():
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    task = asyncio.create_task(branch(future), name="waiting")
    print("not started", task)
    print("stack", [frame.f_code.co_name for frame in task.get_stack()])
    stack_of(task)
    await asyncio.sleep(0)
    print("waiting", task)
    print("stack", [(frame.f_code.co_name, frame.f_lineno) for frame in task.get_stack()])
    print("limit", len(task.get_stack(limit=1)), len(task.get_stack(limit=0)))
    stack_of(task)
    stack_of(task, limit=1)
    print("its future", future)
    task.add_done_callback(print)
    print("with a callback", task)
    task.remove_done_callback(print)
    task.cancel()
    print("cancelling", task)
    await asyncio.wait([task])
    print("cancelled", task)
    print("stack", task.get_stack())
    stack_of(task)

    task = asyncio.create_task(asyncio.sleep(3600), name="library")
    await asyncio.sleep(0)
    print("library", task)
    print("stack", [frame.f_code.co_name for frame in task.get_stack()])
    stack_of(task)
    task.cancel()

    task = asyncio.create_task(value(), name="value")
    await task
    print("finished", task)
    stack_of(task)
    task = asyncio.create_task(fail(), name="fail")
    await asyncio.wait([task])
    print("failed", task)
    print("stack", [frame.f_code.co_name for frame in task.get_stack()])
    stack_of(task)
    task.exception()
    me = asyncio.current_task()
    frames = [frame.f_code for frame in me.get_stack()]
    print("my stack", [code.co_name for code in frames if code.co_filename == __file__])
    me.print_stack(file=sys.stdout)
    attempt("positional limit", lambda: me.get_stack(1))
    attempt("limit text", lambda: me.get_stack(limit="x"))

    class Named(asyncio.Task):
        pass

    task = Named(value(), loop=loop, name="a subclass")
    print(task)
    await task

    async def waits_for(other):
        await other

    inner = asyncio.create_task(leaf(loop.create_future()), name="inner")
    outer = asyncio.create_task(waits_for(inner), name="outer")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    print(inner)
    print(outer)
    inner.cancel()
    await asyncio.wait([outer])
    sleeper = asyncio.create_task(asyncio.sleep(10), name="sleeper")
    await asyncio.sleep(0)
    sleeper.cancel()
    await asyncio.wait([sleeper])
    lambda_task = asyncio.create_task((lambda: value())())
    print(lambda_task)
    await lambda_task


asyncio.run(main())
