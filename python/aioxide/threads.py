"""`asyncio.threads` with aioxide's to_thread."""

from ._native import to_thread as to_thread
from ._submodules import stdlib_names_behind

__getattr__, __dir__ = stdlib_names_behind(__name__)
