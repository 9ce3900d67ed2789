"""Switching: a task yields and is resumed. One operation is one ``await sleep(0)``."""

from types import ModuleType

from benchmarks.case import Case, expect

TASKS = 100


async def sleep_in_one_task(aio: ModuleType, count: int) -> int:
    loop = aio.get_running_loop()
    sleep = aio.sleep
    turns_seen = []
    loop.call_soon(turns_seen.append, "first")
    await sleep(0)
    for _ in range(count - 2):
        await sleep(0)
    loop.call_soon(turns_seen.append, "last")
    await sleep(0)
    expect(turns_seen, ["first", "last"], "callbacks that ran while the task slept")
    return count


async def sleep_in_many_tasks(aio: ModuleType, count: int) -> int:
    share = count // TASKS
    finished_in_turn: list[int] = []

    async def sleeper(number: int) -> int:
        sleep = aio.sleep
        for _ in range(share):
            await sleep(0)
        finished_in_turn.append(number)
        return share

    sleepers = [aio.create_task(sleeper(number)) for number in range(TASKS)]
    slept = sum([await task for task in sleepers])
    expect(finished_in_turn, list(range(TASKS)), "the order in which the tasks finished")
    return slept


CASES = (
    Case("sleep", "`sleep(0)` in one task", sleep_in_one_task, aim=3, group=2),
    Case("sleep_100", "`sleep(0)` in 100 tasks", sleep_in_many_tasks, aim=3, group=TASKS),
)
