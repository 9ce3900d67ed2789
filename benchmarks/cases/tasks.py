"""Tasks: made, run and collected. One operation is one task whose coroutine never waits."""

from types import ModuleType

from benchmarks.case import Case, expect

CHILDREN = 100


async def child(number: int) -> int:
    return number


async def create_and_await(aio: ModuleType, count: int) -> int:
    create_task = aio.create_task
    total = 0
    for number in range(count):
        total += await create_task(child(number))
    expect(total, count * (count - 1) // 2, "sum of the results")
    return count


async def gather(aio: ModuleType, count: int) -> int:
    finished = 0
    numbers = list(range(CHILDREN))
    for _ in range(count // CHILDREN):
        results = await aio.gather(*[child(number) for number in numbers])
        expect(results, numbers, "results of gather")
        finished += len(results)
    return finished


async def task_group(aio: ModuleType, count: int) -> int:
    finished = 0
    numbers = list(range(CHILDREN))
    for _ in range(count // CHILDREN):
        async with aio.TaskGroup() as group:
            tasks = [group.create_task(child(number)) for number in numbers]
        expect([task.result() for task in tasks], numbers, "results of the group")
        finished += len(tasks)
    return finished


CASES = (
    Case("create_task", "create a task and await it", create_and_await, aim=3.5),
    Case("gather_100", "gather of 100", gather, aim=6, group=CHILDREN),
    Case("task_group_100", "TaskGroup of 100", task_group, aim=4, group=CHILDREN),
)
