"""`import aioxide as asyncio`: every name of asyncio, ours where the table says so."""

import asyncio
import importlib
import pkgutil
import subprocess
import sys
import warnings

import pytest

import aioxide
from aioxide import _native, loops, runners
from aioxide._names import KEPT_BY_PATCH, NATIVE, REVIVED, UNLISTED

NATIVE_NAMES = [(module, name) for module, names in NATIVE.items() for name in names]


def test_every_public_name_of_asyncio_is_there_in_its_order():
    assert aioxide.__all__[: len(asyncio.__all__)] == tuple(asyncio.__all__)
    missing = [name for name in aioxide.__all__ if name not in vars(aioxide)]
    assert missing == []


def test_a_star_import_gives_all_of_them_without_a_warning():
    namespace = {}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exec("from aioxide import *", namespace)
    assert set(aioxide.__all__) <= namespace.keys()


@pytest.mark.parametrize(
    ("cls", "base"),
    [
        (aioxide.Loop, _native.LoopBase),
        (aioxide.Task, aioxide.Future),
        (aioxide.TimerHandle, aioxide.Handle),
    ],
)
def test_a_method_belongs_to_the_class_that_inherits_it(cls, base):
    """The interpreter calls it without its descriptor only if that is so."""
    methods = [name for name, value in vars(base).items() if type(value) is type(str.join)]
    assert len(methods) >= 4
    assert {getattr(cls, name).__objclass__ for name in methods} == {cls}


def test_a_subclass_inherits_the_loops_methods_and_overrides_them():
    class Counting(aioxide.Loop):
        calls = 0

        def call_soon(self, *args, **kwargs):
            self.calls += 1
            return super().call_soon(*args, **kwargs)

    async def main():
        before = loop.calls
        await asyncio.sleep(0)
        future = loop.create_future()
        loop.call_soon(future.set_result, 5)
        assert await future == 5
        return loop.calls - before

    loop = Counting()
    try:
        assert Counting.call_later is aioxide.Loop.call_later
        assert loop.run_until_complete(main()) >= 3
    finally:
        loop.close()


@pytest.mark.parametrize(("module", "name"), NATIVE_NAMES)
def test_a_name_in_the_table_is_ours_everywhere(module, name):
    ours = getattr(aioxide, name)
    stdlib = getattr(importlib.import_module(f"asyncio.{module}"), name)
    assert ours is not stdlib
    assert getattr(importlib.import_module(f"aioxide.{module}"), name) is ours
    if name in vars(_native):
        assert ours is getattr(_native, name)


def test_a_name_outside_the_table_is_the_stdlibs():
    ours = {name for _, name in NATIVE_NAMES}
    different = [
        name
        for name in asyncio.__all__
        if name not in ours and getattr(aioxide, name) is not getattr(asyncio, name)
    ]
    assert different == []


def test_the_table_names_only_what_the_running_asyncio_has():
    for module, name in NATIVE_NAMES:
        assert hasattr(asyncio, name)
        assert hasattr(importlib.import_module(f"asyncio.{module}"), name)
    for module, names in REVIVED.items():
        for name in names:
            assert hasattr(importlib.import_module(f"aioxide.{module}"), name)
    for module, names in UNLISTED.items():
        for name in names:
            assert hasattr(importlib.import_module(f"asyncio.{module}"), name)
            assert (
                getattr(importlib.import_module(f"aioxide.{module}"), name) is vars(_native)[name]
            )
    assert {name for _, name in NATIVE_NAMES} >= KEPT_BY_PATCH


def test_the_loop_names_are_one_class():
    assert aioxide.SelectorEventLoop is aioxide.Loop is loops.Loop
    if sys.version_info >= (3, 13):
        assert aioxide.EventLoop is aioxide.Loop
    assert aioxide.Runner is runners.Runner


def modules_of_asyncio():
    names = {module.name for module in pkgutil.iter_modules(asyncio.__path__)}
    return sorted(name for name in names if name != "__main__" and not name.startswith("windows_"))


@pytest.mark.parametrize("name", modules_of_asyncio())
def test_every_module_of_asyncio_can_be_imported(name):
    ours = importlib.import_module(f"aioxide.{name}")
    stdlib = importlib.import_module(f"asyncio.{name}")
    assert getattr(aioxide, name) is ours is sys.modules[f"aioxide.{name}"]
    missing = [attribute for attribute in vars(stdlib) if not hasattr(ours, attribute)]
    assert missing == []
    assert set(dir(stdlib)) <= set(dir(ours))


def test_a_submodule_shows_our_names_and_the_stdlibs_private_ones():
    assert aioxide.tasks.gather is aioxide.gather
    assert aioxide.tasks._PyTask is asyncio.tasks._PyTask
    assert aioxide.base_events is asyncio.base_events


def test_a_submodule_shows_what_asyncio_rebinds(monkeypatch):
    marker = object()
    monkeypatch.setattr(asyncio.events, "_event_loop_policy", marker)
    assert aioxide.events._event_loop_policy is marker


def test_an_unknown_name_is_an_attribute_error_that_names_us():
    with pytest.raises(AttributeError, match="module 'aioxide' has no attribute 'nothing'"):
        _ = aioxide.nothing
    with pytest.raises(AttributeError, match=r"module 'aioxide\.tasks' has no attribute 'nothing'"):
        _ = aioxide.tasks.nothing


@pytest.mark.skipif(sys.version_info < (3, 14), reason="policies are deprecated since 3.14")
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("AbstractEventLoopPolicy", "'asyncio.AbstractEventLoopPolicy'"),
        ("DefaultEventLoopPolicy", "'asyncio.DefaultEventLoopPolicy'"),
        ("EventLoopPolicy", "'aioxide.EventLoopPolicy'"),
    ],
)
def test_a_deprecated_name_warns_at_the_callers_line(name, text):
    with pytest.warns(DeprecationWarning) as caught:
        value = getattr(aioxide, name)
    assert str(caught[0].message) == f"{text} is deprecated and slated for removal in Python 3.16"
    assert caught[0].filename == __file__
    if name != "EventLoopPolicy":
        with pytest.warns(DeprecationWarning) as expected:
            assert getattr(asyncio, name) is value
        assert str(expected[0].message) == str(caught[0].message)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager factories came with 3.12")
def test_the_eager_factory_is_made_by_the_stdlibs_own_function():
    # anyio compares this code object, and reads the class from the closure.
    factory = aioxide.eager_task_factory
    assert factory.__code__ is asyncio.create_eager_task_factory(asyncio.Task).__code__
    assert factory.__closure__[0].cell_contents is aioxide.Task


def test_importing_the_package_changes_nothing_outside_it():
    code = """
import asyncio, sys
modules = {name: module for name, module in sys.modules.items() if name.startswith("asyncio")}
modules["policy"] = asyncio.unix_events._UnixDefaultEventLoopPolicy
before = {name: dict(vars(module)) for name, module in modules.items()}
import aioxide
after = {name: dict(vars(module)) for name, module in modules.items()}
assert before == after
assert asyncio.events._event_loop_policy is None
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=30)
