"""Runs many test files, a few at a time, tells how each went, and sums up.

A `Suite` is one version's files with what is expected of them. Progress goes to stdout, one line a file, with
the beginning of everything that was not expected; the whole of it is in the logs and in one JSON file a suite.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import json
import pathlib
import threading

from expectations import Expectations, Verdict, judge
from run_file import FileResult, Job, Limits, run_file

# Lines of a failure that the terminal gets to see; logs and JSON have all.
SHOWN_LINES = 12
SHOWN_FAILURES = 30


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
        return {what: why for name in sorted(self.verdicts) for what, why in self.verdicts[name].unexpected.items()}

    def write_json(self, path: pathlib.Path) -> None:
        """Writes every test's outcome, for other tools."""
        path.parent.mkdir(parents=True, exist_ok=True)
        files = {
            name: {
                "seconds": round(self.results[name].seconds, 1),
                "problems": self.results[name].problems,
                "plugged": self.results[name].plugged,
                "outcomes": {test: dataclasses.asdict(o) for test, o in self.results[name].outcomes.items()},
                "unexpected": self.verdicts[name].unexpected,
            }
            for name in sorted(self.results)
        }
        path.write_text(json.dumps({"version": self.label, "patch": self.patch, "files": files}, indent=1) + "\n")


def run_suites(suites: list[Suite], workers: int, limits: Limits) -> None:
    """Runs every job of every suite, `workers` at a time, and fills in results and verdicts.

    The files of the suites are dealt in turn, so that the versions run side by side.
    """
    printing = threading.Lock()

    def one(suite: Suite, job: Job) -> None:
        result = run_file(job, suite.logs, limits)
        verdict = judge(result, suite.expected, suite.patch)
        with printing:
            suite.results[result.name] = result
            suite.verdicts[result.name] = verdict
            print("\n".join(report(suite, result, verdict)), flush=True)

    longest = max((len(suite.jobs) for suite in suites), default=0)
    dealt = [
        (suite, suite.jobs[turn]) for turn in range(longest) for suite in suites if turn < len(suite.jobs)
    ]
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for future in [pool.submit(one, suite, job) for suite, job in dealt]:
            future.result()


def report(suite: Suite, result: FileResult, verdict: Verdict) -> list[str]:
    """The lines that the terminal gets about one file."""
    lines = [
        f"{'FAIL' if verdict.unexpected else 'ok  '} {suite.label} {verdict.name:26}"
        f" run {verdict.run:4}  passed {verdict.passed:4}  expected failures {verdict.expected_failures:4}"
        f"  not applicable {verdict.not_applicable:4}  {result.seconds:6.1f} s"
    ]
    for what, why in list(verdict.unexpected.items())[:SHOWN_FAILURES]:
        lines.append(f"     - {what}: {shorten(why)}")
    if len(verdict.unexpected) > SHOWN_FAILURES:
        lines.append(f"     - and {len(verdict.unexpected) - SHOWN_FAILURES} more: {suite.logs}")
    lines.extend(f"     . {note}" for note in verdict.notes)
    return lines


def shorten(text: str) -> str:
    """The last lines of a long text, indented: an exception's own words come last."""
    lines = text.splitlines()
    kept = lines if len(lines) <= SHOWN_LINES else [lines[0], "...", *lines[-SHOWN_LINES:]]
    return "\n         ".join(kept)
