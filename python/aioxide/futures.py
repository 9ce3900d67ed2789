"""`asyncio.futures` with aioxide's Future; every other name is the stdlib's."""

import sys
from asyncio.futures import *  # noqa: F403

from ._native import Future as Future
from ._submodules import stdlib_names_behind

if sys.version_info >= (3, 14):
    from ._native import future_add_to_awaited_by as future_add_to_awaited_by
    from ._native import future_discard_from_awaited_by as future_discard_from_awaited_by

__getattr__, __dir__ = stdlib_names_behind(__name__)
