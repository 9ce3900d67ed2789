"""The processes of a scenario: a server and its client, fresh for each figure, loops in turn.

As in ``benchmarks.driver``, rounds go outermost and their order rotates. The server has one core
and the client another; where there is only one they share it, and the figures say little.
"""

import json
import os
import select
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from benchmarks.driver import LONGEST_COMPLAINT, ROOT, Complain, Laboratory, WorkerError, in_turn
from benchmarks.network.scenario import Scenario
from benchmarks.servers.address import Address

LIMIT = "limit"
#: A server that has not said where it listens by then will not.
START_SECONDS = 20
#: On top of the time that is measured: connecting, warming up, and the client's own patience.
CLIENT_SECONDS = 60


@dataclass(frozen=True)
class NetworkPlan:
    """How much to measure: ``rounds`` of ``seconds``, each after ``warm_up`` seconds of load."""

    rounds: int
    seconds: float
    warm_up: float


#: What the load client printed, ``None`` where the loop failed.
Sample = dict[str, float | None]


@dataclass(frozen=True)
class NetworkLaboratory:
    """What ``Laboratory`` holds, and where the load client and the limit lie."""

    inner: Laboratory
    tools: Path

    def cores(self) -> tuple[int | None, int | None]:
        """The server's and the client's."""
        server = self.inner.core
        others = sorted(os.sched_getaffinity(0) - {server})
        return server, (others[-1] if others else server)

    def server_command(self, loop: str, scenario: Scenario, address: Address) -> list[str]:
        if loop == LIMIT:
            return [str(self.tools / "limit"), scenario.kind.limit, str(address)]
        module = [self.inner.python, "-m", "benchmarks.servers"]
        return [*module, loop, scenario.kind.name, str(address), "--size", str(scenario.size)]

    def client_command(
        self, scenario: Scenario, plan: NetworkPlan, address: str, server: int
    ) -> list[str]:
        options = {
            "connections": scenario.connections,
            "size": scenario.size,
            "depth": scenario.depth,
            "seconds": plan.seconds,
            "warm-up": plan.warm_up,
            "server-pid": server,
        }
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        return [str(self.tools / "loadgen"), scenario.mode, address, *words]


def last_words(errors: IO[str]) -> str:
    """The end of what a process said on its way out."""
    errors.seek(0)
    lines = [line for line in errors.read().splitlines() if line.strip()]
    return lines[-1][:LONGEST_COMPLAINT] if lines else "no message"


@contextmanager
def running_server(
    command: Sequence[str], environment: dict[str, str]
) -> Iterator[tuple[str, int]]:
    """A server process: where it listens and its number. It is killed at the end."""
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        with process:
            try:
                readable, _, _ = select.select([process.stdout], [], [], START_SECONDS)
                line = process.stdout.readline() if readable else ""
                if not line:
                    raise WorkerError(f"the server did not start: {last_words(errors)}")
                yield json.loads(line)["address"], process.pid
                if process.poll() is not None:
                    raise WorkerError(f"the server ended: {last_words(errors)}")
            finally:
                process.kill()


def pinned(command: list[str], core: int | None) -> list[str]:
    return command if core is None else [*command, "--core", str(core)]


def measure_once(
    laboratory: NetworkLaboratory, loop: str, scenario: Scenario, plan: NetworkPlan
) -> Sample:
    """Start a server on this loop, put load on it, and return what the client saw."""
    server_core, client_core = laboratory.cores()
    with tempfile.TemporaryDirectory() as folder:
        address = Address.anywhere(scenario.family, Path(folder))
        command = pinned(laboratory.server_command(loop, scenario, address), server_core)
        with running_server(command, laboratory.inner.environment()) as (found, server):
            client = pinned(laboratory.client_command(scenario, plan, found, server), client_core)
            patience = plan.seconds + plan.warm_up + CLIENT_SECONDS
            try:
                ended = subprocess.run(client, capture_output=True, text=True, timeout=patience)
            except subprocess.TimeoutExpired:
                raise WorkerError(f"the client did not end in {patience:g} s") from None
            if ended.returncode != 0:
                raise WorkerError(ended.stderr.strip()[:LONGEST_COMPLAINT])
            return json.loads(ended.stdout)


def applicable(loops: Sequence[str], scenario: Scenario, other_door: str) -> list[str]:
    """The loops that this scenario runs on: both doors only where the server uses the module."""
    runs = {other_door: scenario.kind.both_doors, LIMIT: bool(scenario.kind.limit)}
    return [loop for loop in loops if runs.get(loop, True)]


def measure(
    laboratory: NetworkLaboratory,
    scenario: Scenario,
    loops: Sequence[str],
    plan: NetworkPlan,
    complain: Complain,
) -> dict[str, list[Sample | None]]:
    """For each loop one sample a round. One that failed is not tried again in this scenario."""
    samples: dict[str, list[Sample | None]] = {loop: [] for loop in loops}
    failed = set()
    for round_number in range(plan.rounds):
        for loop in in_turn(loops, round_number):
            sample = None
            if loop not in failed:
                try:
                    sample = measure_once(laboratory, loop, scenario, plan)
                except WorkerError as failure:
                    complain(loop, scenario.key, failure)
                    failed.add(loop)
            samples[loop].append(sample)
    return samples
