"""`asyncio.coroutines`, and the `coroutine` decorator that Python 3.11 dropped."""

from asyncio.coroutines import *  # noqa: F403

from ._compat import coroutine as coroutine
from ._submodules import stdlib_names_behind

__getattr__, __dir__ = stdlib_names_behind(__name__)
