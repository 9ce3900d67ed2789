"""Runs many test files, a few at a time, tells how each went, and sums up.

A `Suite` is one version's files with what is expected of them. Progress goes to stdout, one line a
file, with the gist of everything that was not expected. The whole of it is in `name.failures`
beside the file's log, and every outcome in one JSON file a suite.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import signal
import sys
import threading

from conformance import table
from conformance.expectations import Expectations, Verdict, judge
from conformance.run_file import FileResult, Job, Limits, Running, run_file

# How many failures of one file the terminal gets to see.
SHOWN_FAILURES = 20


@dataclasses.dataclass
class Suite:
    """The test files of one version, and their verdicts once they have run."""

    label: str  # "3.14"
    patch: str  # "3.14.10"
    origin: str
    jobs: list[Job]
    expected: Expectations
    logs: pathlib.Path
    results: dict[str, FileResult] = dataclasses.field(default_factory=dict)
    verdicts: dict[str, Verdict] = dataclasses.field(default_factory=dict)

    def unexpected(self) -> dict[str, str]:
        """Everything that fails this suite's run."""
        return {
            what: why
            for _, verdict in sorted(self.verdicts.items())
            for what, why in verdict.unexpected.items()
        }

    def write_json(self, path: pathlib.Path) -> None:
        """Writes every test's outcome, for other tools."""
        path.parent.mkdir(parents=True, exist_ok=True)
        files = {
            name: {
                "seconds": round(self.results[name].seconds, 1),
                "problems": self.results[name].problems,
                "plugged": self.results[name].plugged,
                "outcomes": {
                    test: dataclasses.asdict(o) for test, o in self.results[name].outcomes.items()
                },
                "unexpected": self.verdicts[name].unexpected,
            }
            for name in sorted(self.results)
        }
        path.write_text(
            json.dumps({"version": self.label, "patch": self.patch, "files": files}, indent=1)
            + "\n"
        )


def add_options(
    parser: argparse.ArgumentParser, implementations: tuple[str, ...], python: str = ""
) -> None:
    """The options that all suites share; PY and TESTS of the environment stand for theirs.

    The first implementation is the default; `python` is what is tested when nothing says otherwise.
    """
    parser.add_argument(
        "--python",
        default=os.environ.get("PY") or python,
        help='such as "3.11 3.14" (or PY=)',
    )
    parser.add_argument(
        "--tests", default=os.environ.get("TESTS", ""), help='such as "test_tasks" (or TESTS=)'
    )
    parser.add_argument("--implementation", choices=implementations, default=implementations[0])
    parser.add_argument(
        "--profile", default="quick", help="cargo profile of the extension (default: quick)"
    )
    parser.add_argument(
        "--workers", type=int, default=2, help="test files that run at the same time (default: 2)"
    )
    parser.add_argument(
        "--record",
        metavar="REASON",
        help="write what failed into the expectations with this reason, strike what passed",
    )


def run_suites(suites: list[Suite], workers: int, limits: Limits) -> None:
    """Runs every job of every suite, `workers` at a time, and fills in results and verdicts.

    The files of the suites are dealt in turn, so that the versions run side by side.
    """
    printing = threading.Lock()
    running = Running()

    def one(suite: Suite, job: Job) -> None:
        result = run_file(job, suite.logs, limits, running)
        verdict = judge(result, suite.expected, suite.patch)
        write_failures(suite, verdict)
        with printing:
            suite.results[result.name] = result
            suite.verdicts[result.name] = verdict
            print("\n".join(report(suite, result, verdict)), flush=True)

    longest = max((len(suite.jobs) for suite in suites), default=0)
    dealt = [
        (suite, suite.jobs[turn])
        for turn in range(longest)
        for suite in suites
        if turn < len(suite.jobs)
    ]
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        try:
            for future in [pool.submit(one, suite, job) for suite, job in dealt]:
                future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            running.interrupt()
            raise


def end_on_sigterm() -> None:
    """Makes SIGTERM end the run the way Ctrl-C does, with every process that it started."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def finish(suites: list[Suite]) -> int:
    """Prints the totals and what was not expected; returns the command's exit code."""
    print("\n" + "\n".join(table.totals(suites)))
    red = [suite for suite in suites if suite.unexpected()]
    for suite in red:
        files = [name for name, verdict in sorted(suite.verdicts.items()) if verdict.unexpected]
        print(f"FAIL {suite.label}: {' '.join(files)} (see {suite.logs})")
    return 1 if red or not suites else 0


def report(suite: Suite, result: FileResult, verdict: Verdict) -> list[str]:
    """The lines that the terminal gets about one file."""
    lines = [
        f"{'FAIL' if verdict.unexpected else 'ok  '} {suite.label} {verdict.name:26}"
        f" run {verdict.run:4}  passed {verdict.passed:4}"
        f"  expected failures {verdict.expected_failures:4}"
        f"  not applicable {verdict.not_applicable:4}  {result.seconds:6.1f} s"
    ]
    for what, why in list(verdict.unexpected.items())[:SHOWN_FAILURES]:
        lines.append(f"     - {what}: {gist(why)}")
    if len(verdict.unexpected) > SHOWN_FAILURES:
        lines.append(f"     - and {len(verdict.unexpected) - SHOWN_FAILURES} more")
    if verdict.unexpected:
        lines.append(f"     > {failures_path(suite, verdict)}")
    lines.extend(f"     . {note}" for note in verdict.notes)
    return lines


def failures_path(suite: Suite, verdict: Verdict) -> pathlib.Path:
    """Where the whole texts of a file's failures go."""
    return suite.logs / f"{verdict.name}.failures"


def write_failures(suite: Suite, verdict: Verdict) -> None:
    """Writes, or removes, the whole texts of what was not expected."""
    path = failures_path(suite, verdict)
    path.unlink(missing_ok=True)
    if verdict.unexpected:
        path.write_text(
            "\n".join(f"=== {what}\n{why}\n" for what, why in verdict.unexpected.items())
        )


def gist(text: str) -> str:
    """A failure in one line: its kind, and the last line of its text, the exception's own words."""
    lines = text.strip().splitlines()
    return lines[0] if len(lines) == 1 else f"{lines[0]}: {lines[-1]}"
