"""TaskGroup: success, failures together, cancelling from each side, misuse.

A group cancels its children in the order of a set, so what they say then is printed sorted.
"""

import asyncio
import sys

from observe import attempt, attempt_await, settle

told = []


async def value(name, turns=1):
    for _ in range(turns):
        await asyncio.sleep(0)
    print(name, "finished")
    return name


async def fail(error, turns=1):
    for _ in range(turns):
        await asyncio.sleep(0)
    raise error


async def tells(name, then=None):
    try:
        await asyncio.sleep(10)
    except asyncio.CancelledError as error:
        told.append((name, error.args))
        if then:
            raise then from None
        raise


async def show(label, awaitable):
    await attempt_await(label, awaitable)
    print("   cancelled", sorted(told))
    told.clear()


async def scene(label, body):
    async def run():
        async with asyncio.TaskGroup() as group:
            return await body(group)

    task = asyncio.create_task(run())
    await show(label, task)
    print("   cancelling", asyncio.current_task().cancelling(), task.cancelling())


async def success(group):
    tasks = [group.create_task(value(n, t), name=n) for n, t in (("a", 3), ("b", 1))]
    print(group, tasks[0].get_name())
    return "the body's value"


async def empty(group):
    await asyncio.sleep(0)


async def one_fails(group):
    group.create_task(tells("sibling"))
    group.create_task(fail(ValueError("child"), 2))
    await asyncio.sleep(10)


async def two_fail(group):
    group.create_task(fail(ValueError("first")))
    group.create_task(fail(KeyError("second")))
    group.create_task(tells("third", OSError("while cancelled")))


async def body_fails(group):
    group.create_task(tells("child"))
    await asyncio.sleep(0)
    raise LookupError("body")


async def both_fail(group):
    group.create_task(fail(ValueError("child"), 0))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    raise LookupError("body")


async def child_cancelled(group):
    task = group.create_task(tells("child"))
    await asyncio.sleep(0)
    task.cancel("only the child")
    await settle()
    return "the group goes on"


async def child_refuses(group):
    async def refuses():
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            print("refused")

    group.create_task(refuses())
    await asyncio.sleep(0)
    raise ValueError("body")


async def children_of_children(group):
    async def parent():
        group.create_task(value("grandchild"))

    group.create_task(parent())


async def late_child(group):
    async def creates():
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            coroutine = value("too late")
            attempt("while aborting", lambda: group.create_task(coroutine))
            coroutine.close()
            raise

    group.create_task(creates())
    await asyncio.sleep(0)
    raise ValueError("body")


async def nested(group):
    async def inner():
        async with asyncio.TaskGroup() as inner_group:
            inner_group.create_task(fail(ValueError("inner")))
            inner_group.create_task(tells("inner sibling"))

    group.create_task(inner())
    group.create_task(tells("outer sibling"))


async def main():
    for body in (
        success,
        empty,
        one_fails,
        two_fail,
        body_fails,
        both_fail,
        child_cancelled,
        child_refuses,
        children_of_children,
        late_child,
        nested,
    ):
        await scene(body.__name__, body)

    async def cancelled_outside():
        async with asyncio.TaskGroup() as group:
            group.create_task(tells("child"))
            group.create_task(tells("failing child", ValueError("x")))
            await asyncio.sleep(10)

    for turns in (0, 1, 2):
        task = asyncio.create_task(cancelled_outside())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel("outside")
        await show(f"cancelled after {turns} turns", task)

    async def cancelled_at_exit():
        async with asyncio.TaskGroup() as group:
            group.create_task(tells("child"))

    task = asyncio.create_task(cancelled_at_exit())
    await settle()
    task.cancel("at the exit")
    await show("cancelled at the exit", task)

    # Misuse.
    group = asyncio.TaskGroup()
    print(group)
    coroutine = value("never")
    attempt("not entered", lambda: group.create_task(coroutine))
    coroutine.close()
    async with group:
        await attempt_await("entered twice", group.__aenter__())
    coroutine = value("never")
    attempt("finished", lambda: group.create_task(coroutine))
    coroutine.close()
    await attempt_await("entered again", group.__aenter__())
    async with asyncio.TaskGroup() as group:
        attempt("not a coroutine", lambda: group.create_task(5))
        coroutine = value("never")
        attempt("unknown keyword", lambda: group.create_task(coroutine, colour=1))
        coroutine.close()
        attempt("nothing", lambda: group.create_task())
        if sys.version_info >= (3, 15):
            group.create_task(tells("cancelled by the group"))
            await asyncio.sleep(0)
            group.cancel()
    print("left", group)


asyncio.run(main())


async def child_exits():
    async with asyncio.TaskGroup() as group:
        group.create_task(fail(SystemExit("child")))
        await asyncio.sleep(10)


attempt("a child exits", asyncio.run, child_exits())
