"""The session that the differential tests share. ``PYTHON`` chooses the interpreter under test."""

import os
import shlex
import sys

import pytest

from .runner import Session


@pytest.fixture(scope="session")
def session():
    """Runs programs on the interpreter under test: the command in ``PYTHON``, or the one that runs pytest."""
    with Session(shlex.split(os.environ.get("PYTHON", shlex.quote(sys.executable)))) as session:
        yield session
