"""The work that a profiled build learns from is done, on both loops, by every server there is."""

import pytest

from benchmarks.servers.kinds import KINDS
from benchmarks.training import CONVERSATIONS, Clock, talk


@pytest.mark.parametrize("kind", CONVERSATIONS)
def test_something_comes_back_from_each_server(aio, run, kind):
    async def main():
        return await talk(aio, kind, 0)

    assert run(main) > 0


def test_only_what_needs_more_than_this_repository_is_left_out_and_the_counter_of_datagrams():
    assert set(KINDS) - set(CONVERSATIONS) == {"datagram-sink", "uvicorn", "aiohttp"}


def test_a_clock_lets_work_be_done_once_when_there_is_no_time():
    assert len(list(Clock(0).rounds())) == 1
