"""What a native coroutine shows to those who look inside: code, frames, coroutines within it.

`inspect`, `Task.get_stack()` and `asyncio.capture_call_graph()` walk from a coroutine's `cr_frame`
to what it awaits (`cr_await`). Code written in Rust has no frames, so these objects are made at the
moment when somebody asks. They name asyncio's coroutine functions, and files of the Rust source.
"""

import builtins
import functools
import types
from typing import Any


async def _template() -> None:
    """Lend its code object, which says that it is a coroutine's."""


@functools.cache
def code(file: str, line: int, qualname: str) -> types.CodeType:
    """Return the code object of the coroutine function `qualname`, for its names and its place."""
    return _template.__code__.replace(
        co_filename=file,
        co_firstlineno=line,
        co_name=qualname.rpartition(".")[2],
        co_qualname=qualname,
    )


class Frame:
    """The frame of a native coroutine: like that of one which has just begun, without variables.

    It passes for a `types.FrameType`. Two frames of one coroutine are equal.
    """

    __slots__ = ("f_code", "f_generator")

    f_back = None
    f_lasti = 0
    f_trace = None
    f_trace_lines = True
    f_trace_opcodes = False

    def __init__(self, generator: Any, code: types.CodeType) -> None:
        self.f_generator = generator
        self.f_code = code

    @property  # type: ignore[misc]
    def __class__(self) -> Any:  # mypy: `object` has it writable
        return types.FrameType

    @property
    def f_lineno(self) -> int:
        return self.f_code.co_firstlineno

    @property
    def f_builtins(self) -> dict[str, Any]:
        return vars(builtins)

    @property
    def f_globals(self) -> dict[str, Any]:
        return {"__name__": "aioxide"}

    @property
    def f_locals(self) -> dict[str, Any]:
        return {}

    def clear(self) -> None:
        """Drop the variables, of which there are none."""

    def __eq__(self, other: object) -> bool:
        return type(other) is Frame and self.f_generator == other.f_generator

    def __hash__(self) -> int:
        return hash(self.f_generator)

    def __repr__(self) -> str:
        place = f"file {self.f_code.co_filename!r}, line {self.f_lineno}"
        return f"<frame at {id(self):#x}, {place}, code {self.f_code.co_name}>"


class Callee:
    """A coroutine that asyncio has between `caller` and what that waits for, where we have none.

    It shows what was so when it was made. Those of one caller with the same name are equal.
    """

    cr_running = False
    cr_suspended = True
    cr_state = "CORO_SUSPENDED"
    cr_origin = None

    def __init__(self, caller: Any, code: types.CodeType, awaited: Any) -> None:
        self._caller = caller
        self.cr_code = code
        self.cr_await = awaited
        self.__name__ = code.co_name
        self.__qualname__ = code.co_qualname

    @property
    def cr_frame(self) -> Frame:
        return Frame(self, self.cr_code)

    def __eq__(self, other: object) -> bool:
        return (
            type(other) is Callee
            and self._caller is other._caller
            and self.cr_code is other.cr_code
        )

    def __hash__(self) -> int:
        return hash((self._caller, self.cr_code))

    def __repr__(self) -> str:
        return f"<coroutine object {self.__qualname__} at {id(self):#x}>"
