"""Programs of the older eras: `@coroutine` with `yield from`, a loop before any runs."""

import asyncio
import inspect
import subprocess
import sys
import threading
import warnings

import pytest

import aioxide
from aioxide import _policy

WARNING = '"@coroutine" decorator is deprecated since Python 3.8, use "async def" instead'


def old_style(function):
    with pytest.warns(DeprecationWarning) as caught:
        decorated = aioxide.coroutine(function)
    assert str(caught[0].message) == WARNING
    assert caught[0].filename == __file__
    return decorated


@old_style
def nap(seconds, result):
    value = yield from aioxide.sleep(seconds, result)
    return value


def test_yield_from_awaits_sleeps_futures_tasks_and_coroutines():
    async def modern():
        await aioxide.sleep(0)
        return "modern"

    @old_style
    def program():
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        loop.call_soon(future.set_result, "future")
        results = [
            (yield from aioxide.sleep(0, "sleep")),
            (yield from future),
            (yield from aioxide.ensure_future(nap(0, "task"))),
            (yield from nap(0, "old")),
            (yield from modern()),
        ]
        gathered = yield from aioxide.gather(nap(0, 1), modern())
        return results + gathered

    assert aioxide.run(program()) == [
        "sleep",
        "future",
        "task",
        "old",
        "modern",
        1,
        "modern",
    ]


def test_exceptions_and_cancellation_go_through():
    seen = []

    @old_style
    def program():
        try:
            yield from aioxide.sleep(60)
        except aioxide.CancelledError:
            seen.append("cancelled")
            raise
        finally:
            seen.append("cleaned up")

    async def main():
        task = aioxide.create_task(program())
        await aioxide.sleep(0)
        task.cancel()
        with pytest.raises(aioxide.CancelledError):
            await task

    aioxide.run(main())
    assert seen == ["cancelled", "cleaned up"]

    @old_style
    def failing():
        yield from aioxide.sleep(0)
        raise KeyError("lost")

    with pytest.raises(KeyError, match="lost"):
        aioxide.run(failing())


def test_a_coroutine_is_recognised_as_one():
    running = nap(0, None)
    try:
        assert inspect.isfunction(nap)
        assert inspect.iscoroutine(running)
        assert asyncio.iscoroutine(running)
        assert running.__name__ == "nap"
        assert running.__qualname__ == nap.__qualname__ == "nap"
    finally:
        running.close()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # The function is deprecated in 3.14.
        assert asyncio.iscoroutinefunction(nap)
        assert aioxide.iscoroutinefunction(nap)
    if sys.version_info >= (3, 12):
        assert inspect.iscoroutinefunction(nap)


def test_wrong_arguments_fail_at_the_call():
    with pytest.raises(TypeError, match="seconds"):
        nap(result=1)


def test_a_method_can_be_a_coroutine():
    class Program:
        result = "method"

        @old_style
        def run(self):
            yield from aioxide.sleep(0)
            return self.result

    assert aioxide.run(Program().run()) == "method"


@pytest.mark.parametrize("kind", ["value", "generator", "coroutine", "future"])
def test_a_plain_function_may_return_anything(kind):
    def generator():
        return (yield from nap(0, "generator").__await__())

    @old_style
    def program():
        if kind == "generator":
            return generator()
        if kind == "coroutine":
            return nap(0, "coroutine")
        if kind == "future":
            future = asyncio.get_running_loop().create_future()
            future.set_result("future")
            return future
        return "value"

    assert aioxide.run(program()) == kind


def test_a_coroutine_function_is_returned_unchanged():
    async def modern():
        pass

    assert old_style(modern) is modern


@pytest.fixture
def no_current_loop():
    """A policy as fresh as at the start of a program; the loop it gets is closed."""
    before = _policy.current_policy()
    fresh = _policy._DefaultPolicy()
    _policy.set_policy(fresh)
    yield fresh
    if fresh._local._loop is not None:
        fresh._local._loop.close()
    _policy.set_policy(before)


def expecting_the_warning():
    if sys.version_info >= (3, 12):
        return pytest.warns(DeprecationWarning, match="There is no current event loop")
    return warnings.catch_warnings()


@pytest.mark.usefixtures("no_current_loop")
def test_get_event_loop_makes_our_loop_before_one_runs():
    with expecting_the_warning() as caught:
        loop = aioxide.get_event_loop()
    if sys.version_info >= (3, 12):
        assert [warning.filename for warning in caught] == [__file__]
    assert isinstance(loop, aioxide.Loop)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert aioxide.get_event_loop() is loop
        assert asyncio.get_event_loop() is loop
    assert loop.run_until_complete(nap(0, "ran")) == "ran"


@pytest.mark.usefixtures("no_current_loop")
def test_ensure_future_and_gather_before_a_loop_runs():
    with expecting_the_warning():
        first = aioxide.ensure_future(nap(0, "first"))
    both = aioxide.gather(first, nap(0, "second"))
    loop = aioxide.get_event_loop()
    assert loop.run_until_complete(both) == ["first", "second"]


@pytest.mark.usefixtures("no_current_loop")
def test_as_completed_before_a_loop_runs():
    with expecting_the_warning():
        completions = iter(aioxide.as_completed([nap(0, "first"), nap(0.01, "second")]))
        first = next(completions)
    loop = aioxide.get_event_loop()
    assert loop.run_until_complete(first) == "first"
    assert [loop.run_until_complete(later) for later in completions] == ["second"]


@pytest.mark.usefixtures("no_current_loop")
def test_a_future_before_a_loop_runs():
    with expecting_the_warning():
        future = aioxide.Future()
    assert future.get_loop() is aioxide.get_event_loop()


@pytest.mark.usefixtures("no_current_loop")
def test_the_patched_stdlib_makes_the_loop_too():
    aioxide.patch(old_programs=True)
    try:
        with expecting_the_warning() as caught:
            loop = asyncio.get_event_loop()
        if sys.version_info >= (3, 12):
            assert [warning.filename for warning in caught] == [__file__]
        assert isinstance(loop, aioxide.Loop)
        assert asyncio.futures._PyFuture().get_loop() is loop
        task = asyncio.ensure_future(nap(0, "patched"))
        assert loop.run_until_complete(task) == "patched"
    finally:
        aioxide.unpatch()


def test_inside_a_loop_it_is_the_running_one():
    async def main():
        return aioxide.get_event_loop() is asyncio.get_running_loop()

    assert aioxide.run(main())


def test_another_thread_gets_the_error_it_always_got():
    errors = []

    def program():
        try:
            aioxide.get_event_loop()
        except RuntimeError as error:
            errors.append(str(error))

    thread = threading.Thread(target=program, name="elsewhere")
    thread.start()
    thread.join()
    assert errors == ["There is no current event loop in thread 'elsewhere'."]


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="3.14 no longer remembers the call")
@pytest.mark.usefixtures("no_current_loop")
def test_after_set_event_loop_none_there_is_no_loop():
    aioxide.set_event_loop(None)
    with pytest.raises(RuntimeError, match="There is no current event loop in thread"):
        aioxide.get_event_loop()


def test_a_foreign_policy_decides_for_itself():
    class OnePolicy(_policy._DefaultPolicy):
        def get_event_loop(self):
            return "the policy's own"

    before = _policy.current_policy()
    _policy.set_policy(OnePolicy())
    try:
        assert aioxide.get_event_loop() == "the policy's own"
    finally:
        _policy.set_policy(before)


def test_a_program_of_2014_runs_under_the_launcher(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        """\
import asyncio

@asyncio.coroutine
def slow(future):
    yield from asyncio.sleep(0.01)
    future.set_result("it is done")

loop = asyncio.get_event_loop()
future = asyncio.Future()
asyncio.ensure_future(slow(future))
print(loop.run_until_complete(future))
loop.close()
"""
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "aioxide", program],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("it is done\n", "", 0)
