"""What an idle task costs: growth of the resident set by tasks that each await a future.

Run as a program, measures one loop in this process and prints JSON. The figure is bytes for one
task with its coroutine, its context and the future it waits for.
"""

import argparse
import json
import os
from pathlib import Path
from types import ModuleType

from benchmarks.case import expect
from benchmarks.implementations import IMPLEMENTATIONS

TASKS = 100_000
#: Bytes of a task with its future that aioxide may use at most.
AIM_BYTES = 600


def resident_bytes() -> int:
    """The resident set of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def grow(aio: ModuleType, tasks: int) -> float:
    """Start that many waiting tasks, take the difference, then finish them all."""
    loop = aio.get_running_loop()
    waiting = 0

    async def wait(future: object) -> int:
        nonlocal waiting
        waiting += 1
        return await future

    # Made beforehand: the lists that hold the objects are no part of the figure.
    futures = [None] * tasks
    holders = [None] * tasks
    before = resident_bytes()
    for number in range(tasks):
        future = loop.create_future()
        futures[number] = future
        holders[number] = loop.create_task(wait(future))
    await aio.sleep(0)
    grown = resident_bytes() - before
    expect(waiting, tasks, "tasks that wait")
    expect(any(task.done() for task in holders), False, "a task is done before its future")
    for future in futures:
        future.set_result(1)
    expect(sum([await task for task in holders]), tasks, "results of the tasks")
    return grown / tasks


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("implementation", choices=sorted(IMPLEMENTATIONS))
    parser.add_argument("--tasks", type=int, default=TASKS)
    options = parser.parse_args()
    namespace, factory = IMPLEMENTATIONS[options.implementation].load()
    with namespace.Runner(loop_factory=factory) as runner:
        grown = runner.run(grow(namespace, options.tasks))
    print(json.dumps({"implementation": options.implementation, "bytes": grown}))


if __name__ == "__main__":
    main()
