"""`aioxide.install()`: asyncio's own functions make aioxide's loop, and nothing else changes."""

import asyncio
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest

import aioxide
from aioxide import _policy


@pytest.fixture(autouse=True)
def policy_restored():
    before = _policy.current_policy()
    yield
    aioxide.uninstall()
    _policy.set_policy(before)


async def running_loop():
    return asyncio.get_running_loop()


def test_install_makes_asyncio_run_on_our_loop_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        aioxide.install()
        assert isinstance(asyncio.run(running_loop()), aioxide.Loop)
        loop = asyncio.new_event_loop()
        assert isinstance(loop, aioxide.Loop)
        loop.close()
        aioxide.uninstall()
        assert not isinstance(asyncio.run(running_loop()), aioxide.Loop)


def test_uninstall_puts_back_the_policy_that_was_there():
    before = _policy.current_policy()
    aioxide.install()
    aioxide.install()
    assert _policy.current_policy() is not before
    aioxide.uninstall()
    assert _policy.current_policy() is before
    aioxide.uninstall()
    assert _policy.current_policy() is before


def test_uninstall_leaves_a_policy_that_was_set_since():
    aioxide.install()
    other = type(_policy.current_policy()).__base__()
    _policy.set_policy(other)
    aioxide.uninstall()
    assert _policy.current_policy() is other
    # Nothing is remembered from the first install: this one remembers the other policy.
    aioxide.install()
    aioxide.uninstall()
    assert _policy.current_policy() is other


def test_the_policy_can_be_set_by_hand():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        asyncio.set_event_loop_policy(aioxide.EventLoopPolicy())
        assert isinstance(asyncio.get_event_loop_policy(), asyncio.DefaultEventLoopPolicy)
    assert isinstance(asyncio.run(running_loop()), aioxide.Loop)


def run_in_thread(function):
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(function).result()


def test_the_policy_keeps_a_loop_for_each_thread():
    aioxide.install()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        assert asyncio.get_event_loop() is loop
        with pytest.raises(RuntimeError, match="no current event loop in thread"):
            run_in_thread(asyncio.get_event_loop)
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def test_tasks_of_an_installed_loop_are_ours_and_names_stay_the_stdlibs():
    async def main():
        return type(asyncio.current_task())

    gather = asyncio.gather
    aioxide.install()
    assert asyncio.run(main()) is aioxide.Task
    assert asyncio.gather is gather


def test_a_forked_child_gets_a_fresh_loop():
    code = """
import asyncio, os, aioxide
aioxide.install()
async def main():
    return type(asyncio.get_running_loop()) is aioxide.Loop
assert asyncio.run(main())
child = os.fork()
if child == 0:
    os._exit(0 if asyncio.run(main()) else 1)
assert os.waitpid(child, 0)[1] == 0
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
