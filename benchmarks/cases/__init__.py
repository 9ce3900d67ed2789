"""Every benchmark, in the order of the printed table."""

from benchmarks.case import Case
from benchmarks.cases import (
    callbacks,
    connections,
    names,
    streams,
    switching,
    synchronisation,
    tasks,
    threads,
    waiting,
)

CASES: tuple[Case, ...] = (
    *switching.CASES,
    *tasks.CASES,
    *callbacks.CASES,
    *synchronisation.CASES,
    *streams.CASES,
    *waiting.CASES,
    *threads.CASES,
    *names.CASES,
    *connections.CASES,
)


def case_named(key: str) -> Case:
    """The case with exactly this key; ``KeyError`` if there is none."""
    for case in CASES:
        if case.key == key:
            return case
    raise KeyError(key)
