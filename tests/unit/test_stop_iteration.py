"""The ``StopIteration`` that an await ends with, for code that takes the awaits' steps by hand.

From Python 3.12 on aioxide's is an exception of another type until somebody looks at it.
"""

import copy
import gc
import pickle
import traceback
import weakref

import pytest


@pytest.fixture
def stop(loop):
    """``stop(value)``: what ``next()`` raises on the iterator of a future with that result."""

    def raised_by_next(value):
        future = loop.create_future()
        future.set_result(value)
        try:
            next(iter(future))
        except StopIteration as error:
            return error

    return raised_by_next


VALUES = ["text", 0, (), (1, 2), ((),), [], StopIteration(3)]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_it_says_what_it_was_raised_with(stop, value):
    ordinary = StopIteration(value)
    assert repr(stop(value)) == repr(ordinary)
    assert str(stop(value)) == str(ordinary)
    assert stop(value).args == ordinary.args
    assert stop(value).value is value


def test_it_has_a_value_for_none_too(stop):
    error = stop(None)
    assert (type(error), error.value) == (StopIteration, None)


def test_it_is_the_interpreters_own_once_it_was_looked_at(stop):
    error = stop("looked at")
    assert error.value == "looked at"
    assert type(error) is StopIteration
    assert gc.is_tracked(error)


def test_its_class_is_shown_under_the_same_name(stop):
    error = stop("unseen")
    assert repr(type(error)) == "<class 'StopIteration'>"
    assert error.__class__ is StopIteration


def test_it_can_be_changed_before_it_was_looked_at(stop):
    error = stop("first")
    error.value = "second"
    assert (error.args, error.value) == (("first",), "second")
    error = stop("first")
    error.args = (1, 2)
    assert (repr(error), error.value) == ("StopIteration(1, 2)", "first")
    error = stop("first")
    with pytest.raises(AttributeError, match="no attribute 'absent'"):
        del error.absent


def test_it_can_be_copied_and_pickled(stop):
    for again in (copy.copy(stop("kept")), pickle.loads(pickle.dumps(stop("kept")))):
        assert type(again) is StopIteration
        assert again.args == ("kept",)


def test_it_can_be_raised_and_is_printed_as_any_other(stop):
    with pytest.raises(StopIteration) as caught:
        raise stop("raised")
    assert traceback.format_exception(caught.value)[-1] == "StopIteration: raised\n"
    assert caught.value.__traceback__.tb_next.tb_frame.f_code.co_name == "raised_by_next"


def test_several_live_at_a_time(stop):
    errors = [stop(number) for number in range(1, 6)]
    assert [error.args for error in errors] == [(1,), (2,), (3,), (4,), (5,)]
    assert len({id(error) for error in errors}) == 5


class Kept:
    """Something that a weak reference can name."""


def test_a_result_dies_with_its_last_user(loop):
    value = Kept()
    future = loop.create_future()
    future.set_result(value)
    with pytest.raises(StopIteration):
        next(iter(future))

    async def taken(it):
        await it

    with pytest.raises(StopIteration):
        taken(future).send(None)
    reference = weakref.ref(value)
    del value, future
    gc.collect()
    assert reference() is None


def test_one_that_is_kept_in_its_own_frame_is_collected(loop):
    def keep(value):
        future = loop.create_future()
        future.set_result(value)
        iterator = iter(future)
        try:
            next(iterator)
        except StopIteration as error:
            itself = error  # noqa: F841 - the cycle: it has a traceback, that this frame, that itself

    value = Kept()
    reference = weakref.ref(value)
    keep(value)
    del value
    # The collector learns of the last one when the next is made.
    keep(Kept())
    gc.collect()
    assert reference() is None


def test_a_result_whose_end_awaits_something_else(loop):
    """The value dies inside the end of its exception, which is where the next may be raised."""
    ends = []

    class Awaiting:
        def __del__(self):
            future = loop.create_future()
            future.set_result("in the end of another")
            try:
                next(iter(future))
            except StopIteration as error:
                ends.append(error.value)

    async def wait():
        future = loop.create_future()
        future.set_result(Awaiting())
        iterator = future.__await__()
        del future
        await by_hand(iterator)

    class by_hand:  # noqa: N801 - reads as a function
        def __init__(self, iterator):
            self.iterator = iterator

        def __await__(self):
            return self.iterator

    for _ in range(3):
        with pytest.raises(StopIteration):
            wait().send(None)
    assert ends == ["in the end of another"] * 3
