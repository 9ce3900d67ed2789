"""From samples to a table: medians, the best peer, ratios with their spread, verdicts.

Pure functions, so that the arithmetic is tested without running a loop.

A sample is operations per second of one process. The samples of one benchmark are parallel
lists, one for each implementation, one place for each round, ``None`` where the process failed.
The ratio is taken within a round, between neighbours in time, and only then summarised: what
slows the machine for some seconds slows both sides of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.case import Case

Samples = dict[str, Sequence[float | None]]


@dataclass(frozen=True)
class Speed:
    """Operations per second of one implementation over all rounds."""

    median: float
    best: float


@dataclass(frozen=True)
class Ratio:
    """How many times faster one implementation is than another: per round, then summarised."""

    median: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class Row:
    """What is known of one benchmark after all rounds."""

    case: Case
    speeds: dict[str, Speed | None]
    best_peer: str | None
    ratios: dict[str, Ratio | None]


def speed(samples: Iterable[float | None]) -> Speed | None:
    """The summary of the rounds that gave a figure, or ``None`` if none did."""
    figures = [sample for sample in samples if sample is not None]
    return Speed(median(figures), max(figures)) if figures else None


def ratio(ours: Sequence[float | None], theirs: Sequence[float | None]) -> Ratio | None:
    """The ratio over the rounds in which both gave a figure, or ``None`` if there is none."""
    quotients = [
        mine / other
        for mine, other in zip(ours, theirs, strict=True)
        if mine is not None and other is not None
    ]
    if not quotients:
        return None
    return Ratio(median(quotients), min(quotients), max(quotients))


def summarise(case: Case, samples: Samples, peers: Sequence[str], doors: Sequence[str]) -> Row:
    """The row of ``case``: the best peer is the one with the highest median."""
    speeds = {name: speed(figures) for name, figures in samples.items()}
    ranked = {peer: found.median for peer in peers if (found := speeds.get(peer)) is not None}
    best_peer = max(ranked, key=ranked.__getitem__) if ranked else None
    ratios = {
        door: ratio(samples[door], samples[best_peer]) if best_peer else None
        for door in doors
        if door in samples
    }
    return Row(case, speeds, best_peer, ratios)


def verdict(row: Row, door: str) -> str:
    """``pass`` or ``FAIL`` by the median, with ``?`` where the aim lies inside the spread.

    A door that gave no figure has failed; where no peer did, there is nothing to judge by.
    """
    if row.best_peer is None:
        return "-"
    measured = row.ratios.get(door)
    if measured is None:
        return "FAIL"
    word = "pass" if measured.median >= row.case.aim else "FAIL"
    return f"{word}?" if measured.lowest < row.case.aim <= measured.highest else word


def thousands(rate: float) -> str:
    """Operations per second in thousands, with three digits that mean something."""
    return f"{rate / 1000:.0f}" if rate >= 99_500 else f"{rate / 1000:.1f}"


def speed_cell(found: Speed | None) -> str:
    return "failed" if found is None else f"{thousands(found.median)} ({thousands(found.best)})"


def ratio_cell(found: Ratio | None) -> str:
    if found is None:
        return "-"
    return f"{found.median:.2f} ({found.lowest:.2f}..{found.highest:.2f})"


def table(rows: Sequence[Row], loops: Sequence[str], headline: str, other_door: str) -> str:
    """The Markdown table of all rows.

    ``loops`` are the columns of figures; ``headline`` names the door whose ratio is held against
    the aim, ``other_door`` the one whose ratio is shown beside it. Without either there are no
    columns of ratios.
    """
    doors = [door for door in (other_door, headline) if door in loops]
    header = ["benchmark", *loops]
    if doors:
        header += ["best peer", *(f"{door} / best peer" for door in doors)]
    if headline in loops:
        header += ["aim", ""]
    lines = [header]
    for row in rows:
        mark = " †" if row.case.later_issue else ""
        line = [row.case.title + mark, *(speed_cell(row.speeds.get(loop)) for loop in loops)]
        if doors:
            line += [row.best_peer or "-", *(ratio_cell(row.ratios.get(door)) for door in doors)]
        if headline in loops:
            line += [f"{row.case.aim:g}", verdict(row, headline)]
        lines.append(line)
    return aligned(lines)


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Markdown rows, the first one the header, padded so that they read well as plain text."""
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    rule = ["-" * width for width in widths]
    return "\n".join(
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in (lines[0], rule, *lines[1:])
    )


def aims_reached(rows: Sequence[Row], door: str) -> tuple[int, int]:
    """How many rows reach their aim by the median, out of how many that a peer has a figure for."""
    verdicts = [verdict(row, door) for row in rows]
    reached = sum(word.startswith("pass") for word in verdicts)
    return reached, len(verdicts) - verdicts.count("-")
