"""What every test of faults begins and ends with."""

import gc

import pytest

from faults.scenery import collect_garbage


@pytest.fixture(autouse=True, scope="package")
def only_what_the_tests_make():
    """pytest and its plugins are thousands of objects, which no collection here has to look at."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def garbage_of_its_own():
    """What a test leaves unclosed is said within that test, and not within the next one."""
    yield
    collect_garbage()
