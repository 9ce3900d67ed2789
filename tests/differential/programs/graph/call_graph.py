# Needs Python 3.14
"""capture_call_graph, format_call_graph, print_call_graph and the awaited-by links."""

import asyncio
import io

from observe import attempt, settle, show_call_graph


async def leaf(future):
    await future


async def branch(future):
    await leaf(future)


async def main():
    loop = asyncio.get_running_loop()
    asyncio.current_task().set_name("main")
    future = loop.create_future()
    inner = asyncio.create_task(branch(future), name="inner")

    async def waits():
        await inner

    outer = asyncio.create_task(waits(), name="outer")
    another = asyncio.create_task(waits(), name="another")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    show_call_graph(asyncio.capture_call_graph(inner), __file__)
    show_call_graph(asyncio.capture_call_graph(outer), __file__)
    show_call_graph(asyncio.capture_call_graph(future), __file__)
    for limit in (0, 1, -1):
        show_call_graph(asyncio.capture_call_graph(inner, limit=limit), __file__)
    text = asyncio.format_call_graph(inner)
    print([line.split("(")[0].strip() for line in text.splitlines()])
    file = io.StringIO()
    asyncio.print_call_graph(outer, file=file)
    print(file.getvalue() == asyncio.format_call_graph(outer) + "\n")
    print(asyncio.capture_call_graph(inner).call_stack[0])

    async def gathers():
        await asyncio.gather(leaf(future), leaf(future))

    gatherer = asyncio.create_task(gathers(), name="gatherer")
    await settle()
    graph = asyncio.capture_call_graph(future)
    print(len(graph.awaited_by))

    me = asyncio.capture_call_graph()
    print(
        [
            entry.frame.f_code.co_name
            for entry in me.call_stack
            if entry.frame.f_code.co_filename == __file__
        ]
    )
    print(isinstance(me, asyncio.FutureCallGraph), asyncio.FutureCallGraph.__slots__)
    print({type(entry) is asyncio.FrameCallGraphEntry for entry in me.call_stack})
    attempt("wrong type", asyncio.capture_call_graph, 5)
    attempt("format wrong type", asyncio.format_call_graph, "x")
    future.set_result("done")
    await asyncio.gather(inner, outer, another, gatherer)
    show_call_graph(asyncio.capture_call_graph(inner), __file__)
    print("links are gone", asyncio.capture_call_graph(future).awaited_by)


asyncio.run(main())
attempt("no loop", asyncio.capture_call_graph)
