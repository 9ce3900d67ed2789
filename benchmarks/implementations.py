"""The loops that can be measured, and how each one is entered.

aioxide has two entries. ``aioxide`` is the module door (``import aioxide as asyncio``): its own
``sleep``, ``gather`` and the rest. ``aioxide-loop`` is the loop door: the stdlib's module on
aioxide's loop. Peers have only a loop door.

Run as a program, prints as JSON which of them the running Python can load.
"""

import argparse
import asyncio
import importlib
import importlib.metadata
import json
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

OURS = "aioxide"
OURS_LOOP_DOOR = "aioxide-loop"


@dataclass(frozen=True)
class Implementation:
    """A loop to measure: the module whose loop it is, and whose names the cases use."""

    name: str
    package: str
    #: The cases' namespace is the package itself and not the stdlib's asyncio.
    module_door: bool = False

    def load(self) -> tuple[ModuleType, Callable[[], asyncio.AbstractEventLoop]]:
        """The namespace for the cases and the loop factory; ``ImportError`` if not usable."""
        package = importlib.import_module(self.package)
        try:
            factory = package.new_event_loop
        except AttributeError:
            raise ImportError(f"{self.package} has no new_event_loop") from None
        return (package if self.module_door else asyncio), factory

    def version(self) -> str:
        """The installed version, or an empty string for what has none of its own."""
        try:
            return importlib.metadata.version(self.package)
        except importlib.metadata.PackageNotFoundError:
            return ""


PEERS = tuple(
    Implementation(name, package=name)
    for name in ("asyncio", "uvloop", "rloop", "zuvloop", "rsloop")
)
DOORS = (
    Implementation(OURS_LOOP_DOOR, package="aioxide"),
    Implementation(OURS, package="aioxide", module_door=True),
)
IMPLEMENTATIONS = {implementation.name: implementation for implementation in (*PEERS, *DOORS)}


def loop_names(text: str) -> list[str]:
    """The names in a command line's list, with commas or spaces between, in the table's order.

    ``aioxide`` stands for both its doors.
    """
    named = text.replace(",", " ").split()
    unknown = [name for name in named if name not in IMPLEMENTATIONS]
    if unknown:
        known = ", ".join(IMPLEMENTATIONS)
        raise argparse.ArgumentTypeError(f"no such loop: {', '.join(unknown)} (known: {known})")
    if not named:
        raise argparse.ArgumentTypeError("no loop is named")
    if OURS in named:
        named.append(OURS_LOOP_DOOR)
    return [name for name in IMPLEMENTATIONS if name in named]


def probe() -> dict[str, object]:
    """What this interpreter is and what it can load: ``python``, ``present``, ``absent``."""
    present: dict[str, str] = {}
    absent: dict[str, str] = {}
    for implementation in IMPLEMENTATIONS.values():
        try:
            implementation.load()
        except ImportError as error:
            absent[implementation.name] = str(error)
        else:
            present[implementation.name] = implementation.version()
    interpreter = f"{platform.python_implementation()} {platform.python_version()}"
    return {
        "python": interpreter,
        "minor": f"{sys.version_info.major}.{sys.version_info.minor}",
        "compiler": platform.python_compiler(),
        "present": present,
        "absent": absent,
    }


if __name__ == "__main__":
    print(json.dumps(probe()))
