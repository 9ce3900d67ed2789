"""The summary of a run: totals by version, then every test file of every version, as Markdown."""

from __future__ import annotations

from campaign import Suite
from expectations import Verdict

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
    lines = [[f"CPython {suite.patch}", *numbers(list(suite.verdicts.values()))] for suite in suites]
    return rows(["version", *COLUMNS], lines)


def by_file(suite: Suite) -> list[str]:
    """One line for each test file of a version."""
    lines = [[name, *numbers([suite.verdicts[name]])] for name in sorted(suite.verdicts)]
    return rows(["test file", *COLUMNS], lines)


def reasons(suite: Suite) -> list[str]:
    """How many tests each reason of an expected failure stands for."""
    counts: dict[str, int] = {}
    for name, verdict in suite.verdicts.items():
        for reason in verdict.reasons:
            counts[reason] = counts.get(reason, 0) + 1
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return rows(["reason", "tests"], [[reason, count] for reason, count in ordered])
