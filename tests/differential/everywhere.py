"""``python -m tests.differential.everywhere``: the differential programs on every supported Python.

Finds or makes the interpreters (tools/pythons.py), builds the extension for each
(tools/build_extension.py), compares every program through every door, and looks whether the
programs cover that Python's asyncio. Needs the standard library alone.
"""

import argparse
import os
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import build_extension  # noqa: E402
import pythons  # noqa: E402


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.differential.everywhere", description=__doc__.splitlines()[0]
    )
    parser.add_argument(
        "--python", default=os.environ.get("PY", ""), help='such as "3.11 3.14" (or PY=)'
    )
    parser.add_argument(
        "--at-least", type=int, default=1, metavar="N", help="fail with fewer Pythons than this"
    )
    parser.add_argument("programs", nargs="*", help="parts of area/name (default: all programs)")
    return parser.parse_args()


def run(module: str, python: str, *options: str) -> int:
    """Runs a module of this package on an interpreter, given as its command; its exit code."""
    name = ("tests.differential" + module).rstrip(".")
    command = [sys.executable, "-m", name, "--python", python, *options]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def main() -> int:
    arguments = parse_arguments()
    found = pythons.find_enough(tuple(arguments.python.split()), arguments.at_least)
    if found is None:
        return 1
    try:
        built = build_extension.build_all(found)
    except build_extension.BuildFailed as error:
        print(error)
        return 1
    # One after the other: each runs two programs at a time already.
    codes = []
    for python in found:
        command = shlex.quote(python.path)
        codes.append(
            run(".", command, "--path", str(built[python.version].tree), *arguments.programs)
        )
        if not arguments.programs:
            codes.append(run(".coverage", command))
    return max(codes, default=1)


if __name__ == "__main__":
    sys.exit(main())
