"""`asyncio.tasks` with aioxide's Task and the functions that make, join and look up tasks."""

import sys
from asyncio.tasks import *  # noqa: F403

from ._native import Task as Task
from ._native import all_tasks as all_tasks
from ._native import as_completed as as_completed
from ._native import create_task as create_task
from ._native import current_task as current_task
from ._native import ensure_future as ensure_future
from ._native import gather as gather
from ._native import run_coroutine_threadsafe as run_coroutine_threadsafe
from ._native import shield as shield
from ._native import sleep as sleep
from ._native import wait as wait
from ._native import wait_for as wait_for
from ._submodules import stdlib_names_behind

if sys.version_info >= (3, 12):
    from asyncio.tasks import create_eager_task_factory as create_eager_task_factory

    # Made by the stdlib's own function: anyio tells an eager factory by the code object of what
    # that returns, and finds the task class in its closure.
    eager_task_factory = create_eager_task_factory(Task)  # type: ignore[assignment]

__getattr__, __dir__ = stdlib_names_behind(__name__)
