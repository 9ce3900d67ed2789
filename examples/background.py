"""Tasks that nobody awaits, kept in a set until they are done.

Look at: the loop holds tasks weakly; a task that nothing else refers to may be collected in the
middle of its work. So a program keeps its background tasks in a set, and each one leaves by itself.
"""

import asyncio

background: set[asyncio.Task[None]] = set()


def start(name: str, seconds: float) -> None:
    task = asyncio.create_task(feed(name, seconds), name=name)
    background.add(task)
    task.add_done_callback(background.discard)


async def feed(name: str, seconds: float) -> None:
    await asyncio.sleep(seconds)
    print(f"the {name} is fed")


async def main() -> None:
    for place, name in enumerate(("cat", "dog", "parrot"), start=1):
        start(name, 0.08 * place)
    print(f"main goes on, {len(background)} tasks in the background")
    await asyncio.wait(background)
    print(f"all are fed, {len(background)} tasks left in the set")


asyncio.run(main())
