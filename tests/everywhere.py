"""``python tests/everywhere.py``: the unit and fault tests on every supported Python.

Finds or makes the interpreters (tools/pythons.py), builds the extension for each
(tools/build_extension.py) and runs pytest in an environment of its own, two versions at a time.
What pytest prints is printed whole when its version is through. Needs the standard library and pip.
"""

import argparse
import concurrent.futures
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import build_extension  # noqa: E402
import environments  # noqa: E402
import pythons  # noqa: E402

FOLDERS = ("tests/unit", "tests/faults")
# What those import beside aioxide, in the versions of requirements/dev.txt.
NEEDS = ("pytest", "pytest-timeout", "hypothesis")
AT_A_TIME = 2


def needed_packages() -> tuple[str, ...]:
    """The pinned requirements of the tests, such as "pytest==9.2.0"."""
    lines = (ROOT / "requirements" / "dev.txt").read_text().splitlines()
    pins = {re.split("==", line)[0]: line for line in lines if "==" in line}
    return tuple(pins[name] for name in NEEDS)


def run_tests(
    python: pythons.Python, program: Path, tree: Path, arguments: list[str]
) -> subprocess.CompletedProcess[str]:
    """Runs pytest on one version, with aioxide imported from `tree`."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    return subprocess.run(
        # No cache: versions that run side by side would share it.
        [str(program), "-m", "pytest", "-p", "no:cacheprovider", *(arguments or FOLDERS)],
        cwd=ROOT,
        env={**inherited, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )


def parse_arguments() -> tuple[argparse.Namespace, list[str]]:
    """Reads the command line; what it does not know is pytest's."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--python", default=os.environ.get("PY", ""), help='such as "3.11 3.14" (or PY=)'
    )
    parser.add_argument(
        "--at-least", type=int, default=1, metavar="N", help="fail with fewer Pythons than this"
    )
    return parser.parse_known_args()


def main() -> int:
    """Command line: see the top of the file."""
    options, arguments = parse_arguments()
    found = pythons.find_enough(tuple(options.python.split()), options.at_least)
    if found is None:
        return 1
    try:
        built = build_extension.build_all(found)
        cache = pythons.cache_folder() / "pytest"
        programs = {
            python: environments.make_environment(python, cache, needed_packages())
            for python in found
        }
    except (build_extension.BuildFailed, environments.NotFetched) as error:
        print(error)
        return 1

    def one(python: pythons.Python) -> int:
        began = time.monotonic()
        done = run_tests(python, programs[python], built[python.version].tree, arguments)
        verdict = "ok" if done.returncode == 0 else "FAIL"
        seconds = time.monotonic() - began
        print(f"=== Python {python.patch}\n{done.stdout.strip()}")
        print(f"{verdict} Python {python.patch}, {seconds:.1f} s", flush=True)
        return done.returncode

    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        codes = list(pool.map(one, found))
    return max(codes, default=1)


if __name__ == "__main__":
    sys.exit(main())
