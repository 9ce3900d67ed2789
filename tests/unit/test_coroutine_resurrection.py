"""A coroutine that its own warning keeps alive: the next ones, in its memory, warn as well."""

import gc
import warnings

import pytest


def leave_unawaited(aio):
    """What is warned about a coroutine that nobody awaits, with the coroutine as its source."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        aio.Event().wait()
    return caught


@pytest.mark.parametrize("kept", [0, 1, 5])
def test_each_coroutine_warns(aio, kept):
    records = []
    for _ in range(100):
        caught = leave_unawaited(aio)
        assert [str(record.message) for record in caught] == [
            "coroutine 'Event.wait' was never awaited"
        ]
        assert caught[0].source.__name__ == "wait"
        records = [*records, caught][-kept:] if kept else []
        del caught
    gc.collect()


def test_one_in_a_cycle_through_its_warning_is_collected(aio):
    class Holder:
        pass

    before = len([found for found in gc.get_objects() if type(found) is Holder])
    for _ in range(20):
        holder = Holder()
        holder.records = leave_unawaited(aio)
        holder.records[0].source_holder = holder
        del holder
    gc.collect()
    assert len([found for found in gc.get_objects() if type(found) is Holder]) == before
