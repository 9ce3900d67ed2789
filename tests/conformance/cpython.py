"""Runs CPython's own asyncio tests, from each interpreter's own library, against aioxide.

    python3 tests/conformance/cpython.py                              all versions, all files
    PY=3.14 TESTS=test_tasks python3 tests/conformance/cpython.py     one file of one version
    ... --implementation stdlib                                       the suite on asyncio itself

The last one checks the harness and the machine: there every applicable test has to pass. A run of
all files of all versions rewrites `docs/conformance.md`; a partial one only prints.
"""

from __future__ import annotations

import argparse
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))

import build_extension
import pythons
from conformance import record, table
from conformance.campaign import Suite, add_options, end_on_sigterm, finish, run_suites
from conformance.expectations import Expectations, Verdict, load
from conformance.run_file import Job, Limits

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PREFIX = "test.test_asyncio."
DOCUMENT = ROOT / "docs" / "conformance.md"
RESULTS = ROOT / "target" / "conformance"

INTRODUCTION = [
    "# Conformance: CPython's own asyncio tests on aioxide",
    "",
    "Written by `make conformance`, which runs `test.test_asyncio` of each interpreter, unedited,",
    "from that interpreter's own library, with aioxide's types in the place of CPython's.",
    "*Expected failures* do not pass yet; *not applicable* are tests of CPython's own internals",
    "(mock selectors, the pure-Python reference classes, Windows), which are not run. Each is",
    "named with its reason in `tests/conformance/expectations`. *Failures* is what those lists do",
    "not say: 0, or the run is red.",
]


def test_files(python: pythons.Python) -> list[pathlib.Path]:
    """The files of this interpreter's `test.test_asyncio`, those that take longest first."""
    code = "import os, test; print(os.path.join(os.path.dirname(test.__file__), 'test_asyncio'))"
    done = subprocess.run(
        [python.path, "-I", "-c", code], capture_output=True, text=True, check=True
    )
    files = pathlib.Path(done.stdout.strip()).glob("test_*.py")
    return sorted(files, key=lambda path: -path.stat().st_size)


def make_suite(
    python: pythons.Python, only: list[str], implementation: str, tree: pathlib.Path | None
) -> Suite:
    """The files of one version that are to run, with what is expected of them."""
    expected = load(HERE / "expectations" / f"{python.version}.toml")
    if implementation == "stdlib":
        # What does not pass yet on aioxide has to pass here.
        expected = Expectations(expected.patch, expected.not_applicable, {})
    jobs = [
        Job(
            python=python.path,
            module=PREFIX + file.stem,
            prefix=PREFIX,
            plug=implementation == "aioxide",
            path=(str(tree),) if tree else (),
            exclude=tuple(expected.of_file(file.stem).not_applicable),
            may_fail=tuple(expected.of_file(file.stem).expected_failure),
        )
        for file in test_files(python)
        if not only or file.stem in only
    ]
    return Suite(
        python.version,
        python.patch,
        python.origin,
        jobs,
        expected,
        RESULTS / implementation / python.version,
    )


def add_missing_files(suite: Suite) -> None:
    """In a run of all files, a line of the expectations whose file does not exist fails the run."""
    for name in sorted(suite.expected.files() - suite.verdicts.keys()):
        suite.verdicts[name] = Verdict(
            name, unexpected={name: f"Python {suite.patch} has no {name}"}
        )


def parse() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser, ("aioxide", "stdlib"))
    parser.add_argument(
        "--at-least", type=int, default=1, metavar="N", help="fail with fewer Pythons than this"
    )
    return parser.parse_args()


def main() -> int:
    """Command line: see the top of the file."""
    options = parse()
    end_on_sigterm()
    versions = tuple(options.python.split()) or pythons.VERSIONS
    only = options.tests.split()
    found = pythons.find_enough(versions, options.at_least)
    if found is None:
        return 1
    for python in found:
        print(f"{python.version}  {python.patch:8} {python.path}")
    trees: dict[str, pathlib.Path] = {}
    if options.implementation == "aioxide":
        try:
            trees = {
                version: built.tree
                for version, built in build_extension.build_all(found, options.profile).items()
            }
        except build_extension.BuildFailed as error:
            print(error)
            return 1
    suites = [
        make_suite(python, only, options.implementation, trees.get(python.version))
        for python in found
    ]
    unknown = set(only) - {job.name for suite in suites for job in suite.jobs}
    if unknown:
        print(f"no such test file: {' '.join(sorted(unknown))}")
        return 1
    run_suites(suites, options.workers, Limits())
    for suite in suites:
        if not only:
            add_missing_files(suite)
        suite.write_json(RESULTS / options.implementation / f"{suite.label}.json")
        if options.record:
            record.record(HERE / "expectations" / f"{suite.label}.toml", suite, options.record)
    if options.implementation == "aioxide" and not only and versions == pythons.VERSIONS:
        table.write_document(DOCUMENT, INTRODUCTION, suites)
    return finish(suites)


if __name__ == "__main__":
    sys.exit(main())
