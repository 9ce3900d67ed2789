"""Instructions of one operation, counted by valgrind where the clock is too noisy.

A process that does N operations and one that does 2N are counted; the difference, divided by N,
leaves out the start of the interpreter, the imports and the making of the loop.
"""

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.cases import CASES, case_named
from benchmarks.driver import ROOT, Laboratory, present_loops
from benchmarks.implementations import loop_names

COLLECTED = re.compile(r"Collected : (\d+)")
OPERATIONS = 2_000


def count_instructions(laboratory: Laboratory, loop: str, case: str, operations: int) -> int:
    """All instructions of a process that does this many operations."""
    # A fixed hash seed: otherwise dict and set collisions differ from process to process.
    environment = laboratory.environment() | {"PYTHONHASHSEED": "0"}
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    # The interpreter may be a script that starts the real one.
    command += ["--trace-children=yes", laboratory.python, "-m", "benchmarks.worker"]
    command += [loop, case, f"--count={operations}"]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if ended.returncode != 0:
        raise SystemExit(ended.stderr)
    return int(COLLECTED.findall(ended.stderr)[-1])


def per_operation(laboratory: Laboratory, loop: str, case: str, operations: int) -> float:
    """Instructions that one more operation costs."""
    once = count_instructions(laboratory, loop, case, operations)
    twice = count_instructions(laboratory, loop, case, 2 * operations)
    return (twice - once) / operations


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
            figure = per_operation(laboratory, loop, key, operations)
            print(f"{key:24} {loop:14} {figure:10.0f} instructions per operation", flush=True)


if __name__ == "__main__":
    main()
