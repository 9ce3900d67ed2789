"""Random interleavings of feeding, reading, cancelling, ending: both log the same."""

import asyncio
import re
import sys
from types import ModuleType

import pytest

import aioxide

pytest.importorskip("hypothesis")

from hypothesis import example, given, settings
from hypothesis import strategies as st

READS: list[tuple[str, object]] = [
    *(("read", amount) for amount in (-1, 0, 1, 5, 100, 5000)),
    *(("readexactly", amount) for amount in (0, 1, 4, 30, 7000)),
    *(("readuntil", separator) for separator in (b"b", b"ab", b"abab")),
    ("readline", None),
    ("__anext__", None),
]
if sys.version_info >= (3, 13):
    READS += [("readuntil", (b"ab", b"c")), ("readuntil", (b"abca", b"ca", b"bb"))]

STEPS = st.one_of(
    st.tuples(st.just("feed"), st.text("abc\n", max_size=12).map(str.encode)),
    st.tuples(st.just("feed"), st.integers(20, 60).map(lambda size: b"a" * size)),
    st.tuples(st.just("feed"), st.integers(1500, 6000).map(lambda size: b"c" * size + b"ab\n")),
    st.tuples(st.just("start"), st.sampled_from(READS)),
    st.tuples(st.just("turn"), st.integers(1, 3)),
    st.tuples(st.just("cancel"), st.integers(0, 7)),
    st.tuples(st.sampled_from(["eof", "look", "fail"]), st.none()),
)
PLANS = st.lists(STEPS, max_size=30)


class Transport:
    """Logs when it is stopped and started."""

    def __init__(self, log: list[object]) -> None:
        self.log = log

    def pause_reading(self) -> None:
        self.log.append("paused")

    def resume_reading(self) -> None:
        self.log.append("resumed")

    def __repr__(self) -> str:
        return "T"


async def perform(aio: ModuleType, limit: int, plan: list[tuple[str, object]]) -> list[object]:
    """Take the steps of the plan and return the log."""
    log: list[object] = []
    tasks: list[asyncio.Task[None]] = []
    reader = aio.StreamReader(limit)
    reader.set_transport(Transport(log))

    async def watch(number: int, method: str, argument: object) -> None:
        arguments = () if argument is None else (argument,)
        try:
            log.append((number, method, await getattr(reader, method)(*arguments)))
        except BaseException as error:
            details = getattr(error, "partial", None), getattr(error, "consumed", None)
            log.append((number, method, type(error).__name__, str(error), details))

    for action, value in plan:
        if action == "feed" and not reader._eof:
            reader.feed_data(value)
        elif action == "start":
            assert isinstance(value, tuple)
            tasks.append(aio.create_task(watch(len(tasks), *value)))
        elif action == "turn":
            assert isinstance(value, int)
            for _ in range(value):
                await aio.sleep(0)
        elif action == "cancel" and tasks:
            assert isinstance(value, int)
            tasks[value % len(tasks)].cancel()
        elif action == "eof":
            reader.feed_eof()
        elif action == "fail":
            reader.set_exception(ConnectionError("lost"))
        elif action == "look":
            log.append(bytes(reader._buffer))
        log.append(re.sub("<Future.*?>", "F", repr(reader)))
    for _ in range(5):
        await aio.sleep(0)
    for task in tasks:
        task.cancel()
    await aio.sleep(0)
    await aio.sleep(0)
    assert all(task.done() for task in tasks)
    log.append((repr(reader), bytes(reader._buffer)))
    return log


@settings(max_examples=400, deadline=None)
@given(st.sampled_from([1, 3, 10, 2500, 2**16]), PLANS)
# The buffer is emptied by an error, and the next read finds nothing but the end: it resumes.
@example(
    1, [("feed", b"aaa"), ("start", ("readexactly", 4)), ("eof", None), ("start", ("read", -1))]
)
def test_readers(limit: int, plan: list[tuple[str, object]]) -> None:
    ours = aioxide.run(perform(aioxide, limit, plan))
    assert ours == asyncio.run(perform(asyncio, limit, plan))
