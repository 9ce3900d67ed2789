"""Brings the `expected_failure` table of an expectations file up to date with a run.

For the person who has looked at what fails and knows why: what failed gets a line with the reason
given, what passed loses its line. Crashes, hangs and leaked threads get none, because they are
never expected.
"""

from __future__ import annotations

import json
import pathlib

from conformance.campaign import Suite
from conformance.child import covers

HEADER = "[expected_failure]"


def record(path: pathlib.Path, suite: Suite, reason: str) -> None:
    """Rewrites the last table of `path`; files that did not run keep their lines."""
    outcomes = {
        test: outcome.kind
        for result in suite.results.values()
        for test, outcome in result.outcomes.items()
    }
    kept = {
        entry: why
        for entry, why in suite.expected.expected_failure.items()
        if entry.split(".")[0] not in suite.results
        or all(kind == "failed" for test, kind in outcomes.items() if covers(entry, test))
    }
    for test, kind in outcomes.items():
        if kind == "failed" and not any(covers(entry, test) for entry in kept):
            kept[test] = reason
    before, _, _ = path.read_text().partition(HEADER)
    lines = [
        f"{json.dumps(entry)} = {json.dumps(kept[entry], ensure_ascii=False)}\n"
        for entry in sorted(kept)
    ]
    path.write_text(before + HEADER + "\n" + "".join(lines))
