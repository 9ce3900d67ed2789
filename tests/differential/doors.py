"""The doors: how a program that says ``import asyncio`` comes to run on an implementation.

Every door runs the same unedited file. A door is what happens before the file's first line.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Door:
    """One way of running a program.

    ``prelude`` is Python source that the interpreter under test executes once, before it forks for
    the first program. ``module`` is the module that the program's ``import asyncio`` means. A door
    with ``launcher`` arguments starts a fresh interpreter for each program, because there the start
    itself is under test.
    """

    name: str
    prelude: str = ""
    module: str = "asyncio"
    launcher: tuple[str, ...] = ()


REFERENCE = Door("asyncio")

AIOXIDE_DOORS = (
    Door("loop", prelude="import aioxide; aioxide.install()"),
    Door("module", prelude="import aioxide", module="aioxide"),
    Door("launcher", launcher=("-m", "aioxide")),
)

# Controls. "asyncio" against itself must never differ; "plain" proves that the bootstrap is
# invisible; uvloop, where it is installed, is known to differ and proves that differences are seen.
CONTROL_DOORS = (
    REFERENCE,
    Door("plain", launcher=("-X", "utf8")),
    Door("uvloop", prelude="import uvloop; uvloop.install()"),
)

DOORS = {door.name: door for door in AIOXIDE_DOORS + CONTROL_DOORS}
