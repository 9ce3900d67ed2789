"""Queues, locks and events: tasks that meet.

One operation is an item put and taken, a round trip, a lock taken and given back, a waiter woken.
"""

from types import ModuleType

from benchmarks.case import Body, Case, expect

CONTENDERS = 10
WAITERS = 100


async def queue_put_get(aio: ModuleType, count: int) -> int:
    """One task, so the queue is never empty at ``get`` and never full at ``put``."""
    queue = aio.Queue()
    total = 0
    for number in range(count):
        await queue.put(number)
        total += await queue.get()
    expect(total, count * (count - 1) // 2, "sum of the items")
    return count


async def queue_ping_pong(aio: ModuleType, count: int) -> int:
    """Two tasks, two queues: every ``get`` waits for the other task's ``put``."""
    there, back = aio.Queue(), aio.Queue()

    async def partner() -> int:
        returned = 0
        while True:
            item = await there.get()
            if item is None:
                return returned
            await back.put(item + 1)
            returned += 1

    partner_task = aio.create_task(partner())
    ball = 0
    for _ in range(count):
        await there.put(ball)
        ball = await back.get()
    await there.put(None)
    expect(ball, count, "times the ball came back")
    return await partner_task


async def lock_contenders(aio: ModuleType, count: int) -> int:
    """Ten tasks take turns; the holder lets the loop run, so each acquisition waits."""
    lock = aio.Lock()
    share = count // CONTENDERS
    holders = 0
    held = 0

    async def contend() -> None:
        nonlocal holders, held
        for _ in range(share):
            async with lock:
                holders += 1
                await aio.sleep(0)
                expect(holders, 1, "tasks that hold the lock")
                holders -= 1
                held += 1

    tasks = [aio.create_task(contend()) for _ in range(CONTENDERS)]
    for task in tasks:
        await task
    expect(lock.locked(), False, "the lock stays locked")
    return held


def event_waiters_of(number: int) -> Body:
    """So many tasks wait for one event."""

    async def event_waiters(aio: ModuleType, count: int) -> int:
        woken = 0
        for _ in range(count // number):
            event = aio.Event()
            waiters = aio.gather(*[event.wait() for _ in range(number)])
            await aio.sleep(0)
            expect(waiters.done(), False, "the waiters did not wait")
            event.set()
            woken += sum(await waiters)
        return woken

    return event_waiters


CASES = (
    Case("queue", "Queue put/get", queue_put_get, aim=4),
    Case("queue_ping_pong", "Queue ping-pong", queue_ping_pong, aim=6),
    Case(
        "lock_10",
        "Lock, 10 contenders",
        lock_contenders,
        aim=5,
        group=CONTENDERS,
    ),
    Case(
        "event_100",
        "Event, 100 waiters",
        event_waiters_of(WAITERS),
        aim=5,
        group=WAITERS,
    ),
)
