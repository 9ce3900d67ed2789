"""What every test of faults begins and ends with."""

import pytest

from faults.scenery import collect_garbage


@pytest.fixture(autouse=True)
def garbage_of_its_own():
    """What a test leaves unclosed is said within that test, and not within the next one."""
    yield
    collect_garbage()
