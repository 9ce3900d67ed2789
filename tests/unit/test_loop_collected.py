"""A loop that nobody closed and nobody can reach any more: the collector ends it."""

import gc
import socket
import warnings

import pytest


@pytest.mark.only("aioxide")
def test_it_is_finalised_before_its_sockets_however_old_they_are(loop_factory, monkeypatch):
    """The collector finalises what it found from the oldest on; asyncio leaves that to chance."""
    ends = list(socket.socketpair())
    monkeypatch.setattr(socket, "socketpair", lambda: ends)
    loop = loop_factory()
    monkeypatch.undo()
    descriptors = [end.fileno() for end in ends]
    ends.clear()
    del loop
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        gc.collect()
    assert [str(warning.message).partition(" <")[0] for warning in caught] == [
        "unclosed event loop"
    ]
    for descriptor in descriptors:
        with pytest.raises(OSError):
            socket.socket(fileno=descriptor)


def test_its_sockets_are_gone_once_it_is_closed(loop):
    assert loop._ssock.fileno() != loop._csock.fileno()
    loop.close()
    assert (loop._ssock, loop._csock) == (None, None)
