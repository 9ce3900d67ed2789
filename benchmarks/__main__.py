"""Measure every loop on every benchmark and print the table: what ``make bench`` runs."""

import argparse
import sys
from collections.abc import Sequence
from statistics import median

from benchmarks.case import Case
from benchmarks.cases import CASES
from benchmarks.command import (
    DOOR_NAMES,
    PEER_NAMES,
    QUIET_SHARE,
    Complaints,
    add_options,
    conclude,
    probe,
)
from benchmarks.driver import Laboratory, Plan, measure, measure_memory
from benchmarks.implementations import OURS, OURS_LOOP_DOOR
from benchmarks.memory import AIM_BYTES
from benchmarks.report import Row, aims_reached, aligned, summarise, table
from benchmarks.worker import CLOCKS

MEMORY_ROUNDS = 3


def parse_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--bench", default="", help="part of the benchmarks' names")
    add_options(parser, rounds=5)
    parser.add_argument("--repeats", type=int, default=3, help="best of these in one process")
    parser.add_argument("--seconds", type=float, default=0.2, help="of one repetition")
    parser.add_argument("--clock", choices=sorted(CLOCKS), default="wall", help="what is timed")
    parser.add_argument("--unpinned", action="store_true", help="leave the workers all cores")
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
    probed, loops = probe(laboratory, options)
    if not loops:
        return 2
    plan = Plan(options.rounds, options.repeats, options.seconds, options.clock)
    complaints = Complaints()
    rows, core_shares = measure_rows(laboratory, cases, loops, plan, complaints)
    text = f"{speed_text(rows, loops, plan)}\n{core_share_text(core_shares, plan.clock)}"
    if not options.bench:
        memory = measure_memory(laboratory, loops, MEMORY_ROUNDS, complaints)
        text = f"{text}\n\n{memory_text(memory)}"
    return conclude(text, options, complaints, probed, command_line(options))


if __name__ == "__main__":
    sys.exit(main())
