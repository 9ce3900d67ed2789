"""Every module of asyncio is a module of aioxide: a file here, or the stdlib's own module.

What must hold: `import aioxide.streams`, `from aioxide import streams` and `aioxide.streams` give
one and the same module, and a name that `asyncio.tasks` has, private ones included, `aioxide.tasks`
has too.
"""

import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any


def stdlib_names_behind(module_name: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Give a module of aioxide the names of asyncio's module of the same name, behind its own.

    Takes the `__name__` of the calling module and returns its `__getattr__` and `__dir__`. The
    lookup is live: names that asyncio rebinds, such as `events._event_loop_policy`, are never
    stale.
    """
    _, _, short_name = module_name.rpartition(".")
    stdlib = importlib.import_module(f"asyncio.{short_name}")
    own = sys.modules[module_name]

    def module_getattr(name: str) -> Any:
        try:
            return getattr(stdlib, name)
        except AttributeError:
            raise AttributeError(f"module {module_name!r} has no attribute {name!r}") from None

    def module_dir() -> list[str]:
        return sorted({*vars(own), *dir(stdlib)})

    return module_getattr, module_dir


def alias_the_rest(package: ModuleType) -> None:
    """Bind, as modules of `package`, the loaded modules of asyncio that it has no file for."""
    for stdlib_name, module in tuple(sys.modules.items()):
        parent, _, name = stdlib_name.partition(".")
        if parent != "asyncio" or not name or name.startswith("__"):
            continue
        own_name = f"{package.__name__}.{name}"
        if own_name not in sys.modules:
            sys.modules[own_name] = module
            setattr(package, name, module)
