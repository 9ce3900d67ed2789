"""`asyncio.timeouts` with aioxide's Timeout."""

from asyncio.timeouts import *  # noqa: F403

from ._native import Timeout as Timeout
from ._native import timeout as timeout
from ._native import timeout_at as timeout_at
from ._submodules import stdlib_names_behind

__getattr__, __dir__ = stdlib_names_behind(__name__)
