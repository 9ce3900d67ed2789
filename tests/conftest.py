"""One test body, two loops: the stdlib is the oracle, so a test that both can run is run on both.

    def test_sleep_returns_its_result(aio, run):
        async def main():
            return await aio.sleep(0, "rested")

        assert run(main) == "rested"

This runs twice, as ``[asyncio]`` and as ``[aioxide]``. Every fixture here follows the one parameter
``implementation``, so a test that asks for several of them gets them of one kind:

``implementation``  the word ``"asyncio"`` or ``"aioxide"``
``aio``             the module of that name: the namespace under test
``loop_factory``    its ``new_event_loop``
``loop``            a fresh loop of it, not running, closed after the test
``run``             runs a coroutine function on such a loop (see ``toolkit.Run``)
``any_loop``        as ``run``, and once more on the stdlib's loop
``launch``          runs a program in a new process behind that door (see ``toolkit.launch``)

A test of something that only one of them has says so, and then runs once:

    @pytest.mark.only("aioxide")

A test of the stdlib's own functions on our loop imports asyncio as usual and takes ``run`` alone.
"""

import asyncio
import functools
import importlib
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest

import toolkit


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "implementation" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("only")
    chosen = toolkit.IMPLEMENTATIONS if marker is None else marker.args
    metafunc.parametrize("implementation", chosen, scope="function")


@pytest.fixture
def aio(implementation: str) -> ModuleType:
    """The namespace under test: ``asyncio`` itself, or ``aioxide`` in its place."""
    return importlib.import_module(implementation)


@pytest.fixture
def loop_factory(aio: ModuleType) -> Callable:
    """What makes the loop under test: ``aio.new_event_loop``."""
    return aio.new_event_loop


@pytest.fixture
def loop(loop_factory: Callable) -> Iterator:
    """A fresh loop that does not run yet and is closed after the test, whatever the test did."""
    fresh = loop_factory()
    yield fresh
    fresh.close()


@pytest.fixture
def run(loop_factory: Callable) -> Iterator[toolkit.Run]:
    """``run(main, *args, debug=False)``: the result of ``await main(*args)`` on its own loop."""
    runner = toolkit.Run(loop_factory)
    yield runner
    # A future that the test still held may have reported only after the run.
    runner.check_reports()


@pytest.fixture(params=["own-loop", "stdlib-loop"])
def any_loop(request: pytest.FixtureRequest, run: toolkit.Run) -> toolkit.Run:
    """``run`` on the loop of this implementation, then on the stdlib's."""
    if request.param == "stdlib-loop":
        run.loop_factory = asyncio.SelectorEventLoop
    return run


@pytest.fixture
def launch(implementation: str) -> Callable:
    """``launch("app.py", "--flag")``: `toolkit.launch` behind the door of this implementation."""
    return functools.partial(toolkit.launch, implementation)
