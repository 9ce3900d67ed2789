"""From the client's figures to tables: rates, the server's CPU time, latencies, memory.

Pure functions over samples, as in ``benchmarks.report``, whose ratios these are: taken within a
round and then summarised.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.network.driver import LIMIT, Sample
from benchmarks.network.scenario import Aim, Scenario
from benchmarks.report import Ratio, aligned, ratio, ratio_cell

Samples = Mapping[str, Sequence[Sample | None]]
Values = list[float | None]

ABSENT = ""
FAILED = "failed"


@dataclass(frozen=True)
class NetworkRow:
    """What is known of one scenario after all rounds."""

    scenario: Scenario
    samples: Samples
    peers: Sequence[str]

    def values(self, loop: str, name: str) -> Values:
        """One figure of one loop, a place for each round."""
        samples = self.samples.get(loop, ())
        return [None if sample is None else sample.get(name) for sample in samples]

    def middle(self, loop: str, name: str) -> float | None:
        """Its median over the rounds that gave one."""
        found = [value for value in self.values(loop, name) if value is not None]
        return median(found) if found else None

    def best_peer(self, name: str = "per_second", least: bool = False) -> str | None:
        """The peer with the highest median (or the least), ``None`` when none has a figure."""
        ranked = {
            peer: found for peer in self.peers if (found := self.middle(peer, name)) is not None
        }
        if not ranked:
            return None
        return (min if least else max)(ranked, key=ranked.__getitem__)

    def against(self, ours: str, theirs: str | None, name: str = "per_second") -> Ratio | None:
        """Our figure as a multiple of theirs."""
        mine, other = self.values(ours, name), self.values(theirs or "", name)
        if not mine or not other:
            return None
        # A CPU time below the kernel's tick is told as 0, which means that it is not known.
        return ratio([value or None for value in mine], [value or None for value in other])

    def held_against_aim(self, ours: str) -> Ratio | None:
        """The ratio that this scenario's aim speaks of."""
        against = self.scenario.aim.against
        if against == "limit":
            return self.against(ours, LIMIT)
        if against == "user":
            thriftiest = self.best_peer("server_user_us", least=True)
            return self.against(ours, thriftiest, "server_user_us")
        return self.against(ours, self.best_peer())


def verdict(aim: Aim, measured: Ratio | None, failed: bool) -> str:
    """``pass`` or ``FAIL`` by the median, with ``?`` where the aim lies inside the spread."""
    if failed:
        return "FAIL"
    if measured is None:
        return "-"
    less_is_better = aim.against == "user"
    reached = measured.median <= aim.factor if less_is_better else measured.median >= aim.factor
    word = "pass" if reached else "FAIL"
    inside = measured.lowest < aim.factor < measured.highest
    return f"{word}?" if inside else word


def significant(value: float) -> str:
    """Three digits that mean something, without an exponent."""
    if value >= 99.5:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 9.95 else f"{value:.2f}"


def cell(row: NetworkRow, loop: str, *names: str, scale: float = 1, between: str = " + ") -> str:
    """The medians of some figures of one loop in one cell."""
    if loop not in row.samples:
        return ABSENT
    found = [row.middle(loop, name) for name in names]
    if None in found:
        return FAILED
    return between.join(significant(value * scale) for value in found)


def rate_table(rows: Sequence[NetworkRow], loops: Sequence[str], ours: str) -> str:
    """Thousands of operations a second; ours held against the best peer, the limit and the aim."""
    judged = ours in loops
    header = ["thousands a second", *loops]
    if judged:
        header += ["best peer", f"{ours} / best peer", f"{ours} / limit", "aim", ""]
    lines = [header]
    for row in rows:
        line = [row.scenario.title]
        line += [cell(row, loop, "per_second", scale=1e-3) for loop in loops]
        if judged:
            peer = row.best_peer()
            aim = row.scenario.aim
            line += [peer or "-", ratio_cell(row.against(ours, peer))]
            line += [ratio_cell(row.against(ours, LIMIT)), str(aim)]
            failed = row.middle(ours, "per_second") is None
            line.append(verdict(aim, row.held_against_aim(ours), failed))
        lines.append(line)
    return aligned(lines)


def plain_table(
    title: str,
    rows: Sequence[NetworkRow],
    loops: Sequence[str],
    *names: str,
    scale: float = 1,
    between: str = " + ",
) -> str:
    """One or two figures of each loop, without a judgement. Empty when no row has them."""
    told = [row for row in rows if any(row.middle(loop, names[0]) is not None for loop in loops)]
    if not told:
        return ""
    lines = [[title, *loops]]
    for row in told:
        cells = [cell(row, loop, *names, scale=scale, between=between) for loop in loops]
        lines.append([row.scenario.title, *cells])
    return aligned(lines)


def aims_reached(rows: Sequence[NetworkRow], ours: str) -> tuple[int, int]:
    """How many rows reach their aim by the median, out of how many that can be judged."""
    words = [
        verdict(
            row.scenario.aim, row.held_against_aim(ours), row.middle(ours, "per_second") is None
        )
        for row in rows
    ]
    return sum(word.startswith("pass") for word in words), len(words) - words.count("-")


def core_shares(rows: Sequence[NetworkRow], name: str) -> list[float]:
    """How much of a core the servers or the clients had, over everything that was measured."""
    return [
        value
        for row in rows
        for loop in row.samples
        for value in row.values(loop, name)
        if value is not None
    ]


def tables(rows: Sequence[NetworkRow], loops: Sequence[str], ours: str) -> str:
    """All tables, one below the other."""
    cpu = ("server_user_us", "server_system_us")
    parts = [
        rate_table(rows, loops, ours),
        plain_table("server CPU, µs an operation: user + system", rows, loops, *cpu),
        plain_table("latency, µs: p50 / p99", rows, loops, "p50_us", "p99_us", between=" / "),
        plain_table(
            "server memory, KiB a connection", rows, loops, "memory_per_connection", scale=1 / 1024
        ),
    ]
    return "\n\n".join(part for part in parts if part)
