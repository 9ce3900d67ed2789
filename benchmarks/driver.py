"""The processes of a benchmark: every loop in turn, round after round, each in a fresh process.

Rounds go outermost within a case, so the loops that are compared ran within seconds of each
other; the order rotates, so that none always runs first after a change of case.
"""

import json
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.case import Case

ROOT = Path(__file__).resolve().parent.parent
#: A process that takes longer than this has hung: a case is a second or two of work.
PATIENCE_SECONDS = 120
#: Characters of a failure's text that are passed on: a result that is wrong may be a long list.
LONGEST_COMPLAINT = 200

#: Told which loop failed, at what, and why.
Complain = Callable[[str, str, Exception], None]


class WorkerError(Exception):
    """A worker process ended with an error, or not at all; the text says which and why."""


def quietest_core() -> int | None:
    """The last core that this process may use (the first one takes most interrupts)."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    return max(os.sched_getaffinity(0))


@dataclass
class Laboratory:
    """The interpreter under test, where its packages lie, and the core that the workers share."""

    python: str
    site: Path | None = None
    core: int | None = field(default_factory=quietest_core)

    def environment(self) -> dict[str, str]:
        if self.site is None:
            return dict(os.environ)
        return os.environ | {"PYTHONPATH": str(self.site.absolute())}

    def ask(self, module: str, *arguments: str) -> dict:
        """Run a module of this package in a fresh process and return the JSON that it prints."""
        command = [self.python, "-m", f"benchmarks.{module}", *arguments]
        try:
            ended = subprocess.run(
                command,
                cwd=ROOT,
                env=self.environment(),
                capture_output=True,
                text=True,
                timeout=PATIENCE_SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise WorkerError(f"no answer in {PATIENCE_SECONDS} s") from None
        if ended.returncode != 0:
            last_words = ended.stderr.strip().splitlines()[-1:] or ["no message"]
            raise WorkerError(
                f"exit status {ended.returncode}: {last_words[0][:LONGEST_COMPLAINT]}"
            )
        return json.loads(ended.stdout)


def present_loops(probed: Mapping, wanted: Sequence[str]) -> list[str]:
    """Those of the loops that the interpreter can load; says which it can't, and why."""
    for loop in wanted:
        if loop in probed["absent"]:
            print(f"absent: {loop} ({probed['absent'][loop]})", flush=True)
    return [loop for loop in wanted if loop in probed["present"]]


@dataclass(frozen=True)
class Plan:
    """How much to measure: ``rounds`` processes each, best of ``repeats`` of ``seconds``."""

    rounds: int
    repeats: int
    seconds: float
    clock: str = "wall"


@dataclass(frozen=True)
class Measured:
    """Of one case: for each loop one figure a round, ``None`` where it failed."""

    #: Operations per second.
    samples: dict[str, list[float | None]]
    #: The share of a core that each worker got, 1 on a machine with nothing else to do.
    core_shares: list[float]


def in_turn(loops: Sequence[str], round_number: int) -> list[str]:
    """The loops in the order of this round."""
    first = round_number % len(loops)
    return [*loops[first:], *loops[:first]]


def measure(
    laboratory: Laboratory,
    case: Case,
    loops: Sequence[str],
    plan: Plan,
    complain: Complain,
) -> Measured:
    """Run the case on each loop in turn, as many rounds as the plan says."""
    samples: dict[str, list[float | None]] = {loop: [] for loop in loops}
    core_shares = []
    arguments = [f"--repeats={plan.repeats}", f"--seconds={plan.seconds}", f"--clock={plan.clock}"]
    if laboratory.core is not None:
        arguments.append(f"--core={laboratory.core}")
    for round_number in range(plan.rounds):
        for loop in in_turn(loops, round_number):
            try:
                answer = laboratory.ask("worker", loop, case.key, *arguments)
            except WorkerError as failure:
                complain(loop, case.key, failure)
                samples[loop].append(None)
            else:
                samples[loop].append(max(answer["rates"]))
                core_shares.append(answer["core_share"])
    return Measured(samples, core_shares)


def measure_memory(
    laboratory: Laboratory,
    loops: Sequence[str],
    rounds: int,
    complain: Complain,
) -> dict[str, float | None]:
    """Bytes of an idle task with its future: for each loop the median over fresh processes."""
    figures: dict[str, list[float]] = {loop: [] for loop in loops}
    for round_number in range(rounds):
        for loop in in_turn(loops, round_number):
            try:
                figures[loop].append(laboratory.ask("memory", loop)["bytes"])
            except WorkerError as failure:
                complain(loop, "memory", failure)
    return {loop: median(found) if found else None for loop, found in figures.items()}
