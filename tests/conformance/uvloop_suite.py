"""Runs uvloop's own tests against aioxide.

Its sdist is fetched from PyPI into the cache when it is first needed, and its tests run from there,
unedited: nothing of uvloop is in this repository. A stub package `uvloop`, first on the path of the
tests and of the processes that they start, hands out aioxide's loop.

    python3 tests/conformance/uvloop_suite.py PY="3.12 3.14" TESTS=test_tcp python3
    tests/conformance/uvloop_suite.py ... --implementation uvloop      the suite on uvloop itself,
    to check the harness and the machine
"""

from __future__ import annotations

import argparse
import os
import pathlib
import shutil
import sys
import tarfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))

import build_extension
import environments
import pythons
from conformance import record, table
from conformance.campaign import Suite, add_options, end_on_sigterm, finish, run_suites
from conformance.expectations import Expectations, load
from conformance.run_file import Job, Limits

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
UVLOOP = (HERE / "uvloop-requirements.txt").read_text().split()[0]  # "uvloop==0.23.0"
# What its tests import beside it.
NEEDS = ("aiohttp>=3.10.5", "psutil", "pyOpenSSL~=26.4.0")
PREFIX = "tests."
RESULTS = ROOT / "target" / "conformance"
DOCUMENT = ROOT / "docs" / "conformance-uvloop.md"
# The newest that all NEEDS have wheels for.
DEFAULT_PYTHON = "3.14"
# libuv's pool is one for the process and never ends.
UVLOOP_THREADS = ("libuv-worker",)

INTRODUCTION = [
    "# Conformance: uvloop's own tests on aioxide",
    "",
    f"Written by `make conformance-uvloop`, which runs the tests of the sdist of {UVLOOP},",
    "unedited, through a stub package `uvloop` that hands out aioxide's loop. *Not applicable* are",
    "tests of uvloop's and libuv's own internals, and the halves of its tests that run on asyncio",
    "itself. Each is named with its reason in `tests/conformance/expectations/uvloop.toml`;",
    "*failures* is what that list does not say.",
]
EXPECTATIONS = HERE / "expectations" / "uvloop.toml"


def fetch_sdist(cache: pathlib.Path) -> pathlib.Path:
    """Returns the unpacked sdist, downloading it the first time and checking its hash."""
    name = UVLOOP.replace("==", "-")
    sdist = cache / name
    if not sdist.is_dir():
        print(f"fetching {UVLOOP} from PyPI", flush=True)
        cache.mkdir(parents=True, exist_ok=True)
        draft = cache / f"{name}.draft.{os.getpid()}"
        try:
            environments.pip(
                "download",
                "--no-binary",
                "uvloop",
                "--no-deps",
                "--dest",
                str(draft),
                "--requirement",
                str(HERE / "uvloop-requirements.txt"),
            )
            with tarfile.open(draft / f"{name}.tar.gz") as archive:
                archive.extractall(draft, filter="data")
            # The tests are imported from a folder without uvloop's own package beside them: it is
            # not compiled.
            (draft / name / "importable").mkdir()
            (draft / name / "importable" / "tests").symlink_to("../tests")
            (draft / name).rename(sdist)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return sdist


def make_suite(
    python: pythons.Python,
    program: pathlib.Path,
    sdist: pathlib.Path,
    tree: pathlib.Path | None,
    only: list[str],
) -> Suite:
    """The files of the sdist on one Python; without a `tree` they test the installed uvloop."""
    expected = load(EXPECTATIONS)
    environment: tuple[tuple[str, str], ...] = ()
    if tree is None:
        expected = Expectations(expected.patch, expected.not_applicable, {})
        path: tuple[str, ...] = ()
    else:
        path = (str(HERE / "uvloop_stub"), str(tree))
        environment = (("PYTHONPATH", os.pathsep.join(path)), ("AIOXIDE_UVLOOP_SDIST", str(sdist)))
    jobs = [
        Job(
            python=str(program),
            module=PREFIX + file.stem,
            prefix=PREFIX,
            plug=False,
            path=(*path, str(sdist / "importable")),
            exclude=tuple(expected.of_file(file.stem).not_applicable),
            may_fail=tuple(expected.of_file(file.stem).expected_failure),
            environment=environment,
            lasting_threads=UVLOOP_THREADS if tree is None else (),
        )
        for file in sorted(
            (sdist / "tests").glob("test_*.py"), key=lambda file: -file.stat().st_size
        )
        if not only or file.stem in only
    ]
    kind = "uvloop" if tree is None else "aioxide"
    return Suite(
        python.version,
        python.patch,
        python.origin,
        jobs,
        expected,
        RESULTS / f"uvloop-on-{kind}" / python.version,
    )


def parse() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser, ("aioxide", "uvloop"), DEFAULT_PYTHON)
    return parser.parse_args()


def main() -> int:
    """Command line: see the top of the file."""
    options = parse()
    end_on_sigterm()
    only = options.tests.split()
    found = pythons.find_enough(tuple(options.python.split()), at_least=1)
    if found is None:
        return 1
    cache = pythons.cache_folder() / "uvloop"
    ours = options.implementation == "aioxide"
    try:
        sdist = fetch_sdist(cache)
        trees = build_extension.build_all(found, options.profile) if ours else {}
        suites = [
            make_suite(
                python,
                environments.make_environment(python, cache, NEEDS if ours else (*NEEDS, UVLOOP)),
                sdist,
                trees[python.version].tree if ours else None,
                only,
            )
            for python in found
        ]
    except (environments.NotFetched, build_extension.BuildFailed) as error:
        print(error)
        return 1
    run_suites(suites, options.workers, Limits())
    for suite in suites:
        suite.write_json(suite.logs.with_suffix(".json"))
        if options.record:
            record.record(EXPECTATIONS, suite, options.record)
    if ours and not only and options.python == DEFAULT_PYTHON:
        table.write_document(DOCUMENT, INTRODUCTION, suites)
    return finish(suites)


if __name__ == "__main__":
    sys.exit(main())
