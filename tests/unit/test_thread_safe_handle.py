"""The handle of `call_soon_threadsafe`: others that ask for it wait while its callback runs."""

import sys
import threading
import time

import pytest

pytestmark = pytest.mark.skipif(
    sys.version_info < (3, 14), reason="before 3.14 the handle is one like any other"
)


class Callback:
    """A callback that takes its time, so that others come while it runs."""

    def __init__(self, failure=None):
        self.started = threading.Event()
        self.finished = threading.Event()
        self.failure = failure

    def __call__(self):
        self.started.set()
        time.sleep(0.05)
        self.finished.set()
        if self.failure is not None:
            raise self.failure


def ask(loop, callback, method, threads=1):
    """What each thread sees: the answer of the method, and whether the callback had finished."""
    seen = []

    def look():
        callback.started.wait()
        answer = getattr(handle, method)()
        seen.append((answer, callback.finished.is_set()))
        if len(seen) == threads:
            loop.call_soon_threadsafe(loop.stop)

    handle = loop.call_soon_threadsafe(callback)
    workers = [threading.Thread(target=look) for _ in range(threads)]
    for worker in workers:
        worker.start()
    loop.run_forever()
    for worker in workers:
        worker.join()
    return seen


def test_cancelled_waits_for_the_callback(loop):
    assert ask(loop, Callback(), "cancelled") == [(False, True)]


def test_cancel_waits_for_the_callback(loop):
    assert ask(loop, Callback(), "cancel") == [(None, True)]


def test_several_threads_wait_for_one_callback(loop):
    assert ask(loop, Callback(), "cancelled", threads=5) == [(False, True)] * 5


def test_a_callback_that_fails_lets_the_others_go_on(loop):
    reports = []
    loop.set_exception_handler(lambda _, context: reports.append(context["exception"]))
    failure = ValueError("on purpose")
    assert ask(loop, Callback(failure), "cancelled") == [(False, True)]
    assert reports == [failure]


def test_a_callback_may_cancel_its_own_handle(loop):
    seen = []

    def callback():
        handle.cancel()
        seen.append(handle.cancelled())
        loop.stop()

    handle = loop.call_soon_threadsafe(callback)
    loop.run_forever()
    assert seen == [True]
    assert handle.cancelled()


def test_a_handle_that_was_cancelled_by_another_thread_is_not_run(loop):
    seen = []
    handle = loop.call_soon_threadsafe(seen.append, "called")
    worker = threading.Thread(target=handle.cancel)
    worker.start()
    worker.join()
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert seen == []


def test_a_handle_run_by_hand_waits_for_the_loop_that_runs_it(loop):
    order = []

    def callback():
        order.append("begins")
        started.set()
        time.sleep(0.02)
        order.append("ends")

    def run_again():
        started.wait()
        handle._run()
        loop.call_soon_threadsafe(loop.stop)

    started = threading.Event()
    handle = loop.call_soon_threadsafe(callback)
    worker = threading.Thread(target=run_again)
    worker.start()
    loop.run_forever()
    worker.join()
    assert order == ["begins", "ends", "begins", "ends"]
