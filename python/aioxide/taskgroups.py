"""`asyncio.taskgroups` with aioxide's TaskGroup."""

from ._native import TaskGroup as TaskGroup
from ._submodules import stdlib_names_behind

__getattr__, __dir__ = stdlib_names_behind(__name__)
