"""Measure every loop on every benchmark and print the table: what ``make bench`` runs."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks import performance_page
from benchmarks.case import Case
from benchmarks.cases import CASES
from benchmarks.driver import (
    Laboratory,
    Plan,
    WorkerError,
    measure,
    measure_memory,
    present_loops,
)
from benchmarks.implementations import DOORS, OURS, OURS_LOOP_DOOR, PEERS, loop_names
from benchmarks.memory import AIM_BYTES
from benchmarks.report import Row, aims_reached, aligned, summarise, table
from benchmarks.worker import CLOCKS

PEER_NAMES = [peer.name for peer in PEERS]
DOOR_NAMES = [door.name for door in DOORS]
MEMORY_ROUNDS = 3
#: With less of a core than this, wall-clock figures tell of the machine's other work.
QUIET_SHARE = 0.95


class Complaints:
    """What went wrong in which worker: said at once on stderr, counted for the exit status."""

    def __init__(self) -> None:
        self.about_aioxide = 0

    def __call__(self, loop: str, work: str, failure: Exception) -> None:
        print(f"failed: {work} on {loop}: {failure}", file=sys.stderr)
        self.about_aioxide += loop in DOOR_NAMES


def parse_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--bench", default="", help="part of the benchmarks' names")
    parser.add_argument(
        "--loops",
        type=loop_names,
        default=" ".join([*PEER_NAMES, OURS]),
        help="loops to run, with commas or spaces between; aioxide stands for both its doors",
    )
    parser.add_argument("--python", default=sys.executable, help="interpreter under test")
    parser.add_argument("--site", type=Path, help="folder with the packages of the loops")
    parser.add_argument("--rounds", type=int, default=5, help="fresh processes for each figure")
    parser.add_argument("--repeats", type=int, default=3, help="best of these in one process")
    parser.add_argument("--seconds", type=float, default=0.2, help="of one repetition")
    parser.add_argument("--clock", choices=sorted(CLOCKS), default="wall", help="what is timed")
    parser.add_argument("--unpinned", action="store_true", help="leave the workers all cores")
    parser.add_argument("--write", action="store_true", help="put the result into the docs")
    options = parser.parse_args(arguments)
    if options.write and options.bench:
        parser.error("--write wants all benchmarks, so it cannot go with a filter")
    return options


def measure_rows(
    laboratory: Laboratory,
    cases: Sequence[Case],
    loops: Sequence[str],
    plan: Plan,
    complaints: Complaints,
) -> tuple[list[Row], list[float]]:
    rows: list[Row] = []
    core_shares: list[float] = []
    for number, case in enumerate(cases, 1):
        print(f"[{number}/{len(cases)}] {case.key}", file=sys.stderr, flush=True)
        measured = measure(laboratory, case, loops, plan, complaints)
        rows.append(summarise(case, measured.samples, PEER_NAMES, DOOR_NAMES))
        core_shares += measured.core_shares
    return rows, core_shares


def core_share_text(core_shares: Sequence[float], clock: str) -> str:
    """Whether the machine was quiet enough for the figures to mean something."""
    if not core_shares:
        return "No worker gave a figure."
    middle = median(core_shares)
    text = f"Clock: {clock}. The workers had {middle:.0%} of a core (median)."
    if clock == "wall" and middle < QUIET_SHARE:
        text += " The machine was busy: measure again, or by CPU time (CLOCK=cpu)."
    return text


def speed_text(rows: Sequence[Row], loops: Sequence[str], plan: Plan) -> str:
    """The table and what a reader has to know about its cells."""
    text = [
        table(rows, loops, headline=OURS, other_door=OURS_LOOP_DOOR),
        "",
        f"Thousands of operations a second: median (best) of {plan.rounds} processes, each the "
        f"best of {plan.repeats} runs of about {plan.seconds:g} s.",
    ]
    if any(row.case.later_issue for row in rows):
        text.append("† Later issue: aioxide runs the stdlib's code until its own version comes.")
    if OURS in loops:
        reached, judged = aims_reached(rows, OURS)
        text.append(
            "Ratios: median (lowest..highest) of the rounds' own ratios; a question mark: the aim "
            f"lies inside that spread. Aims reached: {reached} of {judged}."
        )
    return "\n".join(text)


def memory_text(figures: dict[str, float | None]) -> str:
    """Bytes of an idle task for each loop, aioxide's held against the aim."""
    lines = [["idle task with its future", "bytes", "aim", ""]]
    for loop, found in figures.items():
        ours = loop in DOOR_NAMES
        aim = f"<= {AIM_BYTES}" if ours else ""
        mark = ("pass" if found <= AIM_BYTES else "FAIL") if ours and found is not None else ""
        lines.append([loop, "failed" if found is None else f"{found:.0f}", aim, mark])
    return aligned(lines)


def command_line(options: argparse.Namespace) -> str:
    """The command that gives this result again, for whatever interpreter the reader has."""
    command = f"make bench ROUNDS={options.rounds} REPEATS={options.repeats}"
    pinning = "UNPINNED=1 " if options.unpinned else ""
    loops = " ".join(options.loops)
    return f'{command} SECONDS={options.seconds:g} CLOCK={options.clock} {pinning}LOOPS="{loops}"'


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse_options(arguments)
    cases = [case for case in CASES if case.matches(options.bench)]
    if not cases:
        print(f"no benchmark has {options.bench!r} in its name", file=sys.stderr)
        return 2
    laboratory = Laboratory(options.python, options.site)
    if options.unpinned:
        laboratory.core = None
    try:
        probed = laboratory.ask("implementations")
    except (OSError, WorkerError) as failure:
        print(f"{options.python} cannot run the benchmarks: {failure}", file=sys.stderr)
        return 2
    loops = present_loops(probed, options.loops)
    if not loops:
        return 2
    print(f"{probed['python']}, {performance_page.processor()}, {os.cpu_count()} cores", flush=True)
    plan = Plan(options.rounds, options.repeats, options.seconds, options.clock)
    complaints = Complaints()
    rows, core_shares = measure_rows(laboratory, cases, loops, plan, complaints)
    text = f"{speed_text(rows, loops, plan)}\n{core_share_text(core_shares, plan.clock)}"
    if not options.bench:
        memory = measure_memory(laboratory, loops, MEMORY_ROUNDS, complaints)
        text = f"{text}\n\n{memory_text(memory)}"
    print(f"\n{text}")
    if complaints.about_aioxide:
        print("aioxide failed, so nothing was written" if options.write else "aioxide failed")
        return 1
    if options.write:
        body = f"{performance_page.circumstances(probed, command_line(options))}\n\n{text}"
        performance_page.write(probed["minor"], body)
    return 0


if __name__ == "__main__":
    sys.exit(main())
