"""A group of tasks that is left only when all of them are done.

Look at: no task outlives the ``async with``. When one fails the others are cancelled, and what
failed comes out as an ExceptionGroup, which ``except*`` takes apart by type.
"""

import asyncio


async def climb(name: str, seconds: float, *, slips: bool = False) -> str:
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        print(f"{name} turns back")
        raise
    if slips:
        raise ValueError(f"{name} slipped")
    print(f"{name} is at the top")
    return name


async def main() -> None:
    async with asyncio.TaskGroup() as rope:
        first = rope.create_task(climb("Ada", 0.05))
        second = rope.create_task(climb("Ben", 0.15))
        print("the group waits for its tasks")
    print(f"all are back: {first.result()}, {second.result()}")

    try:
        async with asyncio.TaskGroup() as rope:
            rope.create_task(climb("Cleo", 0.05))
            rope.create_task(climb("Dan", 0.15, slips=True))
            rope.create_task(climb("Eve", 5))
    except* ValueError as group:
        print(f"failed: {[str(error) for error in group.exceptions]}")


asyncio.run(main())
