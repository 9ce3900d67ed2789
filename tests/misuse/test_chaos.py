"""Everything that can be called, called with anything, in any state: see `chaos.py`.

`AIOXIDE_CHAOS="100 2000"` tries seeds 100 to 2000 instead of a few.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("chaos.py")
STEPS = 6000


def seeds() -> range:
    first, _, last = os.environ.get("AIOXIDE_CHAOS", "1 4").partition(" ")
    return range(int(first), int(last) + 1)


@pytest.mark.parametrize("seed", seeds())
def test_the_process_survives_whatever_is_done_with_native_objects(seed):
    # The debugging allocator fills memory that was given back, so that a use of it shows.
    done = subprocess.run(
        [sys.executable, PROGRAM, str(seed), str(STEPS)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        env={**os.environ, "PYTHONMALLOC": "debug"},
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-5000:]
