"""Cancellation at each point: a waiter that gives up loses no wake-up and leaves no trace."""

import asyncio

import pytest


async def settle(aio):
    for _ in range(6):
        await aio.sleep(0)


def test_a_lock_given_to_a_cancelled_task_goes_to_the_next(aio, run):
    async def main():
        lock = aio.Lock()
        await lock.acquire()
        first, second = (aio.create_task(lock.acquire()) for _ in range(2))
        await settle(aio)
        lock.release()
        first.cancel()
        await settle(aio)
        assert first.cancelled() and second.done() and lock.locked()
        return await second

    assert run(main) is True


def test_a_cancelled_waiter_of_a_held_lock_leaves_the_line(aio, run):
    async def main():
        lock = aio.Lock()
        await lock.acquire()
        first, second = (aio.create_task(lock.acquire()) for _ in range(2))
        await settle(aio)
        first.cancel()
        await settle(aio)
        assert len(lock._waiters) == 1
        lock.release()
        return await second

    assert run(main) is True


def test_a_place_given_to_a_cancelled_task_goes_to_the_next(aio, run):
    async def main():
        semaphore = aio.Semaphore(0)
        first, second = (aio.create_task(semaphore.acquire()) for _ in range(2))
        await settle(aio)
        semaphore.release()
        first.cancel()
        await settle(aio)
        assert first.cancelled() and second.done()
        return semaphore._value, await second

    assert run(main) == (0, True)


@pytest.mark.parametrize("turns", range(4))
def test_a_cancelled_condition_holds_its_lock_again(aio, run, turns):
    async def main():
        condition = aio.Condition()
        held = []

        async def wait():
            async with condition:
                try:
                    await condition.wait()
                finally:
                    held.append(condition.locked())

        task = aio.create_task(wait())
        await settle(aio)
        async with condition:
            condition.notify()
            for _ in range(turns):
                await aio.sleep(0)
            task.cancel()
            await settle(aio)
            assert not task.done()
        await settle(aio)
        assert task.cancelled() and not condition.locked()
        return held

    assert run(main) == [True]


def test_an_item_for_a_cancelled_getter_goes_to_the_next(aio, run):
    async def main():
        queue = aio.Queue()
        first, second = (aio.create_task(queue.get()) for _ in range(2))
        await settle(aio)
        queue.put_nowait("item")
        first.cancel()
        return await second, first.cancelled(), len(queue._getters)

    assert run(main) == ("item", True, 0)


def test_room_for_a_cancelled_putter_goes_to_the_next(aio, run):
    async def main():
        queue = aio.Queue(1)
        queue.put_nowait(0)
        first, second = (aio.create_task(queue.put(number)) for number in (1, 2))
        await settle(aio)
        assert queue.get_nowait() == 0
        first.cancel()
        await second
        return queue.get_nowait(), first.cancelled(), len(queue._putters)

    assert run(main) == (2, True, 0)


def test_a_cancelled_party_leaves_the_barrier(aio, run):
    async def main():
        barrier = aio.Barrier(2)
        first = aio.create_task(barrier.wait())
        await settle(aio)
        first.cancel()
        await settle(aio)
        assert barrier.n_waiting == 0
        return sorted(await aio.gather(barrier.wait(), barrier.wait()))

    assert run(main) == [0, 1]


@pytest.mark.parametrize("call", ["wait", "get"])
def test_timeouts(aio, run, call):
    async def main():
        subject = aio.Event() if call == "wait" else aio.Queue()
        with pytest.raises(TimeoutError):
            await aio.wait_for(getattr(subject, call)(), 0.001)
        return len(subject._waiters if call == "wait" else subject._getters)

    assert run(main) == 0


def test_closing_what_waits(aio, run):
    async def main():
        event = aio.Event()
        waiting = event.wait()
        future = waiting.send(None)
        assert isinstance(future, asyncio.Future) and len(event._waiters) == 1
        waiting.close()
        assert len(event._waiters) == 0
        waiting = event.wait()
        waiting.send(None)
        with pytest.raises(KeyError):
            waiting.throw(KeyError())
        return len(event._waiters)

    assert run(main) == 0
