"""`asyncio.locks` with aioxide's locks, events, semaphores and barriers."""

from asyncio.locks import *  # noqa: F403

from ._native import Barrier as Barrier
from ._native import BoundedSemaphore as BoundedSemaphore
from ._native import Condition as Condition
from ._native import Event as Event
from ._native import Lock as Lock
from ._native import Semaphore as Semaphore
from ._submodules import stdlib_names_behind

__getattr__, __dir__ = stdlib_names_behind(__name__)
