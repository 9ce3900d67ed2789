"""all_tasks and current_task: inside, outside, other loops, the private hooks."""

import asyncio
import gc

from observe import attempt, settle


def names(tasks):
    return sorted(task.get_name() for task in tasks)


async def idle(turns):
    for _ in range(turns):
        await asyncio.sleep(0)


async def main():
    loop = asyncio.get_running_loop()
    me = asyncio.current_task()
    me.set_name("main")
    print(
        asyncio.all_tasks() == {me},
        asyncio.current_task(loop) is me,
        type(asyncio.all_tasks()).__name__,
    )
    tasks = [asyncio.create_task(idle(n), name=f"idle {n}") for n in range(3)]
    print(names(asyncio.all_tasks()))
    print(names(asyncio.all_tasks(loop)))
    await asyncio.sleep(0)
    print(names(asyncio.all_tasks()))
    await asyncio.gather(*tasks)
    print(names(asyncio.all_tasks()))
    cancelled = asyncio.create_task(idle(1), name="cancelled")
    cancelled.cancel()
    print(names(asyncio.all_tasks()))
    await asyncio.sleep(0)
    print(names(asyncio.all_tasks()))
    asyncio.create_task(idle(2), name="not kept")
    gc.collect()
    print(names(asyncio.all_tasks()))
    await settle()

    def callback():
        print("in a callback", asyncio.current_task())

    loop.call_soon(callback)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    print(asyncio.current_task() is me)

    other = asyncio.new_event_loop()
    print("other loop", asyncio.current_task(other), asyncio.all_tasks(other))
    theirs = other.create_task(idle(0), name="theirs")
    print(names(asyncio.all_tasks(other)), names(asyncio.all_tasks()))
    theirs.cancel()
    other.call_soon(other.stop)
    attempt("wrong loop", asyncio.all_tasks, 5)
    attempt("too many", lambda: asyncio.all_tasks(loop, 1))
    return other


other = asyncio.run(main())
other.run_forever()
print(names(asyncio.all_tasks(other)))
attempt("outside", asyncio.current_task)
attempt("outside", asyncio.all_tasks)
print(asyncio.current_task(other))

# The hooks that other schedulers use.
task = other.create_task(idle(3), name="hooked")
second = other.create_task(idle(1), name="second")


def enter_and_leave():
    asyncio.tasks._enter_task(other, task)
    print(asyncio.current_task(other) is task)
    attempt("enter twice", asyncio.tasks._enter_task, other, task)
    attempt("leave another", asyncio.tasks._leave_task, other, second)
    asyncio.tasks._leave_task(other, task)
    attempt("leave again", asyncio.tasks._leave_task, other, task)
    print(asyncio.current_task(other))


other.call_soon(enter_and_leave)
asyncio.tasks._unregister_task(task)
print(names(asyncio.all_tasks(other)))
asyncio.tasks._register_task(task)
print(names(asyncio.all_tasks(other)))
other.run_until_complete(task)
other.run_until_complete(second)
other.close()
