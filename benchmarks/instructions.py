"""Instructions of one operation, counted by valgrind where the clock is too noisy.

A process that does N operations and one that does 2N are counted; the difference, divided by N,
leaves out the start of the interpreter, the imports and the making of the loop. Beside the whole
stands the part that the loop's own extension modules execute: what is left is the interpreter's,
which runs the program's bytecode and would be there with a loop that costs nothing.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from benchmarks.cases import CASES, case_named
from benchmarks.driver import ROOT, Laboratory, present_loops
from benchmarks.implementations import loop_names

OPERATIONS = 2_000


class Counted(NamedTuple):
    """Instructions: all of them, and those of the extension modules of loops."""

    all: float
    own: float


#: Folders of the loops' packages; the interpreter's own extension is `_asyncio`.
PACKAGES = {"aioxide", "uvloop", "rloop", "zuvloop", "rsloop"}


def is_of_a_loop(file: str) -> bool:
    """Whether this file of machine code belongs to a loop."""
    path = Path(file)
    return path.parent.name in PACKAGES or path.name.startswith("_asyncio.")


def count(profile: Iterable[str]) -> Counted:
    """The sums of a callgrind profile whose positions and names are not compressed."""
    whole = own = 0
    is_own = of_a_call = False
    for line in profile:
        if line.startswith("ob="):
            is_own = is_of_a_loop(line.removeprefix("ob=").strip())
        elif line.startswith("calls="):
            # The next line repeats what the called function costs.
            of_a_call = True
        elif line[:1].isdigit():
            instructions = int(line.split()[1])
            if not of_a_call:
                whole += instructions
                own += instructions if is_own else 0
            of_a_call = False
    return Counted(whole, own)


def count_instructions(laboratory: Laboratory, loop: str, case: str, operations: int) -> Counted:
    """The instructions of a process that does this many operations."""
    # A fixed hash seed: otherwise dict and set collisions differ from process to process.
    environment = laboratory.environment() | {"PYTHONHASHSEED": "0"}
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", "--compress-strings=no", "--compress-pos=no"]
        # The interpreter may be a script that starts the real one.
        command += [f"--callgrind-out-file={folder}/%p", "--trace-children=yes"]
        command += [laboratory.python, "-m", "benchmarks.worker"]
        command += [loop, case, f"--count={operations}"]
        ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        if ended.returncode != 0:
            raise SystemExit(ended.stderr)
        (profile,) = Path(folder).iterdir()
        with profile.open() as lines:
            return count(lines)


def per_operation(laboratory: Laboratory, loop: str, case: str, operations: int) -> Counted:
    """Instructions that one more operation costs."""
    once = count_instructions(laboratory, loop, case, operations)
    twice = count_instructions(laboratory, loop, case, 2 * operations)
    return Counted((twice.all - once.all) / operations, (twice.own - once.own) / operations)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bench", default="", help="part of the benchmarks' names")
    parser.add_argument("--loops", type=loop_names, default="asyncio aioxide")
    parser.add_argument("--python", default=sys.executable, help="interpreter under test")
    parser.add_argument("--site", type=Path, help="folder with the packages of the loops")
    parser.add_argument("--operations", type=int, default=OPERATIONS)
    options = parser.parse_args()
    if shutil.which("valgrind") is None:
        raise SystemExit("valgrind is missing: apt-get install valgrind")
    selected = [case.key for case in CASES if case.matches(options.bench)]
    if not selected:
        raise SystemExit(f"no benchmark has {options.bench!r} in its name")
    laboratory = Laboratory(options.python, options.site)
    loops = present_loops(laboratory.ask("implementations"), options.loops)
    for key in selected:
        group = case_named(key).group
        operations = max(1, options.operations // group) * group
        for loop in loops:
            counted = per_operation(laboratory, loop, key, operations)
            figures = f"{counted.all:10.0f} instructions, {counted.own:8.0f} of them in the loop"
            print(f"{key:24} {loop:14} {figures}", flush=True)


if __name__ == "__main__":
    main()
