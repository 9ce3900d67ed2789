# Needs Python 3.14, not through loop: asyncio's own functions link tasks of asyncio's class only.
"""The awaited-by links that task groups make, and those made by hand."""

import asyncio

from observe import attempt, settle, show_call_graph


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
    show_call_graph(asyncio.capture_call_graph(grouped[0]), __file__)

    # By hand.
    lonely = loop.create_future()
    asyncio.future_add_to_awaited_by(lonely, owner)
    show_call_graph(asyncio.capture_call_graph(lonely), __file__)
    asyncio.future_discard_from_awaited_by(lonely, owner)
    show_call_graph(asyncio.capture_call_graph(lonely), __file__)
    attempt("add nonsense", asyncio.future_add_to_awaited_by, 5, owner)
    attempt("discard what was not added", asyncio.future_discard_from_awaited_by, lonely, owner)

    future.set_result("done")
    await owner
    show_call_graph(asyncio.capture_call_graph(grouped[0]), __file__)


asyncio.run(main())
