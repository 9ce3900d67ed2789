"""`asyncio.queues` with aioxide's queues; the exceptions are asyncio's."""

from asyncio.queues import *  # noqa: F403

from ._native import LifoQueue as LifoQueue
from ._native import PriorityQueue as PriorityQueue
from ._native import Queue as Queue
from ._submodules import stdlib_names_behind

__getattr__, __dir__ = stdlib_names_behind(__name__)
