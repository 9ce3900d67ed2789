"""Names of a package that warn when they are read.

A module's own `__getattr__` would do, but for its price: as long as there is one, the interpreter
looks each attribute of the module up in full (measured on 3.14: 240 instructions for
`asyncio.sleep`, where it takes a handful otherwise). So the names are attributes of the module's
class.
"""

import types
import warnings
from typing import Any


class _DeprecatedName:
    """One such name. What a program assigns to the module's attribute takes its place."""

    def __init__(self, home: str, module: types.ModuleType, private_name: str) -> None:
        self._home = home
        self._module = module
        self._private_name = private_name

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, package: types.ModuleType | None, owner: type) -> Any:
        if package is None:
            return self
        warnings.warn(
            f"'{self._home}.{self._name}' is deprecated and slated for removal in Python 3.16",
            DeprecationWarning,
            stacklevel=2,
        )
        return getattr(self._module, self._private_name)


def deprecate(package: types.ModuleType, **names: tuple[str, types.ModuleType, str]) -> None:
    """Give `package` attributes that warn when they are read.

    Each name is given with the package that the warning names, the module that has the object, and
    the object's name there.
    """
    attributes = {name: _DeprecatedName(*described) for name, described in names.items()}
    package.__class__ = type("module", (types.ModuleType,), {"__slots__": (), **attributes})
