"""`run_in_executor` on the loop's own threads, with asyncio's as the oracle."""

import asyncio
import concurrent.futures
import contextvars
import gc
import sys
import textwrap
import threading
import time
import traceback
import warnings
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest


class Token:
    """Something that can be watched by a weak reference."""


@pytest.fixture
def program(launch):
    """Runs source text in a new process behind the door under test."""

    def run_program(source, **options):
        return launch("-c", textwrap.dedent(source), **options)

    return run_program


def until(condition, seconds=10.0):
    """Wait in this thread until the condition holds; whether it did."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.001)
    return True


# Results and errors


def test_the_result_comes_back_from_another_thread(aio, run):
    async def main():
        loop = aio.get_running_loop()
        own = threading.get_ident()
        other, arguments = await loop.run_in_executor(
            None, lambda *given: (threading.get_ident(), given), 1, "two", [3]
        )
        assert other != own
        return arguments

    assert run(main) == (1, "two", [3])


def test_the_future_is_a_future_of_the_loop(aio, run):
    async def main():
        loop = aio.get_running_loop()
        future = loop.run_in_executor(None, int)
        assert isinstance(future, asyncio.Future)
        assert future.get_loop() is loop
        return await future

    assert run(main) == 0


@pytest.mark.parametrize(
    "error", [KeyError("missing"), concurrent.futures.BrokenExecutor("x"), GeneratorExit("early")]
)
def test_an_exception_is_raised_as_it_is(aio, run, error):
    def fail():
        raise error

    async def main():
        with pytest.raises(type(error)) as caught:
            await aio.get_running_loop().run_in_executor(None, fail)
        assert caught.value is error
        names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
        assert names[0] == "main" and names[-1] == "fail"

    run(main)


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (concurrent.futures.CancelledError("why"), asyncio.CancelledError),
        (concurrent.futures.InvalidStateError("bad"), asyncio.InvalidStateError),
        (concurrent.futures.TimeoutError("late"), asyncio.TimeoutError),
    ],
)
def test_errors_of_concurrent_futures_become_asyncios(aio, run, raised, expected):
    def fail():
        raise raised

    async def main():
        future = aio.get_running_loop().run_in_executor(None, fail)
        await asyncio.wait([future])
        return future.cancelled(), future.exception()

    cancelled, error = run(main)
    assert not cancelled
    assert type(error) is expected
    assert error.args == raised.args


def test_stop_iteration_gets_asyncios_error(loop):
    """As `Future.set_exception` has it: RuntimeError, or before 3.11.8 a report and no outcome."""

    def stop():
        raise StopIteration("no more")

    reports = []
    loop.set_exception_handler(lambda _loop, context: reports.append(context))
    future = loop.run_in_executor(None, stop)
    text = "StopIteration interacts badly with generators and cannot be raised into a Future"

    async def main():
        await asyncio.wait([future], timeout=0.2)

    loop.run_until_complete(main())
    expected = loop.create_future()
    try:
        expected.set_exception(StopIteration())
    except TypeError:
        assert not future.done()
        (report,) = reports
        assert type(report["exception"]) is TypeError
        assert str(report["exception"]) == text
    else:
        assert reports == []
        error = future.exception()
        assert type(error) is type(expected.exception())
        assert str(error) == text
        assert type(error.__cause__) is StopIteration


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_what_leaves_the_loop_goes_through_the_future_first(loop, kind):
    def leave():
        raise kind("from a thread")

    async def main():
        await loop.run_in_executor(None, leave)

    with pytest.raises(kind, match="from a thread"):
        loop.run_until_complete(main())
    assert loop.run_until_complete(loop.run_in_executor(None, abs, -1)) == 1


def test_an_exception_that_nobody_retrieves_is_reported(aio, run):
    async def main():
        future = aio.get_running_loop().run_in_executor(None, int, "x")
        await asyncio.wait([future])

    run(main)
    gc.collect()
    report = run.reports.pop()
    assert report["message"] == "Future exception was never retrieved"
    assert isinstance(report["exception"], ValueError)


def test_each_call_is_made_once(aio, run):
    seen = []

    async def main():
        loop = aio.get_running_loop()
        await asyncio.gather(*[loop.run_in_executor(None, seen.append, n) for n in range(500)])

    run(main)
    assert sorted(seen) == list(range(500))


@pytest.mark.only("aioxide")
def test_a_future_is_not_done_in_the_callback_that_started_it(aio, run):
    """asyncio's may be, when the call was quick: it is no promise, but the simpler rule."""

    async def main():
        loop = aio.get_running_loop()
        order = []
        called = threading.Event()
        future = loop.run_in_executor(None, called.set)
        future.add_done_callback(lambda _: order.append("callback"))
        assert called.wait(10)
        time.sleep(0.02)
        assert not future.done()
        await future
        order.append("awaited")
        return order

    assert run(main) == ["callback", "awaited"]


def test_a_blocked_loop_does_not_hold_a_job_up(aio, run):
    async def main():
        event = threading.Event()
        future = aio.get_running_loop().run_in_executor(None, event.set)
        assert event.wait(10)
        await future

    run(main)


# Cancellation


def occupied(loop):
    """Make every worker of the loop's executor busy; what releases them, and their futures."""
    release = threading.Event()
    loop.run_until_complete(loop.run_in_executor(None, int))
    count = loop._default_executor._max_workers
    return release, [loop.run_in_executor(None, release.wait, 10) for _ in range(count)]


def test_a_call_that_was_cancelled_before_it_started_is_not_made(loop):
    release, busy = occupied(loop)
    called = []
    waiting = loop.run_in_executor(None, called.append, "cancelled")
    later = loop.run_in_executor(None, called.append, "later")

    async def main():
        waiting.cancel()
        await asyncio.sleep(0.01)
        release.set()
        await asyncio.gather(*busy, later)

    loop.run_until_complete(main())
    assert waiting.cancelled()
    assert called == ["later"]


@pytest.mark.parametrize("fails", [False, True])
def test_the_outcome_of_a_call_that_was_cancelled_after_it_started_is_dropped(loop, fails):
    reports = []
    loop.set_exception_handler(lambda _loop, context: reports.append(context))
    started, release, ended = threading.Event(), threading.Event(), threading.Event()

    def job():
        started.set()
        release.wait(10)
        ended.set()
        if fails:
            raise ValueError

    async def main():
        future = loop.run_in_executor(None, job)
        assert started.wait(10)
        future.cancel()
        with pytest.raises(asyncio.CancelledError):
            await future
        release.set()
        assert ended.wait(10)
        await loop.run_in_executor(None, int)
        await asyncio.sleep(0.02)
        return future

    assert loop.run_until_complete(main()).cancelled()
    gc.collect()
    assert reports == []


def test_an_outcome_for_a_future_that_somebody_else_finished_is_reported(loop):
    reports = []
    loop.set_exception_handler(lambda _loop, context: reports.append(context))

    async def main():
        future = loop.run_in_executor(None, time.sleep, 0.05)
        future.set_result("mine")
        await asyncio.sleep(0.1)
        return await future

    assert loop.run_until_complete(main()) == "mine"
    (report,) = reports
    assert isinstance(report["exception"], (AssertionError, asyncio.InvalidStateError))


# The executor that the loop shows


def test_the_default_executor_is_a_thread_pool_made_at_first_use(loop):
    assert loop._default_executor is None
    with ThreadPoolExecutor(1) as other:
        loop.run_until_complete(loop.run_in_executor(other, int))
    assert loop._default_executor is None
    loop.run_until_complete(loop.run_in_executor(None, int))
    executor = loop._default_executor
    assert isinstance(executor, ThreadPoolExecutor)
    with ThreadPoolExecutor() as plain:
        assert executor._max_workers == plain._max_workers
    assert loop._executor_shutdown_called is False


def test_submit_and_map_of_the_default_executor(loop):
    loop.run_until_complete(loop.run_in_executor(None, int))
    executor = loop._default_executor
    future = executor.submit(int, "11", base=2)
    assert isinstance(future, concurrent.futures.Future)
    assert future.result(10) == 3
    assert list(executor.map(abs, [-1, -2, -3])) == [1, 2, 3]
    with pytest.raises(ZeroDivisionError):
        executor.submit(divmod, 1, 0).result(10)
    assert loop.run_until_complete(loop.run_in_executor(executor, abs, -4)) == 4
    assert loop.run_until_complete(loop.run_in_executor(None, abs, -5)) == 5


def test_submit_and_run_in_executor_share_the_queue(loop):
    release, busy = occupied(loop)
    order = []
    executor = loop._default_executor
    futures = []
    for number in range(0, 20, 2):
        futures.append(loop.run_in_executor(None, order.append, number))
        executor.submit(order.append, number + 1)
    loop.call_soon(release.set)
    loop.run_until_complete(asyncio.gather(*busy, *futures))
    assert until(lambda: len(order) == 20)
    assert sorted(order) == list(range(20))


def test_somebody_elses_executor_is_used_as_it_is(loop):
    class Counting(ThreadPoolExecutor):
        submitted = 0

        def submit(self, *args, **kwargs):
            self.submitted += 1
            return super().submit(*args, **kwargs)

    executor = Counting(1, thread_name_prefix="counting")
    loop.set_default_executor(executor)
    assert loop._default_executor is executor
    name = loop.run_until_complete(
        loop.run_in_executor(None, lambda: threading.current_thread().name)
    )
    assert name == "counting_0"
    assert executor.submitted == 1
    with pytest.raises(TypeError, match="executor must be ThreadPoolExecutor instance"):
        loop.set_default_executor(object())


def test_a_replaced_submit_sees_every_job(loop, monkeypatch):
    """Tracing libraries replace `ThreadPoolExecutor.submit` to hand their context on."""
    original, seen = ThreadPoolExecutor.submit, []

    def traced(self, function, /, *args, **kwargs):
        seen.append(function)
        return original(self, function, *args, **kwargs)

    loop.run_until_complete(loop.run_in_executor(None, int))
    monkeypatch.setattr(ThreadPoolExecutor, "submit", traced)
    assert loop.run_until_complete(loop.run_in_executor(None, abs, -1)) == 1
    assert seen == [abs]
    monkeypatch.undo()
    assert loop.run_until_complete(loop.run_in_executor(None, abs, -2)) == 2
    assert seen == [abs]


def test_keywords_and_wrong_arguments(loop):
    assert loop.run_until_complete(loop.run_in_executor(executor=None, func=int)) == 0
    assert loop.run_until_complete(loop.run_in_executor(None, func=int)) == 0
    with pytest.raises(TypeError, match=r"run_in_executor\(\) missing 2 required positional"):
        loop.run_in_executor()
    with pytest.raises(TypeError, match=r"run_in_executor\(\) missing 1 required positional"):
        loop.run_in_executor(None)
    with pytest.raises(AttributeError, match="submit"):
        loop.run_in_executor(42, int)


def test_a_subclass_that_makes_its_own_futures_is_asked_for_them(aio, loop):
    made = []

    class Own(type(loop)):
        def create_future(self):
            made.append(super().create_future())
            return made[-1]

    own = Own()
    try:
        future = own.run_in_executor(None, abs, -1)
        assert made == [future]
        assert own.run_until_complete(future) == 1
        second = own.run_in_executor(None, abs, -2)
        assert made[-1] is second
        assert own.run_until_complete(second) == 2
    finally:
        own.close()


# Threads


def test_threads_are_plain_ones_with_asyncios_names(loop):
    def look():
        thread = threading.current_thread()
        return thread, thread in threading.enumerate()

    thread, listed = loop.run_until_complete(loop.run_in_executor(None, look))
    assert type(thread) is threading.Thread
    assert thread.name == "asyncio_0"
    assert listed
    assert not thread.daemon
    assert thread in loop._default_executor._threads
    assert thread.is_alive()


def test_profilers_and_tracers_see_what_a_worker_runs(loop):
    def traced():
        return sys.getprofile() is profile

    def profile(frame, event, _argument):
        if event == "call":
            seen.add(frame.f_code.co_name)

    seen = set()
    threading.setprofile(profile)
    try:
        assert loop.run_until_complete(loop.run_in_executor(None, traced)) is True
    finally:
        threading.setprofile(None)
    assert "traced" in seen


def test_thread_locals_last_as_long_as_the_thread(loop):
    local = threading.local()

    def count():
        local.count = getattr(local, "count", 0) + 1
        return threading.get_ident(), local.count

    seen = [loop.run_until_complete(loop.run_in_executor(None, count)) for _ in range(50)]
    for thread in {thread for thread, _ in seen}:
        counts = [count for ident, count in seen if ident == thread]
        assert counts == list(range(1, len(counts) + 1))


@pytest.mark.only("aioxide")
def test_one_call_after_the_other_needs_one_thread(loop):
    async def main():
        for _ in range(300):
            await loop.run_in_executor(None, int)

    loop.run_until_complete(main())
    assert len(loop._default_executor._threads) == 1


def test_as_many_threads_as_there_are_jobs_up_to_the_limit(loop):
    release, busy = occupied(loop)
    executor = loop._default_executor
    more = [loop.run_in_executor(None, int) for _ in range(5)]
    assert len(executor._threads) == executor._max_workers
    names = {thread.name for thread in executor._threads}
    assert names == {f"asyncio_{number}" for number in range(executor._max_workers)}
    release.set()
    assert loop.run_until_complete(asyncio.gather(*more)) == [0] * 5
    loop.run_until_complete(asyncio.gather(*busy))


def test_the_context_is_the_threads_own(aio, run):
    """`run_in_executor` hands no context on, `to_thread` does."""
    variable = contextvars.ContextVar("variable", default="default")

    async def main():
        variable.set("set")
        loop = aio.get_running_loop()
        await loop.run_in_executor(None, variable.set, "of the thread")
        plain = await loop.run_in_executor(None, contextvars.copy_context)
        return plain.get(variable), await aio.to_thread(variable.get), variable.get()

    plain, threaded, own = run(main)
    assert (threaded, own) == ("set", "set")
    assert plain in (None, "of the thread")


def test_two_loops_may_share_an_executor(loop, loop_factory):
    loop.run_until_complete(loop.run_in_executor(None, int))
    other = loop_factory()
    try:
        other.set_default_executor(loop._default_executor)
        future = loop.run_in_executor(None, abs, -1)
        assert other.run_until_complete(other.run_in_executor(None, abs, -2)) == 2
        assert loop.run_until_complete(future) == 1
    finally:
        other._default_executor = None
        other.close()


def test_jobs_from_many_threads(loop):
    """The method isn't safe to call from other threads, but many programs do, and it works."""
    loop.run_until_complete(loop.run_in_executor(None, int))
    futures = []

    def post():
        for number in range(100):
            futures.append(loop.run_in_executor(None, abs, -number))

    posters = [threading.Thread(target=post) for _ in range(4)]
    for poster in posters:
        poster.start()
    for poster in posters:
        poster.join()

    async def main():
        return sum(await asyncio.gather(*futures))

    assert loop.run_until_complete(main()) == 4 * sum(range(100))


# What an idle worker keeps alive


def test_an_idle_worker_keeps_nothing_alive(loop):
    class Callable(Token):
        def __call__(self, argument):
            result = Token()
            results.append(weakref.ref(result))
            return result

    def start():
        function, argument = Callable(), Token()
        watched.extend([weakref.ref(function), weakref.ref(argument)])
        return loop.run_in_executor(None, function, argument)

    watched, results = [], []
    loop.run_until_complete(start())
    assert until(lambda: [ref() for ref in watched + results] == [None] * 3)


@pytest.mark.only("aioxide")
def test_who_has_the_result_finds_the_arguments_released(aio, run):
    async def main():
        loop = aio.get_running_loop()
        for _ in range(100):
            argument = Token()
            watched = weakref.ref(argument)
            future = loop.run_in_executor(None, id, argument)
            del argument
            await future
            assert watched() is None

    run(main)


def test_an_exception_is_not_kept_either(loop):
    def fail():
        error = ValueError()
        error.token = token = Token()
        watched.append(weakref.ref(token))
        raise error

    async def main():
        try:
            await loop.run_in_executor(None, fail)
        except ValueError:
            pass

    watched = []
    loop.run_until_complete(main())
    gc.collect()
    assert until(lambda: watched[0]() is None)


# Debug mode


def test_debug_mode_refuses_what_is_no_callback(aio, run):
    async def function():
        pass

    async def main():
        loop = aio.get_running_loop()
        await loop.run_in_executor(None, int)
        texts = []
        for bad in (function, 42):
            with pytest.raises(TypeError) as caught:
                loop.run_in_executor(None, bad)
            texts.append(str(caught.value))
        return texts, await loop.run_in_executor(None, abs, -1)

    texts, result = run(main, debug=True)
    assert texts[0] == "coroutines cannot be used with run_in_executor()"
    assert texts[1] == "a callable object was expected by run_in_executor(), got 42"
    assert result == 1


def test_without_debug_mode_the_call_fails_in_its_thread(aio, run):
    async def main():
        loop = aio.get_running_loop()
        with pytest.raises(TypeError, match="'int' object is not callable"):
            await loop.run_in_executor(None, 42)

    run(main)


def test_exceptions_and_results_in_debug_mode(aio, run):
    async def main():
        loop = aio.get_running_loop()
        with pytest.raises(ValueError):
            await loop.run_in_executor(None, int, "x")
        return await loop.run_in_executor(None, int, "7")

    assert run(main, debug=True) == 7


# Shutting down


def test_shutdown_waits_for_running_calls(aio, loop):
    ended = []

    def job():
        time.sleep(0.05)
        ended.append(True)

    future = loop.run_in_executor(None, job)
    loop.run_until_complete(loop.shutdown_default_executor())
    assert ended == [True]
    assert loop._executor_shutdown_called is True
    with pytest.raises(RuntimeError, match=r"^Executor shutdown has been called$"):
        loop.run_in_executor(None, int)
    loop.run_until_complete(future)
    assert not any(thread.is_alive() for thread in loop._default_executor._threads)


def test_shutdown_without_an_executor_forbids_one(loop):
    loop.run_until_complete(loop.shutdown_default_executor())
    with pytest.raises(RuntimeError, match=r"^Executor shutdown has been called$"):
        loop.run_in_executor(None, int)


# Its code is the loop's own on both sides: the method of asyncio's base class.
OBEYS_TIMEOUT = "timeouts" in asyncio.BaseEventLoop.shutdown_default_executor.__code__.co_names


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the timeout came with 3.12")
@pytest.mark.skipif(not OBEYS_TIMEOUT, reason="early patches of 3.12 wait for ever")
def test_shutdown_gives_up_after_its_timeout(loop):
    release = threading.Event()
    future = loop.run_in_executor(None, release.wait, 10)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        loop.run_until_complete(loop.shutdown_default_executor(timeout=0.02))
    (warning,) = caught
    assert warning.category is RuntimeWarning
    assert "did not finishing joining its threads within 0.02 seconds" in str(warning.message)
    release.set()
    assert loop.run_until_complete(future) is True


def test_an_executor_that_was_shut_down_itself_refuses(loop):
    loop.run_until_complete(loop.run_in_executor(None, int))
    loop._default_executor.shutdown()
    with pytest.raises(RuntimeError, match=r"^cannot schedule new futures after shutdown$"):
        loop.run_in_executor(None, int)


def test_shutdown_of_the_executor_can_cancel_what_waits(loop):
    release, busy = occupied(loop)
    executor = loop._default_executor
    called = []
    waiting = [loop.run_in_executor(None, called.append, number) for number in range(3)]
    submitted = executor.submit(called.append, "submitted")
    executor.shutdown(wait=False, cancel_futures=True)
    release.set()

    async def main():
        await asyncio.wait([*busy, *waiting])

    loop.run_until_complete(main())
    assert all(future.cancelled() for future in waiting)
    assert submitted.cancelled()
    assert called == []


def test_close_does_not_wait_and_a_late_result_is_dropped(loop_factory):
    loop = loop_factory()
    release, started = threading.Event(), threading.Event()

    def job():
        started.set()
        release.wait(10)
        return "late"

    future = loop.run_in_executor(None, job)
    assert started.wait(10)
    threads = list(loop._default_executor._threads)
    loop.close()
    assert loop._default_executor is None
    assert threads[0].is_alive()
    release.set()
    threads[0].join(10)
    assert not threads[0].is_alive()
    assert not future.done()
    with pytest.raises(RuntimeError, match=r"^Event loop is closed$"):
        loop.run_in_executor(None, int)
    del future


def test_a_call_that_waits_when_the_loop_is_closed_is_still_made(loop_factory):
    loop = loop_factory()
    release, busy = occupied(loop)
    called = threading.Event()
    waiting = loop.run_in_executor(None, called.set)
    loop.close()
    release.set()
    assert called.wait(10)
    del busy, waiting


def test_the_threads_of_a_forgotten_executor_end(loop):
    loop.run_until_complete(loop.run_in_executor(None, int))
    (thread,) = loop._default_executor._threads
    loop._default_executor = None
    gc.collect()
    thread.join(10)
    assert not thread.is_alive()


# The process


def test_a_program_waits_for_a_running_call_when_it_ends(program):
    done = program(
        """
        import asyncio, time

        def job():
            time.sleep(0.2)
            print("job ended")

        async def main():
            asyncio.get_running_loop().run_in_executor(None, job)

        loop = asyncio.new_event_loop()
        loop.run_until_complete(main())
        print("main ended")
        """
    )
    assert (done.returncode, done.stdout) == (0, "main ended\njob ended\n"), done.stderr


def test_waiting_calls_are_made_before_a_program_ends(program):
    done = program(
        """
        import asyncio, time

        loop = asyncio.new_event_loop()
        made = []
        for number in range(100):
            loop.run_in_executor(None, lambda: (time.sleep(0.001), made.append(1)))
        import threading
        threading._register_atexit(print, "before")
        import atexit
        atexit.register(lambda: print(len(made)))
        """
    )
    assert (done.returncode, done.stdout) == (0, "before\n100\n"), done.stderr


def test_no_executor_at_interpreter_shutdown(program):
    done = program(
        """
        import asyncio, atexit

        used = asyncio.new_event_loop()
        used.run_until_complete(used.run_in_executor(None, int))

        @atexit.register
        def late():
            for loop in (used, asyncio.new_event_loop()):
                try:
                    loop.run_in_executor(None, int)
                except RuntimeError as error:
                    print(error)
        """
    )
    assert done.returncode == 0
    for line in done.stdout.splitlines():
        assert line.startswith("cannot schedule new futures after ")
    assert len(done.stdout.splitlines()) == 2


def test_an_interrupted_program_ends_without_its_running_call(program):
    """The interpreter is finalized under the worker, which is stopped when it wants to go on."""
    done = program(
        """
        import asyncio, os, signal, threading, time

        def job():
            started.set()
            while True:
                time.sleep(0.001)

        def interrupt():
            time.sleep(0.2)
            for _ in range(50):
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.02)

        started = threading.Event()
        loop = asyncio.new_event_loop()
        loop.run_in_executor(None, job)
        assert started.wait(10)
        threading.Thread(target=interrupt, daemon=True).start()
        """
    )
    assert done.returncode >= 0, done.stderr
    assert "KeyboardInterrupt" in done.stderr


def test_a_child_of_a_fork_starts_its_own_threads(program):
    done = program(
        """
        import asyncio, os, signal, threading, warnings
        warnings.simplefilter("ignore", DeprecationWarning)

        def work(loop):
            return loop.run_until_complete(loop.run_in_executor(None, threading.get_native_id))

        loop = asyncio.new_event_loop()
        parents = work(loop)
        child = os.fork()
        if not child:
            signal.alarm(10)
            fresh = asyncio.new_event_loop()
            assert work(fresh) != parents
            fresh.close()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), work(loop) > 0)
        """
    )
    assert (done.returncode, done.stdout) == (0, "0 True\n"), done.stderr


@pytest.mark.only("aioxide")
def test_the_parents_executor_works_in_the_child_too(program):
    """asyncio's hangs there: it counts on the idle threads of the parent."""
    done = program(
        """
        import asyncio, os, signal, sys, threading, warnings
        warnings.simplefilter("ignore", DeprecationWarning)

        loop = asyncio.new_event_loop()
        release, made = threading.Event(), []
        loop.run_until_complete(loop.run_in_executor(None, int))
        count = loop._default_executor._max_workers
        busy = [loop.run_in_executor(None, release.wait) for _ in range(count)]
        waiting = loop.run_in_executor(None, made.append, "the parent's")
        child = os.fork()
        if not child:
            signal.alarm(10)
            result = loop.run_until_complete(loop.run_in_executor(None, abs, -7))
            names = [thread.name for thread in loop._default_executor._threads]
            submitted = loop._default_executor.submit(abs, -8).result(5)
            print(result, submitted, names, made, flush=True)
            loop.close()
            sys.exit(0)
        _, status = os.waitpid(child, 0)
        release.set()
        loop.run_until_complete(waiting)
        print(os.waitstatus_to_exitcode(status), made)
        loop.run_until_complete(loop.shutdown_default_executor())
        """
    )
    expected = "7 8 ['asyncio_0'] []\n0 [\"the parent's\"]\n"
    assert (done.returncode, done.stdout) == (0, expected), done.stderr


def test_many_calls_while_the_interpreter_switches_often(loop):
    """Short turns of the interpreter's lock bring out what is not safe between its holders."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:

        async def main():
            total = 0
            for _ in range(30):
                futures = [loop.run_in_executor(None, abs, -number) for number in range(40)]
                cancelled = [future for future in futures[::4] if future.cancel()]
                await asyncio.wait(futures)
                assert all(future.cancelled() for future in cancelled)
                for number, future in enumerate(futures):
                    assert future in cancelled or future.result() == number
                total += len(cancelled)
            return total

        assert loop.run_until_complete(main()) > 0
    finally:
        sys.setswitchinterval(before)
