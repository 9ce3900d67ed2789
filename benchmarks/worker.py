"""One process: one loop runs one benchmark some times and prints the figures as JSON.

Each repetition is one ``Runner.run`` of the case's coroutine. It is timed from the outside, so
that the coroutine is the task's own and each step of it costs what it costs a user.
"""

import argparse
import json
import os
import time
from collections.abc import Callable

from benchmarks.case import Case, expect
from benchmarks.cases import case_named
from benchmarks.implementations import IMPLEMENTATIONS, Implementation

Measure = Callable[[int], float]

#: No case waits idly, so on an idle machine both clocks tell the same. On a shared one the wall
#: clock also counts what other programs took; the CPU clock (all threads of the process) doesn't,
#: though they still cost it cache and clock rate.
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


def calibrate(measure: Measure, group: int, seconds: float) -> int:
    """The count, a multiple of ``group``, with which ``measure`` takes about ``seconds``.

    The runs made on the way are the warm-up.
    """
    count = group
    while True:
        elapsed = measure(count)
        if elapsed >= seconds / 4:
            return max(1, round(count * seconds / elapsed / group)) * group
        count *= 4


def run(
    case: Case, implementation: Implementation, repeats: int, seconds: float, clock: str
) -> dict:
    """Operations per second of each repetition, and which share of a core the process got."""
    now = CLOCKS[clock]
    namespace, factory = implementation.load()
    with namespace.Runner(loop_factory=factory) as runner:

        def measure(count: int) -> float:
            started = now()
            finished = runner.run(case.body(namespace, count))
            elapsed = now() - started
            expect(finished, count, f"operations of {case.key} that were done")
            return elapsed

        count = calibrate(measure, case.group, seconds)
        wall, cpu = time.perf_counter(), time.process_time()
        rates = [count / measure(count) for _ in range(repeats)]
        core_share = (time.process_time() - cpu) / (time.perf_counter() - wall)
    return {"count": count, "rates": rates, "core_share": core_share}


def run_once(case: Case, implementation: Implementation, count: int) -> None:
    """Exactly ``count`` operations and nothing else, for the instruction counter."""
    namespace, factory = implementation.load()
    with namespace.Runner(loop_factory=factory) as runner:
        finished = runner.run(case.body(namespace, count))
    expect(finished, count, f"operations of {case.key} that were done")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("implementation", choices=sorted(IMPLEMENTATIONS))
    parser.add_argument("case", help="key of the case")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.2, help="of one repetition")
    parser.add_argument("--clock", choices=sorted(CLOCKS), default="wall")
    parser.add_argument("--core", type=int, help="run on this core only")
    parser.add_argument("--count", type=int, help="run once with this count, print nothing")
    options = parser.parse_args()
    case = case_named(options.case)
    implementation = IMPLEMENTATIONS[options.implementation]
    if options.core is not None:
        os.sched_setaffinity(0, {options.core})
    if options.count is not None:
        run_once(case, implementation, options.count)
    else:
        found = run(case, implementation, options.repeats, options.seconds, options.clock)
        print(json.dumps(found))


if __name__ == "__main__":
    main()
