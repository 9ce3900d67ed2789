"""Every program, through every door of aioxide, behaves as it does on asyncio."""

import pytest

from .doors import AIOXIDE_DOORS
from .runner import excluded_door, find_programs, needed_version, program_name


@pytest.mark.parametrize("program", find_programs(), ids=program_name)
@pytest.mark.parametrize("door", AIOXIDE_DOORS, ids=lambda door: door.name)
def test_same_behaviour(session, program, door):
    if session.version < needed_version(program):
        pytest.skip("the program needs a newer Python")
    if door.name == excluded_door(program):
        pytest.skip("the program's first line says why")
    difference = session.compare(program, door)
    assert not difference, f"{program_name(program)} through {door.name}\n{difference}"
