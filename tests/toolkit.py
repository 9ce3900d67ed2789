"""What the fixtures of ``conftest.py`` are made of, for tests that need the parts."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

IMPLEMENTATIONS = ("asyncio", "aioxide")

ROOT = Path(__file__).resolve().parent.parent

DOORS: Mapping[str, tuple[str, ...]] = {
    "asyncio": (sys.executable,),
    "aioxide": (sys.executable, "-m", "aioxide"),
}


class Run:
    """Runs coroutine functions, each on a new loop, and keeps what the loop had to report.

    ``reports`` holds the contexts that the loop's exception handler was given; one that is left
    when the test ends fails it. A test that expects one takes it out (``run.reports.pop()``); a
    test of exception handlers sets its own, inside.
    """

    def __init__(self, loop_factory: Callable[[], asyncio.AbstractEventLoop]) -> None:
        self.loop_factory = loop_factory
        self.reports: list[dict[str, Any]] = []

    def __call__(
        self,
        main: Callable[..., Coroutine[Any, Any, Any]],
        *args: object,
        debug: bool = False,
    ) -> Any:
        """Return what ``await main(*args)`` returns, or raise what it raises."""
        with asyncio.Runner(debug=debug, loop_factory=self.loop_factory) as runner:
            runner.get_loop().set_exception_handler(self._collect)
            return runner.run(main(*args))

    def check_reports(self) -> None:
        """Fail when an exception was reported that no test took out of ``reports``."""
        assert self.reports == [], f"the loop's exception handler was called: {self.reports}"

    def _collect(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.reports.append(context)


async def answer(value: Any, turns: int = 1) -> Any:
    """Return ``value`` after some turns of the loop."""
    for _ in range(turns):
        await asyncio.sleep(0)
    return value


async def fail(error: BaseException, turns: int = 1) -> None:
    """Raise ``error`` after some turns of the loop."""
    await answer(None, turns)
    raise error


async def give(aio: ModuleType, value: Any, turns: int = 0) -> Any:
    """As ``answer``, with the ``sleep`` of the namespace under test, and at once by default."""
    for _ in range(turns):
        await aio.sleep(0)
    return value


async def refuse(aio: ModuleType, error: BaseException, turns: int = 0) -> None:
    """As ``fail``, with the ``sleep`` of the namespace under test, and at once by default."""
    await give(aio, None, turns)
    raise error


async def sleep_and_note(notes: list[Any], name: object) -> None:
    """Sleep for longer than any test; note the name when that is cut short."""
    try:
        await asyncio.sleep(30)
    finally:
        notes.append(name)


def futures_of_all_classes(loop: asyncio.AbstractEventLoop) -> list[asyncio.Future[Any]]:
    """The loop's own kind of future, and the stdlib's two."""
    return [
        loop.create_future(),
        asyncio.Future(loop=loop),
        asyncio.futures._PyFuture(loop=loop),
    ]


def stall(loop: asyncio.AbstractEventLoop, name: str, times: int = 0) -> None:
    """Have a coroutine method of the loop wait for ever once it was called so many times."""
    usual = getattr(loop, name)

    async def stalled(*args: object, **kwargs: object) -> Any:
        nonlocal times
        times -= 1
        return await (loop.create_future() if times < 0 else usual(*args, **kwargs))

    setattr(loop, name, stalled)


def is_ours(transport: asyncio.BaseTransport) -> bool:
    """Whether a transport is aioxide's, whatever it shows as its class."""
    return type(transport).__module__.startswith("aioxide")


def open_descriptors() -> set[int]:
    """The numbers of all files that this process has open."""
    names = os.listdir("/proc/self/fd")
    return {int(name) for name in names if Path("/proc/self/fd", name).exists()}


def watched(loop: Any) -> set[int]:
    """The descriptors that the loop watches, its own left out."""
    return set(loop._selector.get_map()) - {loop._ssock.fileno()}


async def settle(aio: ModuleType, turns: int = 10) -> None:
    """Let some turns of the loop pass, with a look at the selector in each."""
    for _ in range(turns):
        await aio.sleep(0.001)


async def cancel_after(
    aio: ModuleType, turns: int, making: Coroutine[Any, Any, tuple[asyncio.BaseTransport, Any]]
) -> None:
    """Cancel the making of a connection after some turns; close one that is made by then."""
    task = aio.ensure_future(making)
    for _ in range(turns):
        await aio.sleep(0)
    if task.cancel():
        with pytest.raises(aio.CancelledError):
            await task
    else:
        task.result()[0].close()


def loop_with_own(
    usual: type[asyncio.AbstractEventLoop], name: str, calls: list[str], on_the_loop: bool
) -> asyncio.AbstractEventLoop:
    """A loop with a method of a program's own, which notes its name and calls the usual one.

    It is set on the loop itself, or else is that of a subclass of ``usual``.
    """

    def method(self: asyncio.AbstractEventLoop, *args: object, **kwargs: object) -> Any:
        calls.append(name)
        return getattr(usual, name)(self, *args, **kwargs)

    if not on_the_loop:
        return type("Own", (usual,), {name: method})()
    loop = usual()
    setattr(loop, name, method.__get__(loop))
    return loop


@contextlib.contextmanager
def stream_pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two connected stream sockets, neither of which blocks."""
    one, other = socket.socketpair()
    with one, other:
        one.setblocking(False)
        other.setblocking(False)
        yield one, other


def launch(
    implementation: str,
    *arguments: str | os.PathLike[str],
    input: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: str | os.PathLike[str] | None = None,
    timeout: float = 30.0,
) -> subprocess.CompletedProcess[str]:
    """Run ``python ARGUMENTS`` or ``python -m aioxide ARGUMENTS`` in a new process, to its end.

    ``env`` is added to the environment, from which every PYTHON* setting but PYTHONPATH was taken.
    The time limit, in seconds, kills the process. Returns the exit code and both outputs as text.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTHON") or name == "PYTHONPATH"
    }
    return subprocess.run(
        [*DOORS[implementation], *arguments],
        input=input,
        capture_output=True,
        text=True,
        env={**inherited, "PYTHONUTF8": "1", **(env or {})},
        cwd=cwd,
        timeout=timeout,
        check=False,
    )
