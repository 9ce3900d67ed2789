"""`aioxide.patch()`: code that says `import asyncio` finds aioxide's names, until unpatch()."""

import asyncio
import importlib
import sys
import warnings

import pytest

import aioxide
from aioxide import _policy
from aioxide._names import KEPT_BY_PATCH, NATIVE, REVIVED

PATCHED = [
    (module, name)
    for table in (NATIVE, REVIVED)
    for module, names in table.items()
    for name in names
    if name not in KEPT_BY_PATCH
]


def snapshot():
    namespaces = {
        name: module for name, module in sys.modules.items() if name.startswith("asyncio")
    }
    namespaces["policy"] = _policy._DefaultPolicy
    namespaces["runners"] = aioxide.runners
    return {name: dict(vars(namespace)) for name, namespace in namespaces.items()}


@pytest.fixture(autouse=True)
def everything_restored():
    _policy.current_policy()  # Made on first use: not a trace of the patch.
    before = snapshot()
    yield
    aioxide.unpatch()
    assert snapshot() == before


async def running_loop():
    return asyncio.get_running_loop()


def test_every_name_is_ours_on_asyncio_and_on_its_module():
    aioxide.patch()
    for module, name in PATCHED:
        ours = getattr(aioxide, name)
        assert getattr(asyncio, name) is ours, name
        assert getattr(importlib.import_module(f"asyncio.{module}"), name) is ours, name


def test_names_outside_the_public_namespace_are_ours_on_their_module_alone():
    aioxide.patch()
    assert asyncio.streams.FlowControlMixin is aioxide.streams.FlowControlMixin
    assert not hasattr(asyncio, "FlowControlMixin")


def test_what_others_reach_into_stays():
    kept = {
        "asyncio": ["BaseEventLoop", "Handle", "TimerHandle", "AbstractEventLoop", "isfuture"],
        "asyncio.base_events": ["BaseEventLoop", "_run_until_complete_cb"],
        "asyncio.events": ["Handle", "TimerHandle", "_set_running_loop", "_get_running_loop"],
        "asyncio.futures": ["_PyFuture", "_CFuture"],
        "asyncio.tasks": ["_PyTask", "_CTask", "_enter_task", "_register_task"],
        "asyncio.unix_events": ["_UnixSelectorEventLoop"],
        "asyncio.selector_events": ["BaseSelectorEventLoop"],
    }
    before = {
        (module, name): getattr(importlib.import_module(module), name)
        for module, names in kept.items()
        for name in names
    }
    aioxide.patch()
    after = {
        (module, name): getattr(importlib.import_module(module), name) for module, name in before
    }
    assert after == before


def test_a_second_patch_and_a_second_unpatch_do_nothing():
    before = asyncio.gather
    aioxide.unpatch()
    aioxide.patch()
    aioxide.patch()
    assert asyncio.gather is aioxide.gather
    aioxide.unpatch()
    assert asyncio.gather is before
    assert not hasattr(asyncio, "coroutine")
    aioxide.unpatch()
    assert asyncio.gather is before


def test_unpatch_leaves_what_another_library_has_replaced():
    before = asyncio.run

    def wrapped_run():
        pass

    aioxide.patch()
    asyncio.run = wrapped_run
    try:
        aioxide.unpatch()
        assert asyncio.run is wrapped_run
        assert asyncio.runners.run is before
        assert asyncio.gather is not aioxide.gather
    finally:
        asyncio.run = before


def test_asyncio_run_and_new_event_loop_make_our_loop():
    aioxide.patch()
    assert isinstance(asyncio.run(running_loop()), aioxide.Loop)
    loop = asyncio.new_event_loop()
    assert isinstance(loop, aioxide.Loop)
    loop.close()
    loop = asyncio.SelectorEventLoop()
    assert isinstance(loop, aioxide.Loop)
    loop.close()


def test_a_policy_that_the_program_sets_still_decides():
    made = []

    class CountingPolicy(_policy._DefaultPolicy):
        def new_event_loop(self):
            made.append(asyncio.unix_events._UnixSelectorEventLoop())
            return made[-1]

    aioxide.patch()
    before = _policy.current_policy()
    _policy.set_policy(CountingPolicy())
    try:
        assert asyncio.run(running_loop()) is made[0]
    finally:
        _policy.set_policy(before)


def test_aioxide_run_does_not_ask_the_policy_when_nothing_is_patched():
    class RefusingPolicy(_policy._DefaultPolicy):
        def new_event_loop(self):
            raise AssertionError("the policy was asked")

    before = _policy.current_policy()
    _policy.set_policy(RefusingPolicy())
    try:
        assert isinstance(aioxide.run(running_loop()), aioxide.Loop)
    finally:
        _policy.set_policy(before)


def test_code_that_took_the_names_before_still_runs():
    from asyncio import gather, sleep, wait_for

    async def main():
        async with asyncio.timeout(5):
            return await wait_for(gather(sleep(0, "a"), asyncio.sleep(0, "b")), 5)

    aioxide.patch()
    assert asyncio.run(main()) == ["a", "b"]


def test_the_stdlibs_loops_still_run_what_is_patched():
    async def main():
        async with asyncio.TaskGroup() as group:
            task = group.create_task(asyncio.sleep(0, "done"))
        queue = asyncio.Queue()
        await queue.put(task.result())
        return await queue.get()

    aioxide.patch()
    with asyncio.Runner(loop_factory=asyncio.unix_events._UnixSelectorEventLoop) as runner:
        assert runner.run(main()) == "done"


def test_a_patch_from_within_a_running_program():
    async def main():
        aioxide.patch()
        return await asyncio.gather(asyncio.sleep(0, 1), asyncio.to_thread(int, "2"))

    assert asyncio.run(main()) == [1, 2]


def test_the_revived_names_are_there_only_while_patched():
    assert not hasattr(asyncio, "coroutine")
    aioxide.patch()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)

        @asyncio.coroutine
        def old():
            return (yield from asyncio.sleep(0, "old"))

        assert asyncio.run(old()) == "old"
