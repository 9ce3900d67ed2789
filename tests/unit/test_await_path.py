"""`import aioxide as asyncio`: no line of the stdlib's asyncio runs on the path of an await."""

import asyncio
import collections
import os
import socket
import sys

import pytest

import toolkit

FOLDER = os.path.dirname(asyncio.__file__)


class Watch:
    """Counts the calls of functions written in the stdlib's asyncio folder while it is on."""

    def __init__(self):
        self.calls = collections.Counter()

    def __enter__(self):
        self.before = sys.getprofile()
        sys.setprofile(self._called)
        return self

    def __exit__(self, *error):
        sys.setprofile(self.before)

    def _called(self, frame, event, argument):
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(FOLDER):
            self.calls[os.path.basename(code.co_filename), code.co_qualname] += 1


async def after_a_turn(aio, value):
    await aio.sleep(0)
    return value


async def queues(aio):
    for kind in (aio.Queue, aio.LifoQueue, aio.PriorityQueue):
        queue = kind(1)

        async def put(queue):
            for item in range(3):
                await queue.put(item)

        putting = aio.create_task(put(queue))
        for _ in range(3):
            await queue.get()
            queue.task_done()
        await putting
        await queue.join()


async def locks(aio):
    lock, semaphore, bounded = aio.Lock(), aio.Semaphore(1), aio.BoundedSemaphore(1)
    condition, event, barrier = aio.Condition(), aio.Event(), aio.Barrier(2)

    async def use():
        for primitive in (lock, semaphore, bounded):
            async with primitive:
                await aio.sleep(0)
        async with barrier:
            pass
        await event.wait()
        async with condition:
            await condition.wait()

    users = [aio.create_task(use()) for _ in range(2)]
    for _ in range(10):
        await aio.sleep(0)
    event.set()
    for _ in range(10):
        await aio.sleep(0)
    async with condition:
        condition.notify_all()
    await users[0]
    await users[1]


async def scopes(aio):
    async with aio.timeout(10):
        await aio.sleep(0.0001)
    await aio.wait_for(after_a_turn(aio, 1), 10)
    async with aio.TaskGroup() as group:
        group.create_task(after_a_turn(aio, 1))
        group.create_task(after_a_turn(aio, 2))


async def groups(aio):
    await aio.gather(after_a_turn(aio, 1), after_a_turn(aio, 2))
    await aio.wait([aio.create_task(after_a_turn(aio, 1))])
    await aio.wait({aio.create_task(after_a_turn(aio, 1))}, return_when=aio.FIRST_COMPLETED)
    await aio.shield(after_a_turn(aio, 1))
    for earliest in aio.as_completed([after_a_turn(aio, 1), after_a_turn(aio, 2)]):
        await earliest


async def threads(aio):
    await aio.get_running_loop().run_in_executor(None, id, 1)
    await aio.to_thread(id, 1)


@pytest.mark.only("aioxide")
@pytest.mark.parametrize(
    "work", [queues, locks, scopes, groups, threads], ids=lambda work: work.__name__
)
def test_a_program_in_its_steady_state(aio, run, work):
    async def main():
        await work(aio)
        with Watch() as watch:
            for _ in range(3):
                await work(aio)
        return watch.calls

    assert run(main) == {}


@pytest.mark.only("aioxide")
def test_a_conversation_over_streams(aio, run):
    async def main():
        ours, theirs = socket.socketpair()
        reader, writer = await aio.open_unix_connection(sock=ours)
        other, answer = await aio.open_unix_connection(sock=theirs)
        with Watch() as watch:
            for _ in range(3):
                writer.write(b"a line\n")
                writer.writelines([b"frame", b" and the rest;"])
                await writer.drain()
                assert await other.readline() == b"a line\n"
                assert await other.readexactly(5) == b"frame"
                assert await other.readuntil(b";") == b" and the rest;"
                answer.write(b"answer")
                assert await reader.read(100) == b"answer"
        for each in (writer, answer):
            each.close()
            await each.wait_closed()
        return watch.calls

    assert run(main) == {}


def test_the_watch_sees_asyncio(run):
    async def main():
        with Watch() as watch:
            await asyncio.Queue().put(1)
        return watch.calls

    if run.loop_factory is asyncio.new_event_loop:
        assert run(main)["queues.py", "Queue.put"] == 1


@pytest.mark.only("aioxide")
@pytest.mark.parametrize("kind", ["Queue", "Lock", "Event"])
def test_an_idle_primitive_takes_no_more_memory_than_asyncios(implementation, kind):
    program = f"""
import gc, resource, sys
import {{module}} as aio
COUNT = 100_000

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()

kept = [aio.{kind}()] * COUNT
gc.collect()
before = resident()
for place in range(COUNT):
    kept[place] = aio.{kind}()
print((resident() - before) / COUNT)
"""
    # Each in a process of its own, where nothing that somebody else has freed is used again; in the
    # allocator's blocks of 16 bytes, because the fractions are the headers of its pools.
    ours, theirs = (
        round(float(toolkit.launch("asyncio", "-c", program.format(module=module)).stdout) / 16)
        for module in ("aioxide", "asyncio")
    )
    assert 0 < ours <= theirs
