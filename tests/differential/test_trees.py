"""Random trees of tasks: asyncio and aioxide must tell the same events in the same order.

``AIOXIDE_EXAMPLES`` sets how many trees are tried (300), ``AIOXIDE_SEED`` which (1). Both are
printed on failure, and the tree that hypothesis found smallest is the program's argument: ``python
tree_program.py TREE 0.01``.
"""

import json
import os

import pytest

pytest.importorskip("hypothesis")

from hypothesis import HealthCheck, Phase, given, note, seed, settings

from .doors import AIOXIDE_DOORS, REFERENCE, Door
from .runner import HERE, difference
from .trees import trees

EXAMPLES = int(os.environ.get("AIOXIDE_EXAMPLES", "300"))
SEED = int(os.environ.get("AIOXIDE_SEED", "1"))
PROGRAM = HERE / "tree_program.py"
VOID_EXIT_CODE = 75
# Seconds between two deadlines of a tree; the wider ones are for a machine that is busy.
TIMETABLES = (0.01, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64)


def perform(session, door, tree):
    """The result of one valid run.

    A run on a machine too slow for its timetable shows nothing, and is repeated on a wider one.
    """
    for seconds in TIMETABLES:
        result = session.run(PROGRAM, door, (tree, str(seconds)))
        if result.status != VOID_EXIT_CODE:
            return result
    pytest.fail(f"the machine is too busy for the widest timetable of {PROGRAM.name}")


def check(session, doors, examples, phases=tuple(Phase)):
    """Compare ``examples`` trees on asyncio with each of ``doors``."""

    @seed(SEED)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=phases,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(trees)
    def compare(tree):
        text = json.dumps(tree)
        reference = perform(session, REFERENCE, text)
        assert reference.status == 0, f"{text}\n{reference.stderr}"
        for door in doors:
            found = difference(reference, perform(session, door, text), door.name)
            if found:
                note(f"seed {SEED}, {examples} examples; python {PROGRAM.name} '{text}' 0.01")
                # The log, not the assertion's own account of it, is what one wants to read.
                pytest.fail(f"{text}\n{found}", pytrace=False)

    compare()


@pytest.mark.timeout(60 + 3 * EXAMPLES)
def test_same_events(session):
    print(f"seed {SEED}, {EXAMPLES} examples")
    # The launcher shares its implementation with the module door, and would start a process for
    # each tree.
    check(session, [door for door in AIOXIDE_DOORS if not door.launcher], EXAMPLES)


def test_asyncio_agrees_with_itself(session):
    check(session, [REFERENCE], 50)


@pytest.mark.parametrize(
    "plant",
    [
        "asyncio.sleep = lambda delay, sleep=asyncio.sleep: sleep(max(delay, 1e-6))",
        "asyncio.shield = asyncio.ensure_future",
        "asyncio.gather = lambda *a, g=asyncio.gather, **k: g(*a, return_exceptions=True)",
        "asyncio.Task.uncancel = lambda task: 0",
    ],
)
def test_planted_difference_is_found(session, plant):
    prelude = f"import asyncio\nasyncio.Task = asyncio.tasks.Task = asyncio.tasks._PyTask\n{plant}"
    door = Door(plant, prelude=prelude)
    with pytest.raises(pytest.fail.Exception):
        check(session, [door], 300, phases=[Phase.generate])
