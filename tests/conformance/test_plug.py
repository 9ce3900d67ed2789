"""The plug: whatever is not aioxide's must be noticed before a single test runs.

`aioxide` is a stand-in here, made of the standard library's own parts, so that these tests say
something about the plug alone.
"""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import textwrap

import pytest

HERE = pathlib.Path(__file__).resolve().parent

PACKAGE = """
    import asyncio
    from aioxide import _native

    class Loop(asyncio.SelectorEventLoop):
        def create_future(self): return _native.Future(loop=self)
        def create_task(self, coro, **options): return _native.Task(coro, loop=self, **options)

    def patch(): asyncio.Future, asyncio.Task = _native.Future, _native.Task
"""

NATIVE = """
    import _asyncio
    from asyncio.selector_events import _SelectorSocketTransport as SocketTransport

    class Future(_asyncio.Future): pass
    class Task(_asyncio.Task): pass
    def future_add_to_awaited_by(future, waiter): pass
    def future_discard_from_awaited_by(future, waiter): pass
"""

PROGRAM = """
    import asyncio, json, sys
    import plug
    names = plug.install()
    for future in (asyncio.Future, asyncio.futures.Future, asyncio.futures._CFuture):
        assert future.__module__ == "aioxide._native"
    for task in (asyncio.Task, asyncio.tasks.Task, asyncio.tasks._CTask):
        assert task.__module__ == "aioxide._native"
    assert asyncio.SelectorEventLoop.__module__ == "aioxide"
    print(json.dumps(names))
"""


def run(
    folder: pathlib.Path, package: str = PACKAGE, native: str = NATIVE
) -> subprocess.CompletedProcess[str]:
    """Plugs this stand-in into a fresh interpreter."""
    (folder / "aioxide").mkdir()
    (folder / "aioxide" / "__init__.py").write_text(textwrap.dedent(package))
    (folder / "aioxide" / "_native.py").write_text(textwrap.dedent(native))
    code = f"import sys; sys.path[:0] = [{str(folder)!r}, {str(HERE)!r}]\n" + textwrap.dedent(
        PROGRAM
    )
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )


def test_everything_in_place(tmp_path: pathlib.Path) -> None:
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    names = json.loads(done.stdout)
    assert names["asyncio.tasks._CTask"] == "aioxide._native.Task"
    assert names["asyncio.SelectorEventLoop"] == "aioxide.Loop"


@pytest.mark.parametrize("name", ["Future", "Task"])
def test_a_missing_type_is_noticed(tmp_path: pathlib.Path, name: str) -> None:
    package = PACKAGE.replace(f"_native.{name}", f"_native.Renamed{name}")
    done = run(
        tmp_path, package=package, native=NATIVE.replace(f"class {name}", f"class Renamed{name}")
    )
    assert f"NotPlugged: aioxide._native has no {name}" in done.stderr


@pytest.mark.skipif(sys.version_info < (3, 14), reason="the call graph is new in 3.14")
def test_a_missing_function_is_noticed(tmp_path: pathlib.Path) -> None:
    done = run(tmp_path, native=NATIVE.replace("future_add_to_awaited_by", "renamed"))
    assert "NotPlugged: aioxide._native has no future_add_to_awaited_by" in done.stderr


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        (
            "_native.Future(loop=self)",
            "__import__('_asyncio').Future(loop=self)",
            "a future of the loop is",
        ),
        ("_native.Task(coro", "__import__('_asyncio').Task(coro", "the current task is"),
        ("def patch()", "_native.SocketTransport = str\n    def patch()", "a transport of"),
    ],
)
def test_a_loop_that_makes_cpythons_objects_is_noticed(
    tmp_path: pathlib.Path, ours: str, theirs: str, said: str
) -> None:
    assert f"NotPlugged: {said}" in run(tmp_path, package=PACKAGE.replace(ours, theirs)).stderr
