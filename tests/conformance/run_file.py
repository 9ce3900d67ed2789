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
import time

HERE = pathlib.Path(__file__).resolve().parent

# What faulthandler prints first when a test outlives its time.
WATCHDOG = "Timeout ("

# A file that crashes more often than this is not worth the time.
RESTARTS = 10


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

    test: float = 120.0
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


def end_process(process: subprocess.Popen, limit: float) -> bool:
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
    # The process led a session of its own, so this reaches what its tests started and forgot.
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    return in_time


def run_file(job: Job, logs: pathlib.Path, limits: Limits) -> FileResult:
    """Runs the file to its end, in as many processes as that takes; they print to `logs`."""
    result = FileResult(job.name)
    began = time.monotonic()
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{job.name}.log"
    log.unlink(missing_ok=True)
    for attempt in range(RESTARTS + 1):
        culprit = run_process(job, result, logs / f"{job.name}.{attempt}.events", log, limits)
        if culprit is None:
            break
    else:
        result.problems.append(f"given up after {RESTARTS + 1} crashes or hangs")
    result.seconds = time.monotonic() - began
    return result


def run_process(
    job: Job, result: FileResult, events: pathlib.Path, log: pathlib.Path, limits: Limits
) -> str | None:
    """Runs one process over the tests that `result` has no outcome for.

    Adds what happened to `result`. Returns the test that ended the process, where another process
    can go on behind it, else None.
    """
    events.unlink(missing_ok=True)
    task = {
        "module": job.module,
        "prefix": job.prefix,
        "plug": job.plug,
        "path": job.path,
        "exclude": job.exclude,
        "lasting_threads": job.lasting_threads,
        "done": list(result.outcomes),
        "events": str(events),
        "test_limit": limits.test,
    }
    command = [job.python, "-u", str(HERE / "child.py"), json.dumps(task)]
    with tempfile.TemporaryDirectory(prefix="conformance-") as scratch, log.open("ab") as output:
        log_start = log.stat().st_size
        environment = clean_environment((("TMPDIR", scratch), *job.environment))
        process = subprocess.Popen(
            command,
            cwd=scratch,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        in_time = end_process(process, limits.file)
    with log.open("rb") as written:
        written.seek(log_start)
        printed = written.read().decode(errors="replace")
    happened = read_events(events)
    by_kind: dict[str, list[dict]] = collections.defaultdict(list)
    for event in happened:
        by_kind[event["event"]].append(event)
    for event in by_kind["plugged"]:
        result.plugged = event["names"]
    for event in by_kind["module_skip"]:
        result.skipped_whole = event["detail"]
    for event in by_kind["loaded"]:
        result.loaded = event["tests"]
    for event in by_kind["end"]:
        result.outcomes[event["test"]] = Outcome(
            event["outcome"], event["detail"], event["seconds"]
        )
    for event in by_kind["fixture"]:
        result.problems.append(f"{event['name']} raised:\n{event['detail']}")
    for event in by_kind["finished"]:
        result.problems.extend(f"leaked thread: {name}" for name in event["threads"])
    ended = how_it_ended(process.returncode, in_time, WATCHDOG in printed, limits)
    if by_kind["finished"] and ended is None:
        return None
    tail = "\n".join(printed.rstrip().splitlines()[-40:])
    kind, text = ended or ("crashed", "the process ended early with exit code 0")
    started = [event["test"] for event in by_kind["start"]]
    culprit = started[-1] if started and started[-1] not in result.outcomes else None
    if culprit is not None:
        result.outcomes[culprit] = Outcome(kind, tail)
        result.problems.append(f"{culprit} {kind}: {text}")
    elif by_kind["finished"]:
        result.problems.append(f"the process {kind} after its last test: {text}\n{tail}")
    elif by_kind["loaded"]:
        result.problems.append(f"the process {kind} between two tests: {text}\n{tail}")
    else:
        result.problems.append(f"the process {kind} before its first test: {text}\n{tail}")
    return culprit


def how_it_ended(
    code: int, in_time: bool, watchdog: bool, limits: Limits
) -> tuple[str, str] | None:
    """Returns ("hung" or "crashed", what happened), or None where the process ended well."""
    if not in_time:
        return "hung", f"more than {limits.file:g} s for the file"
    if watchdog and code != 0:
        return "hung", f"more than {limits.test:g} s"
    if code < 0:
        return "crashed", signal.Signals(-code).name
    if code > 0:
        return "crashed", f"exit code {code}"
    return None
