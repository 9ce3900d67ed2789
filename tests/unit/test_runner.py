"""`aioxide.run` and `Runner` against the running Python's own: same results, errors and order."""

import asyncio
import contextvars
import os
import signal
import subprocess
import sys
import threading

import pytest

import aioxide

BOTH = pytest.mark.parametrize("aio", [asyncio, aioxide], ids=["asyncio", "aioxide"])


@BOTH
def test_run_returns_the_result_and_closes_the_loop(aio):
    async def main():
        return asyncio.get_running_loop(), "result"

    loop, result = aio.run(main())
    assert result == "result"
    assert loop.is_closed()


def test_the_loop_is_ours_unless_a_factory_says_otherwise():
    async def main():
        return asyncio.get_running_loop()

    assert isinstance(aioxide.run(main()), aioxide.Loop)
    stdlib_loop = asyncio.unix_events._UnixSelectorEventLoop
    assert type(aioxide.run(main(), loop_factory=stdlib_loop)) is stdlib_loop
    with aioxide.Runner(loop_factory=stdlib_loop) as runner:
        assert type(runner.get_loop()) is stdlib_loop


@BOTH
@pytest.mark.parametrize("debug", [True, False, None])
def test_debug_is_passed_to_the_loop(aio, debug):
    async def main():
        return asyncio.get_running_loop().get_debug()

    expected = asyncio.coroutines._is_debug_mode() if debug is None else debug
    assert aio.run(main(), debug=debug) is expected


def error_of(function, *arguments):
    with pytest.raises(Exception) as caught:
        function(*arguments)
    return type(caught.value), str(caught.value)


def test_what_cannot_be_awaited_is_refused_in_asyncios_words():
    def not_a_coroutine():
        pass

    for value in (not_a_coroutine, 42, None, [1]):
        assert error_of(aioxide.run, value) == error_of(asyncio.run, value)
        with aioxide.Runner() as ours, asyncio.Runner() as theirs:
            assert error_of(ours.run, value) == error_of(theirs.run, value)


def test_an_awaitable_is_taken_where_asyncio_takes_it():
    class Awaitable:
        def __await__(self):
            yield from asyncio.sleep(0).__await__()
            return "awaited"

    if sys.version_info >= (3, 14):
        assert aioxide.run(Awaitable()) == asyncio.run(Awaitable()) == "awaited"
    else:
        kind, text = error_of(aioxide.run, Awaitable())
        assert kind is ValueError
        assert text.startswith("a coroutine was expected, got <")


def test_a_running_loop_is_an_error_in_asyncios_words():
    async def main(aio):
        inner = asyncio.sleep(0)
        try:
            outcome = [error_of(aio.run, inner)]
            runner = aio.Runner()
            outcome.append(error_of(runner.run, inner))
            runner.close()
        finally:
            inner.close()
        return outcome

    assert aioxide.run(main(aioxide)) == asyncio.run(main(asyncio))
    kind, text = aioxide.run(main(aioxide))[0]
    assert kind is RuntimeError
    assert text == "asyncio.run() cannot be called from a running event loop"


@BOTH
def test_the_runner_keeps_one_context(aio):
    variable = contextvars.ContextVar("variable", default="unset")

    async def read():
        return variable.get()

    async def write(value):
        variable.set(value)

    with aio.Runner() as runner:
        runner.run(write("kept"))
        assert runner.run(read()) == "kept"
        own = contextvars.copy_context()
        runner.run(write("elsewhere"), context=own)
        assert runner.run(read()) == "kept"
        assert own[variable] == "elsewhere"
    assert variable.get() == "unset"


@BOTH
def test_a_closed_runner_is_an_error(aio):
    runner = aio.Runner()
    runner.close()
    with aio.Runner() as used:
        loop = used.get_loop()
        assert used.get_loop() is loop
    assert loop.is_closed()
    used.close()
    assert error_of(used.get_loop) == (RuntimeError, "Runner is closed")
    assert error_of(used.__enter__) == (RuntimeError, "Runner is closed")


@BOTH
def test_the_loop_is_the_threads_current_one_until_the_end(aio):
    before = asyncio.new_event_loop()
    asyncio.set_event_loop(before)
    try:
        with aio.Runner(loop_factory=asyncio.new_event_loop):
            assert asyncio.get_event_loop() is before
        with aio.Runner() as runner:
            assert asyncio.get_event_loop() is runner.get_loop()
        with pytest.raises(RuntimeError, match="no current event loop"):
            asyncio.get_event_loop()
    finally:
        asyncio.set_event_loop(None)
        before.close()


@BOTH
def test_what_is_left_is_cancelled_and_finished(aio):
    events = []

    async def background():
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(0)
            events.append("task")

    async def values():
        try:
            yield 1
        finally:
            events.append("generator")

    async def main():
        left = values()
        await anext(left)
        main.left = left, asyncio.create_task(background())
        await asyncio.sleep(0)
        await asyncio.get_running_loop().run_in_executor(None, events.append, "thread")
        raise LookupError("program")

    with pytest.raises(LookupError, match="program"):
        aio.run(main())
    assert events == ["thread", "task", "generator"]


@BOTH
def test_what_fails_while_it_is_cancelled_is_reported(aio):
    contexts = []

    async def stubborn():
        try:
            await asyncio.sleep(3600)
        finally:
            raise ValueError("on the way out")

    async def main():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, context: contexts.append(context))
        main.left = asyncio.create_task(stubborn())
        await asyncio.sleep(0)

    aio.run(main())
    assert [context["message"] for context in contexts] == [
        "unhandled exception during asyncio.run() shutdown"
    ]
    assert contexts[0]["task"] is main.left
    assert isinstance(contexts[0]["exception"], ValueError)


@BOTH
def test_a_cancelled_main_is_a_cancelled_error(aio):
    async def main():
        asyncio.current_task().cancel()
        await asyncio.sleep(0)

    with pytest.raises(asyncio.CancelledError):
        aio.run(main())


@BOTH
def test_ctrl_c_cancels_the_main_task_and_then_interrupts(aio):
    seen = []

    async def main():
        asyncio.get_running_loop().call_later(0.01, os.kill, os.getpid(), signal.SIGINT)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    with pytest.raises(KeyboardInterrupt):
        aio.run(main())
    assert seen == ["cancelled"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@BOTH
def test_ctrl_c_wakes_a_loop_that_sleeps_in_the_selector(aio):
    async def main():
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
        await asyncio.sleep(60)

    with pytest.raises(KeyboardInterrupt):
        aio.run(main())


@BOTH
def test_a_second_ctrl_c_interrupts_at_once(aio):
    async def main():
        loop = asyncio.get_running_loop()
        loop.call_later(0.01, os.kill, os.getpid(), signal.SIGINT)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.sleep(60)

    with pytest.raises(KeyboardInterrupt):
        aio.run(main())


@BOTH
def test_a_main_that_absorbs_ctrl_c_returns(aio):
    async def main():
        asyncio.get_running_loop().call_later(0.01, os.kill, os.getpid(), signal.SIGINT)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return "absorbed"

    assert aio.run(main()) == "absorbed"


@BOTH
def test_a_programs_own_handler_stays(aio):
    caught = []
    before = signal.signal(signal.SIGINT, lambda *arguments: caught.append("own"))

    async def main():
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(0.01)

    try:
        own = signal.getsignal(signal.SIGINT)
        aio.run(main())
        assert signal.getsignal(signal.SIGINT) is own
    finally:
        signal.signal(signal.SIGINT, before)
    assert caught == ["own"]


@BOTH
def test_signals_that_cannot_be_set_are_no_error(aio, monkeypatch):
    def refuse(*arguments):
        raise ValueError("signal only works in main thread of the main interpreter")

    async def main():
        return "ran"

    with monkeypatch.context() as patched:
        patched.setattr(signal, "signal", refuse)
        with aio.Runner() as runner:
            assert runner.run(main()) == "ran"


@BOTH
def test_it_runs_in_other_threads(aio):
    results = []

    async def main():
        return threading.current_thread().name

    thread = threading.Thread(target=lambda: results.append(aio.run(main())), name="other")
    thread.start()
    thread.join()
    assert results == ["other"]


@pytest.mark.parametrize("module", ["asyncio", "aioxide"])
def test_ctrl_c_ends_a_program_as_a_signal_does(module):
    code = f"""
import {module} as asyncio, os, signal
async def main():
    asyncio.get_running_loop().call_later(0.01, os.kill, os.getpid(), signal.SIGINT)
    await asyncio.sleep(60)
asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == -signal.SIGINT
    assert done.stderr.endswith("KeyboardInterrupt\n")
