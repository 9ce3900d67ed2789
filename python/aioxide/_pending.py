"""Names whose native version is on its way: the standard library's, until it lands."""

import asyncio
from asyncio import taskgroups, timeouts

from . import _native

_PENDING = {
    asyncio: ("all_tasks", "as_completed", "create_task", "current_task", "ensure_future", "gather",
              "run_coroutine_threadsafe", "shield", "wait", "wait_for", "to_thread",
              "future_add_to_awaited_by", "future_discard_from_awaited_by"),
    taskgroups: ("TaskGroup",),
    timeouts: ("Timeout", "timeout", "timeout_at"),
}
for _module, _names in _PENDING.items():
    for _name in _names:
        if not hasattr(_native, _name) and hasattr(_module, _name):
            setattr(_native, _name, getattr(_module, _name))
