"""The count of what is left behind finds what is left behind."""

import os
import threading

import pytest

from leaks.counting import assert_flat


@pytest.mark.parametrize(
    ("kept", "named"),
    [
        (lambda: [object()], "blocks"),
        (lambda: os.dup(0), "descriptors"),
        (lambda: bytearray(100_000), "malloc bytes"),
    ],
)
def test_a_leak_is_found(kept, named):
    held = []
    with pytest.raises(AssertionError, match=named):
        assert_flat(lambda times: held.extend(kept() for _ in range(times)))
    for thing in held:
        if isinstance(thing, int):
            os.close(thing)


def test_threads_are_counted():
    stop = threading.Event()

    def start(times):
        for _ in range(times):
            threading.Thread(target=stop.wait, daemon=True).start()

    with pytest.raises(AssertionError, match="threads"):
        assert_flat(start)
    stop.set()


def test_what_is_let_go_of_is_no_leak():
    assert_flat(lambda times: [object() for _ in range(times)])
