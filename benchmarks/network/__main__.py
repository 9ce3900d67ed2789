"""Put load on every loop's servers and print the tables: what ``make bench-net`` runs."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.command import (
    PEER_NAMES,
    QUIET_SHARE,
    Complaints,
    add_options,
    conclude,
    probe,
)
from benchmarks.driver import Laboratory
from benchmarks.implementations import OURS, OURS_LOOP_DOOR
from benchmarks.network.driver import LIMIT, NetworkLaboratory, NetworkPlan, applicable, measure
from benchmarks.network.report import NetworkRow, aims_reached, core_shares, tables
from benchmarks.network.scenario import (
    ECHO_KINDS,
    USUAL,
    USUAL_CONNECTIONS,
    USUAL_SIZE,
    Scenario,
    grid,
)


def words(text: str) -> list[str]:
    """A list on the command line: words with commas or spaces between."""
    return text.replace(",", " ").split()


def numbers(text: str) -> list[int]:
    return [int(word) for word in words(text)]


def parse_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.network", description=__doc__)
    parser.add_argument("--net", default="", help="words that a scenario's name has to contain")
    parser.add_argument("--kinds", type=words, help="echo servers, in every combination with:")
    parser.add_argument("--connections", type=numbers, help="numbers of connections")
    parser.add_argument("--sizes", type=numbers, help="bytes of a message")
    parser.add_argument("--families", type=words, help="tcp, unix")
    parser.add_argument("--depths", type=numbers, help="requests in flight on each connection")
    add_options(parser, rounds=3)
    parser.add_argument("--tools", type=Path, required=True, help="folder of loadgen and limit")
    parser.add_argument("--seconds", type=float, default=1.0, help="that are measured in each")
    parser.add_argument("--warm-up", type=float, default=0.2, help="seconds of load before")
    options = parser.parse_args(arguments)
    if unknown := set(options.kinds or ()) - set(ECHO_KINDS):
        parser.error(f"no such kind: {', '.join(sorted(unknown))} (known: {', '.join(ECHO_KINDS)})")
    options.scenarios = [scenario for scenario in chosen(options) if scenario.matches(options.net)]
    if not options.scenarios:
        parser.error(f"no scenario has {options.net!r} in its name")
    if options.write and options.scenarios != list(USUAL):
        parser.error("--write wants the usual scenarios, all of them")
    return options


def chosen(options: argparse.Namespace) -> list[Scenario]:
    """The usual scenarios, or a grid as soon as one of its sides is named."""
    sides = (
        options.kinds,
        options.connections,
        options.sizes,
        options.families,
        options.depths,
    )
    if not any(sides):
        return list(USUAL)
    usual = (list(ECHO_KINDS), [USUAL_CONNECTIONS], [USUAL_SIZE], ["tcp"], [1])
    return grid(*(side or default for side, default in zip(sides, usual, strict=True)))


def explanation(rows: Sequence[NetworkRow], loops: Sequence[str], plan: NetworkPlan) -> str:
    """What a reader has to know about the cells."""
    text = [
        f"Medians of {plan.rounds} rounds, each {plan.seconds:g} s of load on a fresh server after "
        f"a warm-up of {plan.warm_up:g} s. An operation is a message sent and its echo received; a "
        "connection's whole life; a MiB; a datagram."
    ]
    if OURS in loops:
        reached, judged = aims_reached(rows, OURS)
        text.append(
            "Ratios: median (lowest..highest) of the rounds' own; a question mark: the aim lies "
            f"inside that spread. Aims reached: {reached} of {judged}."
        )
    servers = core_shares(rows, "server_core_share")
    clients = core_shares(rows, "client_core_share")
    if servers:
        text.append(
            f"The servers had {median(servers):.0%} of a core, the clients {median(clients):.0%} "
            "(medians)."
        )
        if median(servers) + median(clients) < QUIET_SHARE:
            text.append("The machine was busy: believe the CPU times, not the rates.")
    return "\n".join(text)


def command_line(options: argparse.Namespace) -> str:
    """The command that gives this result again."""
    loops = " ".join(options.loops)
    return f'make bench-net ROUNDS={options.rounds} SECONDS={options.seconds:g} LOOPS="{loops}"'


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse_options(arguments)
    laboratory = NetworkLaboratory(
        Laboratory(options.python, options.site), options.tools.absolute()
    )
    probed, loops = probe(laboratory.inner, options)
    if not loops:
        return 2
    loops.append(LIMIT)
    plan = NetworkPlan(options.rounds, options.seconds, options.warm_up)
    complaints = Complaints()
    rows = []
    for number, scenario in enumerate(options.scenarios, 1):
        print(f"[{number}/{len(options.scenarios)}] {scenario.key}", file=sys.stderr, flush=True)
        its_loops = applicable(loops, scenario, OURS_LOOP_DOOR)
        samples = measure(laboratory, scenario, its_loops, plan, complaints)
        rows.append(NetworkRow(scenario, samples, PEER_NAMES))
    text = f"{tables(rows, loops, OURS)}\n\n{explanation(rows, loops, plan)}"
    return conclude(text, options, complaints, probed, command_line(options), subject="network")


if __name__ == "__main__":
    sys.exit(main())
