"""What the commands of both kinds of benchmark have in common."""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from benchmarks import performance_page
from benchmarks.driver import Laboratory, WorkerError, present_loops
from benchmarks.implementations import DOORS, OURS, PEERS, loop_names

PEER_NAMES = [peer.name for peer in PEERS]
DOOR_NAMES = [door.name for door in DOORS]
#: With less of a core than this, wall-clock figures tell of the machine's other work.
QUIET_SHARE = 0.95


class Complaints:
    """What went wrong in which worker: said at once on stderr, counted for the exit status."""

    def __init__(self) -> None:
        self.about_aioxide = 0

    def __call__(self, loop: str, work: str, failure: Exception) -> None:
        print(f"failed: {work} on {loop}: {failure}", file=sys.stderr)
        self.about_aioxide += loop in DOOR_NAMES


def add_options(parser: argparse.ArgumentParser, *, rounds: int) -> None:
    """Which loops are measured on which interpreter, how often, and whether the docs are told."""
    parser.add_argument(
        "--loops",
        type=loop_names,
        default=" ".join([*PEER_NAMES, OURS]),
        help="loops to run, with commas or spaces between; aioxide stands for both its doors",
    )
    parser.add_argument("--python", default=sys.executable, help="interpreter under test")
    parser.add_argument("--site", type=Path, help="folder with the packages of the loops")
    parser.add_argument("--rounds", type=int, default=rounds, help="processes for each figure")
    parser.add_argument("--write", action="store_true", help="put the result into the docs")


def probe(laboratory: Laboratory, options: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """What the interpreter says of itself, and which of the loops it has: none if it can't run."""
    try:
        probed = laboratory.ask("implementations")
    except (OSError, WorkerError) as failure:
        print(f"{options.python} cannot run the benchmarks: {failure}", file=sys.stderr)
        return {}, []
    loops = present_loops(probed, options.loops)
    if loops:
        machine = f"{performance_page.processor()}, {os.cpu_count()} cores"
        print(f"{probed['python']}, {machine}", flush=True)
    return probed, loops


def conclude(
    text: str,
    options: argparse.Namespace,
    complaints: Complaints,
    probed: dict[str, Any],
    command: str,
    subject: str = "",
) -> int:
    """Print the result, put it into the docs if that is asked for; return the exit status."""
    print(f"\n{text}")
    if complaints.about_aioxide:
        print("aioxide failed, so nothing was written" if options.write else "aioxide failed")
        return 1
    if options.write:
        body = f"{performance_page.circumstances(probed, command)}\n\n{text}"
        performance_page.write(probed["minor"], body, subject=subject)
    return 0
