"""The summary of a run: totals by version, then every test file of every version, as Markdown."""

from __future__ import annotations

import collections
import pathlib
import typing

from conformance.expectations import Verdict

if typing.TYPE_CHECKING:
    from conformance.campaign import Suite

COLUMNS = ("run", "passed", "expected failures", "not applicable", "failures")


def numbers(verdicts: list[Verdict]) -> list[int]:
    """The sums of COLUMNS; `failures` is everything that was not expected."""
    return [
        sum(verdict.run for verdict in verdicts),
        sum(verdict.passed for verdict in verdicts),
        sum(verdict.expected_failures for verdict in verdicts),
        sum(verdict.not_applicable for verdict in verdicts),
        sum(len(verdict.unexpected) for verdict in verdicts),
    ]


def rows(header: list[str], lines: list[list[object]]) -> list[str]:
    """A Markdown table: the first column is text, the others are numbers."""
    rule = ["---", *["---:"] * (len(header) - 1)]
    return ["| " + " | ".join(map(str, line)) + " |" for line in [header, rule, *lines]]


def totals(suites: list[Suite]) -> list[str]:
    """One line a version."""
    lines = [
        [f"CPython {suite.patch}", *numbers(list(suite.verdicts.values()))] for suite in suites
    ]
    return rows(["version", *COLUMNS], lines)


def by_file(suite: Suite) -> list[str]:
    """One line for each test file of a version."""
    lines = [[name, *numbers([suite.verdicts[name]])] for name in sorted(suite.verdicts)]
    return rows(["test file", *COLUMNS], lines)


def reasons(suite: Suite) -> list[str]:
    """How many tests each reason of an expected failure stands for."""
    counts = collections.Counter(
        reason for verdict in suite.verdicts.values() for reason in verdict.reasons
    )
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return rows(
        ["reason of expected failures", "tests"], [[reason, count] for reason, count in ordered]
    )


def write_document(path: pathlib.Path, introduction: list[str], suites: list[Suite]) -> None:
    """Writes the whole summary behind its introduction."""
    lines = [*introduction, "", *totals(suites)]
    for suite in suites:
        lines += ["", f"## CPython {suite.patch}", "", *by_file(suite)]
        if any(verdict.reasons for verdict in suite.verdicts.values()):
            lines += ["", *reasons(suite)]
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    print(f"\nwritten to {path}")
