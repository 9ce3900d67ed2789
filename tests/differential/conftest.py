"""The session that the differential tests share.

``DIFFERENTIAL_PYTHON`` is the command of the interpreter under test (the one that runs pytest when
it is not set). Not ``PYTHON``: make hands that down, and it means the interpreter to make .venv of.
"""

import os
import shlex
import sys

import pytest

from .runner import Session


@pytest.fixture(scope="session")
def session():
    """Runs programs on the interpreter under test."""
    command = os.environ.get("DIFFERENTIAL_PYTHON") or shlex.quote(sys.executable)
    with Session(shlex.split(command)) as session:
        yield session
