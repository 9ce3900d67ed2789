"""A task runs beside the one that made it: why "foo done" prints first.

Look at: ``create_task()`` only puts foo in the queue; foo starts when main reaches its first
``await``. From then on both wait at the same time, foo for the shorter time: so "foo done" prints
before "bar done", though main asks for foo last.
"""

import asyncio


async def foo() -> str:
    print("foo starts")
    await asyncio.sleep(0.05)
    print("foo done")
    return "what foo returned"


async def bar() -> None:
    print("bar starts")
    await asyncio.sleep(0.25)
    print("bar done")


async def main() -> None:
    task = asyncio.create_task(foo(), name="foo")
    print(f"task {task.get_name()!r} exists, foo has not started")
    await bar()
    print("main asks for foo")
    print(await task)


asyncio.run(main())
