"""`flat(work)`: does `work` many times, and fails when that leaves more behind each time."""

import gc

import pytest

from leaks.counting import assert_flat, collect


@pytest.fixture(autouse=True)
def only_what_the_test_makes():
    """pytest and its plugins are thousands of objects, which no collection here has to look at."""
    collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def flat(aio, loop_factory):
    """Check ``async def work(aio)``, each time in the same loop."""

    def check(work):
        with aio.Runner(loop_factory=loop_factory) as runner:
            runner.get_loop().set_exception_handler(lambda loop, context: None)

            async def repeat(times):
                for _ in range(times):
                    await work(aio)

            assert_flat(lambda times: runner.run(repeat(times)))

    return check
