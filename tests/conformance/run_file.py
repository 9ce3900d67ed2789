"""Runs one test module in a process of its own, and gathers what became of each of its tests.

A test that crashes the process or outlives its time ends that process only: the crash or hang is
written down as this file's problem, and a new process goes on behind the culprit. So one bad test
costs the file its green, and nothing else.
"""

from __future__ import annotations

import collections
import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import time
from typing import Any

HERE = pathlib.Path(__file__).resolve().parent

# What faulthandler prints first when a test outlives its time.
WATCHDOG = "Timeout ("

# Lines of a crashed process that its result keeps: the stacks that faulthandler printed.
SHOWN_LINES = 40

# A file that crashes more often than this is not worth the time.
RESTARTS = 5


class Interrupted(Exception):
    """The run is being ended: no other process starts."""


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of one test: `kind` is passed, failed, skipped, crashed, hung or unreached."""

    kind: str
    detail: str = ""
    seconds: float = 0.0


@dataclasses.dataclass
class FileResult:
    """What became of one test file."""

    name: str  # "test_tasks"
    loaded: list[str] = dataclasses.field(default_factory=list)
    outcomes: dict[str, Outcome] = dataclasses.field(default_factory=dict)
    problems: list[str] = dataclasses.field(default_factory=list)  # each fails the file
    skipped_whole: str | None = None  # the reason, where the module refuses to be imported here
    plugged: dict[str, str] = dataclasses.field(default_factory=dict)
    seconds: float = 0.0


@dataclasses.dataclass(frozen=True)
class Limits:
    """Seconds: of one test, and of one process with all its tests."""

    test: float = 60.0
    file: float = 900.0


@dataclasses.dataclass(frozen=True)
class Job:
    """One test file to run: see `child.py` for the fields that it passes on."""

    python: str
    module: str
    prefix: str
    plug: bool
    path: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    lasting_threads: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.module.removeprefix(self.prefix)


def clean_environment(extra: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """The environment without what changes how Python or asyncio behaves."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {**kept, "LC_ALL": "C.UTF-8", **dict(extra)}


def read_events(path: pathlib.Path) -> list[dict]:
    """The events of one process; its last line may be cut off by a crash."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().split("\n")[:-1]]


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Ends the process and what its tests started: it leads a session of its own."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # all of them have ended


class Running:
    """The processes that run now. Ctrl-C does not reach them: each leads a session of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._interrupted = False

    def start(self, command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        """Starts a process, unless the run is interrupted: then raises Interrupted."""
        with self._lock:
            if self._interrupted:
                raise Interrupted
            process = subprocess.Popen(command, start_new_session=True, **options)
            self._processes.add(process)
        return process

    def forget(self, process: subprocess.Popen[bytes]) -> None:
        """The process has ended."""
        with self._lock:
            self._processes.discard(process)

    def interrupt(self) -> None:
        """Ends every process, and lets no other start."""
        with self._lock:
            self._interrupted = True
            for process in self._processes:
                end_group(process)


def end_process(process: subprocess.Popen[bytes], limit: float) -> bool:
    """Waits for the process, ends its descendants; returns whether it ended by itself in time."""
    try:
        process.wait(limit)
        in_time = True
    except subprocess.TimeoutExpired:
        in_time = False
        process.send_signal(signal.SIGABRT)  # faulthandler prints every stack
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    end_group(process)
    return in_time


@dataclasses.dataclass(frozen=True)
class Ended:
    """What one process left behind."""

    events: dict[str, list[dict]]  # by their kind
    printed: str
    kind: str  # "", or "hung" or "crashed"
    text: str  # what happened, where `kind` is not ""


def run_file(job: Job, logs: pathlib.Path, limits: Limits, running: Running) -> FileResult:
    """Runs the file to its end, in as many processes as that takes; they print to `logs`."""
    result = FileResult(job.name)
    began = time.monotonic()
    logs.mkdir(parents=True, exist_ok=True)
    with (logs / f"{job.name}.log").open("w") as log:
        for _ in range(RESTARTS + 1):
            ended = run_process(job, list(result.outcomes), limits, running)
            log.write(ended.printed)
            if not take_in(result, ended):
                break
        else:
            result.problems.append(f"given up after {RESTARTS + 1} crashes or hangs")
    result.seconds = time.monotonic() - began
    return result


def run_process(job: Job, done: list[str], limits: Limits, running: Running) -> Ended:
    """Runs one process over the file's tests but those that are `done`."""
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        desk = pathlib.Path(folder)
        events, output, scratch = desk / "events", desk / "output", desk / "scratch"
        scratch.mkdir()
        task = {
            "module": job.module,
            "prefix": job.prefix,
            "plug": job.plug,
            "path": job.path,
            "exclude": job.exclude,
            "lasting_threads": job.lasting_threads,
            "done": done,
            "events": str(events),
            "test_limit": limits.test,
        }
        (desk / "task").write_text(json.dumps(task))
        with output.open("wb") as out:
            process = running.start(
                [job.python, "-u", str(HERE / "child.py"), str(desk / "task")],
                cwd=scratch,
                env=clean_environment((("TMPDIR", str(scratch)), *job.environment)),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        try:
            in_time = end_process(process, limits.file)
        finally:
            running.forget(process)
        printed = output.read_text(errors="replace")
        kind, text = how_it_ended(process.returncode, in_time, WATCHDOG in printed, limits)
        by_kind = collections.defaultdict(list)
        for event in read_events(events):
            by_kind[event["event"]].append(event)
    if not kind and not by_kind["finished"]:
        kind, text = "crashed", "exit code 0 in the middle"
    return Ended(by_kind, printed, kind, text)


def take_in(result: FileResult, ended: Ended) -> bool:
    """Adds what a process left behind to `result`.

    Returns whether another process can go on behind the test that ended this one.
    """
    for event in ended.events["plugged"]:
        result.plugged = event["names"]
    for event in ended.events["module_skip"]:
        result.skipped_whole = event["detail"]
    for event in ended.events["loaded"]:
        result.loaded = event["tests"]
    for event in ended.events["end"]:
        result.outcomes[event["test"]] = Outcome(
            event["outcome"], event["detail"], event["seconds"]
        )
    for event in ended.events["fixture"]:
        result.problems.append(f"{event['name']} raised:\n{event['detail']}")
    for event in ended.events["finished"]:
        result.problems.extend(f"leaked thread: {name}" for name in event["threads"])
    if not ended.kind:
        return False
    tail = "\n".join(ended.printed.rstrip().splitlines()[-SHOWN_LINES:])
    last = ended.events["start"][-1]["test"] if ended.events["start"] else None
    if last is not None and last not in result.outcomes:
        result.outcomes[last] = Outcome(ended.kind, f"{tail}\n{ended.text}{place(ended.printed)}")
        result.problems.append(f"{last} {ended.kind}: {ended.text}")
        return True
    if ended.events["finished"]:
        when = "after its last test"
    elif ended.events["loaded"]:
        when = "between two tests"
    else:
        when = "before its first test"
    result.problems.append(f"the process {ended.kind} {when}: {ended.text}\n{tail}")
    return False


def place(printed: str) -> str:
    """Where the main thread was, by the last stack that faulthandler printed."""
    _, found, stack = printed.rpartition(" (most recent call first):\n")
    return f" at {stack.splitlines()[0].strip()}" if found and stack else ""


def how_it_ended(code: int, in_time: bool, watchdog: bool, limits: Limits) -> tuple[str, str]:
    """Returns ("hung" or "crashed", what happened), or two empty texts where it ended well."""
    if not in_time:
        return "hung", f"more than {limits.file:g} s for the file"
    if watchdog and code != 0:
        return "hung", f"more than {limits.test:g} s"
    if code < 0:
        return "crashed", signal.Signals(-code).name
    if code > 0:
        return "crashed", f"exit code {code}"
    return "", ""
