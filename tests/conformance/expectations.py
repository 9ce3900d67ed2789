"""What is not expected to pass, and whether a run agrees with it.

An expectations file has two tables of `"name" = "reason"`. `not_applicable` names tests of an
implementation's own internals: they are not run. `expected_failure` names tests that are run and
fail. Both are strict: a run fails when an unlisted test fails or is skipped, when a listed one
passes, when a line names no test at all, and always when a test crashes or hangs. So the lists say
what is true, or the run is red.
"""

from __future__ import annotations

import dataclasses
import pathlib
import tomllib

from conformance.child import covers
from conformance.run_file import FileResult


class BadExpectations(Exception):
    """The file cannot be used; the text says which line and why."""


@dataclasses.dataclass(frozen=True)
class Expectations:
    """The two lists of one version: entry to reason."""

    patch: str = ""  # the version that the lists were written for
    not_applicable: dict[str, str] = dataclasses.field(default_factory=dict)
    expected_failure: dict[str, str] = dataclasses.field(default_factory=dict)

    def of_file(self, name: str) -> Expectations:
        """The entries about one test file."""

        def mine(entries: dict[str, str]) -> dict[str, str]:
            return {
                entry: reason for entry, reason in entries.items() if entry.split(".")[0] == name
            }

        return Expectations(self.patch, mine(self.not_applicable), mine(self.expected_failure))

    def files(self) -> set[str]:
        """The test files that some entry names."""
        return {entry.split(".")[0] for entry in [*self.not_applicable, *self.expected_failure]}


def load(path: pathlib.Path) -> Expectations:
    """Reads and checks an expectations file; raises BadExpectations."""
    try:
        table = tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BadExpectations(f"{path}: {error}") from error
    unknown = table.keys() - {"patch", "not_applicable", "expected_failure"}
    if unknown:
        raise BadExpectations(f"{path}: unknown table {', '.join(sorted(unknown))}")
    lists = [table.get("not_applicable", {}), table.get("expected_failure", {})]
    for entries in lists:
        for entry, reason in entries.items():
            if not isinstance(reason, str) or not reason.strip():
                raise BadExpectations(f"{path}: {entry} has no reason")
            if any(character in entry.split(".")[0] for character in "*?["):
                raise BadExpectations(f"{path}: {entry} must name its file without wildcards")
    both = lists[0].keys() & lists[1].keys()
    if both:
        raise BadExpectations(f"{path}: in both tables: {', '.join(sorted(both))}")
    return Expectations(table.get("patch", ""), *lists)


@dataclasses.dataclass
class Verdict:
    """How one file's result compares with what was expected of it."""

    name: str
    passed: int = 0
    expected_failures: int = 0
    not_applicable: int = 0
    unexpected: dict[str, str] = dataclasses.field(
        default_factory=dict
    )  # what -> why it fails the run
    notes: list[str] = dataclasses.field(default_factory=list)
    failed_tests: int = 0  # tests whose outcome was not expected
    reasons: list[str] = dataclasses.field(default_factory=list)  # one for each expected failure

    @property
    def run(self) -> int:
        """Tests that were started or should have been."""
        return self.passed + self.expected_failures + self.failed_tests


def judge(result: FileResult, expected: Expectations, patch: str) -> Verdict:
    """Compares the result of one file with the expectations of its version.

    `patch` is the interpreter's: a line that names nothing is only a note on another patch than the
    lists'.
    """
    mine = expected.of_file(result.name)
    verdict = Verdict(result.name)
    matched: set[str] = set()
    for test in result.loaded:
        left_out = [entry for entry in mine.not_applicable if covers(entry, test)]
        may_fail = [entry for entry in mine.expected_failure if covers(entry, test)]
        matched.update(left_out)
        if left_out:
            verdict.not_applicable += 1
            continue
        matched.update(may_fail)
        outcome = result.outcomes.get(test)
        kind = outcome.kind if outcome else "unreached"
        if kind == "passed" and not may_fail:
            verdict.passed += 1
        elif kind == "failed" and may_fail:
            verdict.expected_failures += 1
            verdict.reasons.append(mine.expected_failure[may_fail[0]])
        else:
            verdict.failed_tests += 1
            verdict.unexpected[test] = complaint(kind, may_fail, outcome.detail if outcome else "")
    if result.skipped_whole is not None:
        if result.name in mine.not_applicable:
            matched.add(result.name)
        else:
            verdict.unexpected[result.name] = f"the whole file is skipped: {result.skipped_whole}"
    elif not result.loaded and not result.problems:
        verdict.unexpected[result.name] = "no tests were found in it"
    for number, problem in enumerate(result.problems, 1):
        verdict.unexpected[f"{result.name} (problem {number})"] = problem
    if result.loaded or result.skipped_whole is not None:
        for entry in sorted({*mine.not_applicable, *mine.expected_failure} - matched):
            text = f"the line {entry!r} names no test that is left to run"
            if patch == expected.patch:
                verdict.unexpected[entry] = text
            else:
                verdict.notes.append(f"{text} (written for {expected.patch}, this is {patch})")
    return verdict


def complaint(kind: str, may_fail: list[str], detail: str) -> str:
    """Why an outcome that was not expected fails the run."""
    if kind == "passed":
        return f"passes, but {may_fail[0]!r} says that it fails: strike it off the list"
    if kind == "skipped":
        return f"skipped without being listed: {detail}"
    if kind == "unreached":
        return "was not reached"
    return f"{kind}\n{detail}".rstrip()
