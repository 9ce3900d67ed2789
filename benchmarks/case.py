"""What a benchmark is: a coroutine function that does counted work and says how much it did."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import ModuleType

Body = Callable[[ModuleType, int], Awaitable[int]]


class WorkNotDoneError(Exception):
    """A benchmark's own check failed, so its time means nothing."""


@dataclass(frozen=True)
class Case:
    """One row of the table.

    ``body(aio, count)`` runs on the loop under test. ``aio`` is the namespace with asyncio's
    names (the stdlib's module, or aioxide for the module door). It does ``count`` operations
    and returns how many it saw finished.
    """

    key: str
    title: str
    body: Body
    #: How many times the best peer aioxide should reach.
    aim: float
    #: Operations come in whole groups of this size, so counts are multiples of it.
    group: int = 1
    #: The native version comes in a later issue; until then aioxide runs the stdlib's code.
    later_issue: bool = False

    def matches(self, pattern: str) -> bool:
        """Whether the ``BENCH=`` filter selects this case: part of its key or title."""
        pattern = pattern.casefold()
        return pattern in self.key or pattern in self.title.casefold()


def expect(actual: object, wanted: object, what: str) -> None:
    """Raise ``WorkNotDoneError`` unless both are equal. (``assert`` would vanish under ``-O``.)"""
    if actual != wanted:
        raise WorkNotDoneError(f"{what}: got {actual!r} instead of {wanted!r}")
