"""Chains as long as a program makes them: none of them takes more stack than there is."""

import pytest

import toolkit

LINKS = 100_000

PROGRAM = """
import gc, sys, warnings
import {module} as aio
warnings.simplefilter("ignore")
LINKS = {links}


async def awaiting():
    link = aio.sleep(0)
    for _ in range(LINKS):
        link = aio.wait_for(link, None)
    try:
        await link
    except RecursionError:
        print("refused")


async def never_awaited():
    link = aio.sleep(0)
    for _ in range(LINKS):
        link = aio.wait_for(link, None)


async def cancelling():
    async def wait_for_task(task):
        await task

    last = aio.get_running_loop().create_future()
    first = last
    for _ in range(LINKS):
        first = aio.create_task(wait_for_task(first))
    await aio.sleep(0)
    try:
        first.cancel()
    except RecursionError:
        print("refused")
    last.set_result(None)
    await aio.wait([first])


async def gathered():
    link = aio.get_running_loop().create_future()
    for _ in range(LINKS):
        link = aio.gather(link)
    try:
        link.cancel()
    except RecursionError:
        print("refused")


async def results():
    link = None
    for _ in range(LINKS):
        future = aio.get_running_loop().create_future()
        future.set_result(link)
        link = future


async def queues():
    link = None
    for _ in range(LINKS):
        queue = aio.Queue()
        queue.put_nowait(link)
        link = queue


async def callbacks():
    link = id
    for _ in range(LINKS):
        link = aio.get_running_loop().call_soon(id, link)
        link.cancel()


async def conditions():
    link = aio.Condition()
    for _ in range(2_000):
        try:
            link = aio.Condition(link)
        except RecursionError:
            break


with aio.Runner(loop_factory=aio.new_event_loop) as runner:
    runner.get_loop().set_exception_handler(lambda loop, context: None)
    runner.run({name}())
    gc.collect()
print("survived", flush=True)
import os
os._exit(0)
"""


def outcome(module, name):
    program = PROGRAM.format(module=module, name=name, links=LINKS)
    return toolkit.launch("asyncio", "-c", program)


@pytest.mark.parametrize("name", ["awaiting", "cancelling", "gathered"])
def test_what_goes_too_deep_is_a_recursion_error(implementation, name):
    done = outcome(implementation, name)
    assert done.stdout.split() == ["refused", "survived"], (done.returncode, done.stderr[-2000:])


@pytest.mark.only("aioxide")
@pytest.mark.parametrize("name", ["never_awaited", "results", "queues", "callbacks", "conditions"])
def test_a_chain_ends_without_a_deep_stack(implementation, name):
    done = outcome(implementation, name)
    assert done.stdout.split() == ["survived"], (done.returncode, done.stderr[-2000:])


@pytest.mark.only("aioxide")
def test_what_dies_inside_many_others_dies_all_the_same(aio, loop):
    deaths = []

    class Last:
        def __del__(self):
            deaths.append(self)

    link = Last()
    for _ in range(1_000):
        future = loop.create_future()
        future.set_result(link)
        link = future
    del link, future
    assert len(deaths) == 1
