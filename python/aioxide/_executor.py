"""The default executor of a loop: a `ThreadPoolExecutor` with a native queue.

`loop.run_in_executor(None, ...)` puts its calls into that queue itself, without a future of
`concurrent.futures`, a lock or a bound method for each. Everything else is the standard library's:
`submit`, `map`, `shutdown`, names of threads, and how a program waits for them when it ends.

What must hold: whatever asks the queue of the standard library's pool for something finds it in
`_native.JobQueue`; and after a fork no executor of the child counts on a thread of the parent.
"""

import operator
import os
import sys
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import _base, thread
from typing import Any

from . import _native

# Tracing libraries replace `submit`, perhaps before this module is imported. Theirs must be called.
_OWN_SUBMIT = (
    thread.ThreadPoolExecutor.submit
    if getattr(thread.ThreadPoolExecutor.submit, "__globals__", None) is vars(thread)
    else None
)

_executors: "weakref.WeakSet[DefaultExecutor]" = weakref.WeakSet()


class DefaultExecutor(thread.ThreadPoolExecutor):
    """The threads of one loop, as many as `ThreadPoolExecutor()` has in this Python."""

    _work_queue: _native.JobQueue
    _threads: set[threading.Thread]

    def __init__(self) -> None:
        super().__init__(thread_name_prefix="asyncio")
        self._work_queue = _native.JobQueue(self._max_workers, _OWN_SUBMIT)
        # Since 3.14 a work item is run in a context, which stands for the pool's initializer.
        contexts: tuple[Any, ...] = ()
        if sys.version_info >= (3, 14):
            contexts = (self._create_worker_context(),)
        self._run_item = operator.methodcaller("run", *contexts)
        _executors.add(self)

    def _start_worker(self) -> None:
        """Start a thread for a job that `loop.run_in_executor` has put in the queue.

        Raises RuntimeError when the executor or the interpreter is shutting down.
        """
        with self._shutdown_lock, thread._global_shutdown_lock:
            if self._shutdown:
                raise RuntimeError("cannot schedule new futures after shutdown")
            if thread._shutdown:
                raise RuntimeError("cannot schedule new futures after interpreter shutdown")
            self._adjust_thread_count()

    def _adjust_thread_count(self) -> None:
        jobs = self._work_queue
        if not jobs.claim_worker():
            return
        worker = threading.Thread(
            name=f"{self._thread_name_prefix}_{len(self._threads)}",
            target=_work,
            args=(weakref.ref(self, lambda _: jobs.put(None)), jobs, self._run_item),
        )
        try:
            worker.start()
        except BaseException:
            jobs.give_worker_up()
            raise
        self._threads.add(worker)
        # What concurrent.futures goes through when the interpreter ends.
        threads_to_join: Any = thread._threads_queues
        threads_to_join[worker] = jobs

    def _forget_threads(self) -> None:
        self._threads.clear()
        self._shutdown_lock = threading.Lock()
        self._work_queue.forget_workers()


def _work(
    executor_reference: Callable[[], DefaultExecutor | None],
    jobs: _native.JobQueue,
    run_item: Callable[[Any], Any],
) -> None:
    try:
        jobs.work(run_item)
    except BaseException:
        _base.LOGGER.critical("Exception in worker", exc_info=True)
        return
    executor = executor_reference()
    if executor is not None:
        executor._shutdown = True


def _forget_threads_of_parent() -> None:
    for executor in list(_executors):
        executor._forget_threads()


os.register_at_fork(after_in_child=_forget_threads_of_parent)
