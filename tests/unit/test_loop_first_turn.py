"""The first turn of a run hears of everything that has happened to descriptors before it."""

import socket

import pytest


@pytest.fixture
def pair():
    ends = socket.socketpair()
    for end in ends:
        end.setblocking(False)
    yield ends
    for end in ends:
        end.close()


def run_one_turn(loop):
    loop.call_soon(loop.stop)
    loop.run_forever()


def test_a_loop_that_is_run_turn_by_turn_hears_of_its_sockets(loop, pair):
    near, far = pair
    seen = []
    loop.add_reader(near, lambda: seen.append(near.recv(1)))
    for _ in range(100):
        far.send(b"x")
        run_one_turn(loop)
    loop.remove_reader(near)
    assert seen == [b"x"] * 100


def test_a_run_for_a_future_that_is_done_hears_of_them_too(loop, pair):
    near, far = pair
    seen = []
    done = loop.create_future()
    done.set_result(None)
    loop.add_reader(near, lambda: seen.append(near.recv(1)))
    for _ in range(100):
        far.send(b"x")
        loop.run_until_complete(done)
    loop.remove_reader(near)
    assert seen == [b"x"] * 100
