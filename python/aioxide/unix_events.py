"""`asyncio.unix_events`, where the loop one gets by asking for the platform's is aioxide's.

The Python loop stays at `_UnixSelectorEventLoop`, `asyncio.selector_events` and
`asyncio.base_events` for the libraries that subclass it and reach into its private parts.
"""

import sys

from ._submodules import stdlib_names_behind
from .loops import Loop

SelectorEventLoop = Loop

if sys.version_info >= (3, 13):
    EventLoop = Loop

__getattr__, __dir__ = stdlib_names_behind(__name__)
