# Needs Python 3.14, not through loop: asyncio's own functions link tasks of asyncio's class only.
"""The awaited-by links that task groups make, and those made by hand."""

import asyncio

from observe import attempt, settle


def names(graph, depth=0):
    # asyncio's own coroutines have frames only where they are written in Python.
    frames = [entry.frame.f_code for entry in graph.call_stack]
    stack = [code.co_name for code in frames if code.co_filename == __file__]
    print(
        "  " * depth,
        type(graph).__name__,
        getattr(graph.future, "get_name", lambda: "future")(),
        stack,
    )
    for waiter in sorted(graph.awaited_by, key=lambda g: g.future.get_name()):
        names(waiter, depth + 1)


async def waits(future):
    await future


async def main():
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    grouped = []

    async def group():
        async with asyncio.TaskGroup() as tasks:
            grouped.append(tasks.create_task(waits(future), name="in group"))

    owner = asyncio.create_task(group(), name="owner")
    await settle()
    names(asyncio.capture_call_graph(grouped[0]))

    # By hand.
    lonely = loop.create_future()
    asyncio.future_add_to_awaited_by(lonely, owner)
    names(asyncio.capture_call_graph(lonely))
    asyncio.future_discard_from_awaited_by(lonely, owner)
    names(asyncio.capture_call_graph(lonely))
    attempt("add nonsense", asyncio.future_add_to_awaited_by, 5, owner)
    attempt("discard what was not added", asyncio.future_discard_from_awaited_by, lonely, owner)

    future.set_result("done")
    await owner
    names(asyncio.capture_call_graph(grouped[0]))


asyncio.run(main())
