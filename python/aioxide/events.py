"""`asyncio.events` with aioxide's handles and loop; the running loop is the stdlib's state."""

from asyncio.events import *  # noqa: F403

from ._compat import get_event_loop as get_event_loop
from ._native import Handle as Handle
from ._native import TimerHandle as TimerHandle
from ._submodules import stdlib_names_behind
from .loops import new_event_loop as new_event_loop

__getattr__, __dir__ = stdlib_names_behind(__name__)
