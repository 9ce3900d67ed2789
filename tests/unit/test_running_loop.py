"""Which loop runs here: in the child of a fork, under another loop, in a thread of its own."""

import asyncio
import os
import threading

import pytest


def ask(aio):
    """What `current_task()`, which needs the running loop, says of it."""
    try:
        return aio.current_task()
    except RuntimeError as error:
        return str(error)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_no_loop_runs_in_the_child_of_a_fork(aio, run):
    async def main():
        assert isinstance(ask(aio), aio.Task)
        child = os.fork()
        if child == 0:
            os._exit(0 if ask(aio) == "no running event loop" else 1)
        ended = os.waitpid(child, 0)[1]
        assert isinstance(ask(aio), aio.Task)
        return ended

    assert run(main) == 0


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_loop_runs_in_the_child_of_a_fork(aio, run):
    async def look():
        await aio.sleep(0)
        return isinstance(ask(aio), aio.Task)

    async def main():
        child = os.fork()
        if child == 0:
            asyncio._set_running_loop(None)
            os._exit(0 if aio.run(look()) else 1)
        return os.waitpid(child, 0)[1]

    assert run(main) == 0


def test_the_loop_is_the_one_that_was_set_last(aio, run):
    async def main():
        ours = asyncio.get_running_loop()
        other = asyncio.new_event_loop()
        try:
            asyncio._set_running_loop(other)
            seen = [ask(aio) is asyncio.current_task()]
            asyncio._set_running_loop(None)
            seen.append(ask(aio))
        finally:
            asyncio._set_running_loop(ours)
            other.close()
        return [*seen, ask(aio) is asyncio.current_task()]

    assert run(main) == [True, "no running event loop", True]


def test_another_thread_has_another_loop(aio, run):
    async def look():
        await aio.sleep(0)
        return id(asyncio.get_running_loop()), isinstance(ask(aio), aio.Task)

    async def main():
        seen = [ask(aio) is None]

        def work():
            seen.append(ask(aio))
            seen.append(aio.run(look()))
            seen.append(ask(aio))

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        before, without, (loop, is_task), after = seen
        assert loop != id(asyncio.get_running_loop())
        return before, without, is_task, after

    assert run(main) == (False, "no running event loop", True, "no running event loop")
