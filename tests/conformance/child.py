"""Runs one test module in the interpreter that is being tested, and writes down what happens.

This is the only part of the harness that runs inside the tested interpreter, so it uses the
standard library alone and works on every supported Python. The parent (`run_file.py`) starts it
with one argument, the path of a file that holds a JSON object:

* module: the test module, such as "test.test_asyncio.test_tasks";
* prefix: what its tests' ids start with and the expectations leave out, "test.test_asyncio.";
* plug: whether to put aioxide in asyncio's place first;
* path: folders to put in front of `sys.path`;
* exclude: entries (see `covers`) not to run;
* may_fail: entries whose tests may fail, and may hang;
* done: ids that an earlier process already ran;
* lasting_threads: names of threads that an implementation keeps for the life of the process;
* events: the file that gets one JSON object a line;
* test_limit: seconds that one test may take, or what is between two tests;
* may_fail_limit: the same for a test of `may_fail`.

Every event is one `write` of a whole line: after a crash the file still says which test was
running.
"""

from __future__ import annotations

import faulthandler
import fnmatch
import gc
import importlib
import json
import os
import pathlib
import signal
import sys
import threading
import time
import traceback
import unittest

# Threads may end a little after the test that started them; longer than this is a leak.
THREAD_GRACE = 5.0


def covers(entry: str, test: str) -> bool:
    """Whether an entry of the expectations names this test.

    An entry is a module (`test_tasks`), a class (`test_tasks.SleepTests`), a test
    (`test_tasks.SleepTests.test_sleep`), or one of these with shell wildcards.
    """
    parts = test.split(".")
    names = (".".join(parts[:length]) for length in range(1, len(parts) + 1))
    if any(character in entry for character in "*?["):
        return any(fnmatch.fnmatchcase(name, entry) for name in names)
    return entry in names


class Events:
    """The file that the parent reads."""

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(
            path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644
        )

    def write(self, kind: str, **fields: object) -> None:
        os.write(self._descriptor, (json.dumps({"event": kind, **fields}) + "\n").encode())


def end_process_after(seconds: float) -> None:
    """Ends this process unless called again in time, with the stacks of all threads on stderr.

    What does that is a thread that needs no interpreter lock.
    """
    faulthandler.dump_traceback_later(seconds, exit=True)


class Recorder(unittest.TestResult):
    """Turns unittest's calls into events: one `start` and one `end` for each test."""

    def __init__(self, events: Events, task: dict) -> None:
        super().__init__()
        self._events = events
        self._prefix = task["prefix"]
        self._may_fail = task["may_fail"]
        self._limits = {False: task["test_limit"], True: task["may_fail_limit"]}
        self._process = os.getpid()
        self._outcome: tuple[str, str] = ("passed", "")
        self._running = False
        self._started_at = 0.0

    def name(self, test: object) -> str:
        return test.id().removeprefix(self._prefix)

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        may_fail = any(covers(entry, self.name(test)) for entry in self._may_fail)
        end_process_after(self._limits[may_fail])
        self._outcome = ("passed", "")
        self._running = True
        self._started_at = time.monotonic()
        self._events.write("start", test=self.name(test))

    def stopTest(self, test: unittest.TestCase) -> None:
        if os.getpid() != self._process:
            os._exit(1)  # a child that the test forked and that came back here: it tells no results
        if not self._running:
            return  # 3.12.1 stops a skipped test that it never started
        end_process_after(self._limits[False])
        self._running = False
        outcome, detail = self._outcome
        seconds = round(time.monotonic() - self._started_at, 3)
        self._events.write(
            "end", test=self.name(test), outcome=outcome, detail=detail, seconds=seconds
        )
        super().stopTest(test)

    def _bad(self, test: object, error: tuple) -> None:
        text = "".join(traceback.format_exception(*error))
        if not self._running:
            # setUpClass, setUpModule and their counterparts are no tests, but what they raise
            # counts.
            self._events.write("fixture", name=self.name(test), detail=text)
        elif self._outcome[0] == "failed":
            self._outcome = ("failed", self._outcome[1] + "\n" + text)
        else:
            self._outcome = ("failed", text)

    addError = _bad
    addFailure = _bad

    def addSubTest(
        self, test: unittest.TestCase, subtest: unittest.TestCase, error: tuple | None
    ) -> None:
        if error is not None:
            self._bad(subtest, error)

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        if self._running:
            if self._outcome[0] == "passed":
                self._outcome = ("skipped", reason)
        elif isinstance(test, unittest.TestCase):
            self._events.write(
                "end", test=self.name(test), outcome="skipped", detail=reason, seconds=0.0
            )
        else:
            # setUpClass or setUpModule: its tests stay without an outcome, and this says why.
            self._events.write("fixture", name=self.name(test), detail=f"skipped: {reason}")

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:
        self._outcome = ("failed", "the test is marked @expectedFailure and passed")


def flatten(suite: unittest.TestSuite) -> list[unittest.TestCase]:
    """The tests of a suite in the order in which they run."""
    tests = []
    for item in suite:
        tests.extend(flatten(item) if isinstance(item, unittest.TestSuite) else [item])
    return tests


def native_threads() -> set[int]:
    """Kernel ids of the threads of this process, also of those that Python does not know."""
    return {int(name) for name in os.listdir("/proc/self/task")}


def name_threads(threads: set[int]) -> list[str]:
    """Python's names of these threads, or the kernel's where Python does not know the thread."""
    known = {thread.native_id: thread.name for thread in threading.enumerate()}
    names = []
    for thread in sorted(threads):
        try:
            kernel_name = pathlib.Path(f"/proc/self/task/{thread}/comm").read_text().strip()
        except (FileNotFoundError, ProcessLookupError):
            continue  # ended while we looked: before the file was opened, or after
        names.append(known.get(thread, kernel_name))
    return names


def leaked_threads(before: set[int], lasting: list[str]) -> list[str]:
    """Names of the threads that are still there, once late ones had their time to end."""
    faulthandler.cancel_dump_traceback_later()  # a thread of ours
    deadline = time.monotonic() + THREAD_GRACE
    while True:
        left = [name for name in name_threads(native_threads() - before) if name not in lasting]
        if not left or time.monotonic() > deadline:
            return left
        gc.collect()
        time.sleep(0.01)


def run(task: dict) -> None:
    """Loads the module, runs what is to run, and says what is left behind."""
    events = Events(task["events"])
    faulthandler.enable()
    end_process_after(task["test_limit"])
    # A shell that runs this in the background ignores SIGINT for it; the Ctrl-C tests need Python's
    # handler.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Two TLS tests ask for 2.2 GB by their decorator's arithmetic; they use a tenth of that.
    importlib.import_module("test.support").set_memlimit("3G")
    sys.path[:0] = task["path"]
    if task["plug"]:
        import plug

        events.write("plugged", names=plug.install())
    # Ours is not a folder of the tests: none of its names may shadow what they import.
    sys.path.remove(os.path.dirname(os.path.abspath(__file__)))
    before = native_threads()
    try:
        module = importlib.import_module(task["module"])
    except unittest.SkipTest as skip:
        events.write("module_skip", detail=str(skip))
        events.write("finished", threads=[])
        return
    suite = unittest.defaultTestLoader.loadTestsFromModule(module)
    recorder = Recorder(events, task)
    tests = [(recorder.name(test), test) for test in flatten(suite)]
    events.write("loaded", tests=[name for name, _ in tests])
    done, exclude = set(task["done"]), task["exclude"]
    chosen = unittest.TestSuite(
        test
        for name, test in tests
        if name not in done and not any(covers(entry, name) for entry in exclude)
    )
    # A suite forgets each test that has run, and with it the test's loops; no other name may hold
    # on to them.
    del suite, tests
    chosen.run(recorder)
    gc.collect()
    events.write("finished", threads=leaked_threads(before, task["lasting_threads"]))
    end_process_after(task["test_limit"])


if __name__ == "__main__":
    run(json.loads(pathlib.Path(sys.argv[1]).read_text()))
