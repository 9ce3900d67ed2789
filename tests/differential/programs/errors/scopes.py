"""timeout, TaskGroup and Runner: wrong arguments, wrong states, two loops at once."""

import asyncio
import sys

from observe import attempt, attempt_await, close, misuse, settle


async def nothing():
    pass


async def timeouts():
    print("--- timeouts")
    loop = asyncio.get_running_loop()
    for function in (asyncio.timeout, asyncio.timeout_at):
        attempt("without one", function)
        attempt("with two", function, 1, 2)
        attempt("with a keyword", function, surplus=1)
    attempt("timeout by keyword", asyncio.timeout, delay=None)
    attempt("timeout_at by keyword", asyncio.timeout_at, when=None)
    attempt("timeout of a text", asyncio.timeout, "long")
    for wrong in ("late", [], object):
        scope = asyncio.timeout_at(wrong)
        await attempt_await(f"entering {wrong!r}", scope.__aenter__())
        attempt("when", lambda scope=scope: scope.when() is not None)
        attempt("expired", scope.expired)

    scope = asyncio.timeout(None)
    misuse(scope, "when", "expired")
    attempt("reschedule before it is entered", scope.reschedule, 1)
    attempt("reschedule to nowhere", scope.reschedule)
    attempt("reschedule with two", scope.reschedule, 1, 2)
    async with scope:
        await attempt_await("enter it twice", scope.__aenter__())
        attempt("reschedule with a keyword", scope.reschedule, surplus=1)
        attempt("reschedule to a text", scope.reschedule, "late")
        print(scope.when())
        scope.reschedule(when=None)
    attempt("reschedule after its end", scope.reschedule, 1)
    await attempt_await("enter it again", scope.__aenter__())
    try:
        async with asyncio.timeout_at(loop.time()) as scope:
            await settle(3)
    except TimeoutError:
        attempt("reschedule an expired one", scope.reschedule, 1)
    entering = asyncio.timeout(1).__aenter__()
    outside = []

    def enter():
        try:
            entering.send(None)
        except RuntimeError as error:
            outside.append(str(error))

    loop.call_soon(enter)
    await settle(2)
    print("outside a task", outside)


async def groups():
    print("--- groups")
    attempt("TaskGroup of a number", asyncio.TaskGroup, 1)
    group = asyncio.TaskGroup()
    coroutine = nothing()
    attempt("create_task before it is entered", group.create_task, coroutine)
    coroutine.close()
    async with group:
        await attempt_await("enter it twice", group.__aenter__())
        attempt("create_task of nothing", group.create_task)
        attempt("create_task of a number", group.create_task, 5)
        coroutine = nothing()
        attempt("create_task with two", group.create_task, coroutine, "name")
        close(coroutine)
        coroutine = nothing()
        attempt("create_task with a keyword", group.create_task, coroutine, surplus=1)
        close(coroutine)
    coroutine = nothing()
    attempt("create_task after its end", group.create_task, coroutine)
    coroutine.close()
    await attempt_await("enter it again", group.__aenter__())
    if sys.version_info >= (3, 15):
        attempt("cancel with an argument", group.cancel, 1)
        attempt("cancel with a keyword", group.cancel, surplus=1)


def runners():
    print("--- runners")
    attempt("Runner of a number", asyncio.Runner, 1)
    runner = asyncio.Runner()
    misuse(runner, "get_loop", "close")
    attempt("run nothing", runner.run)
    attempt("run a number", runner.run, 5)
    attempt("run a function", runner.run, nothing)
    coroutine = nothing()
    attempt("run with two", runner.run, coroutine, None)
    attempt("run with a keyword", runner.run, coroutine, surplus=1)
    coroutine.close()

    async def inside():
        coroutine = nothing()
        attempt("run while one runs", runner.run, coroutine)
        attempt("run another while one runs", asyncio.run, coroutine)
        coroutine.close()
        attempt("close while it runs", asyncio.get_running_loop().close)

    runner.run(inside())
    runner.close()
    attempt("close again", runner.close)
    attempt("get_loop of a closed one", runner.get_loop)
    coroutine = nothing()
    attempt("run on a closed one", runner.run, coroutine)
    coroutine.close()
    attempt("enter a closed one", runner.__enter__)
    attempt("asyncio.run of nothing", asyncio.run)
    attempt("asyncio.run of a number", asyncio.run, 5)
    attempt("asyncio.run of a function", asyncio.run, nothing)
    coroutine = nothing()
    attempt("asyncio.run with a keyword", asyncio.run, coroutine, surplus=1)
    coroutine.close()


asyncio.run(timeouts())
asyncio.run(groups())
runners()

for delay in (None, 1):
    attempt("timeout without a loop", asyncio.timeout, delay)
for scope in (asyncio.timeout_at(1), asyncio.TaskGroup()):
    entering = scope.__aenter__()
    attempt("enter without a loop", entering.send, None)
