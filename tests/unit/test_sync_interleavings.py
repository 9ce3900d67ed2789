"""Random interleavings of everything a lock or a queue can do: both implementations log the same.

A plan is a list of steps that a driver takes one after the other: start a task that calls one
method, cancel a task started earlier, close a coroutine that nobody awaits, call something that
needs no waiting, let the loop turn. What
comes back, and in which order, is the log.
"""

import asyncio
import re
import sys
from types import ModuleType

import pytest

import aioxide

pytest.importorskip("hypothesis")

from hypothesis import given, settings
from hypothesis import strategies as st

Step = tuple[str, int]
Log = list[object]


def outcome(call: object) -> object:
    """What a call gave: its value, or its exception in words."""
    assert callable(call)
    try:
        return call()
    except Exception as error:
        return type(error).__name__, str(error)


class Performance:
    """Takes the steps of a plan on one object and logs what comes of them."""

    def __init__(self, aio: ModuleType, subject: object) -> None:
        self.aio = aio
        self.subject = subject
        self.log: Log = []
        self.tasks: list[asyncio.Task[None]] = []

    async def watch(self, name: str, *arguments: object, limit: float | None = None) -> None:
        number = len(self.tasks)
        try:
            awaitable = getattr(self.subject, name)(*arguments)
            if limit is not None:
                awaitable = self.aio.wait_for(awaitable, limit)
            self.log.append((number, name, await awaitable))
        except BaseException as error:
            self.log.append((number, name, type(error).__name__, str(error)))
            if not isinstance(error, Exception | asyncio.CancelledError):
                raise

    async def step(self, action: str, number: int) -> None:
        if action == "turn":
            for _ in range(number % 3 + 1):
                await self.aio.sleep(0)
        elif action == "cancel":
            if self.tasks:
                self.log.append(("cancel", self.tasks[number % len(self.tasks)].cancel()))
        elif action.startswith("close "):
            unawaited = getattr(self.subject, action.removeprefix("close "))
            self.log.append((action, unawaited().close()))
        elif action.startswith("call "):
            name, *arguments = action.removeprefix("call ").split(":")
            values = [number if argument == "n" else argument == "true" for argument in arguments]
            self.log.append((name, outcome(lambda: getattr(self.subject, name)(*values))))
        else:
            name, *arguments = action.split(":")
            limit = 0 if "limit" in arguments else None
            values = [number for argument in arguments if argument == "n"]
            self.tasks.append(self.aio.create_task(self.watch(name, *values, limit=limit)))

    def note_state(self) -> None:
        text = repr(self.subject).replace("aioxide", "asyncio")
        self.log.append(re.sub("0x[0-9a-f]+", "0x...", text))

    async def perform(self, plan: list[Step]) -> Log:
        for action, number in plan:
            await self.step(action, number)
            self.note_state()
        for _ in range(10):
            await self.aio.sleep(0)
        self.note_state()
        for _ in range(100):
            # A cancelled Condition.wait() still wants its lock back: somebody has to release it.
            for task in self.tasks:
                task.cancel()
            if isinstance(self.subject, self.aio.Condition) and self.subject.locked():
                self.subject.release()
            await self.aio.sleep(0)
        self.note_state()
        assert all(task.done() for task in self.tasks)
        return self.log


def compare(make: object, plan: list[Step]) -> None:
    """Both namespaces log the same for this plan."""
    assert callable(make)

    def logged(aio: ModuleType) -> Log:
        async def main() -> Log:
            return await Performance(aio, make(aio)).perform(plan)

        return aio.run(main())

    assert logged(aioxide) == logged(asyncio)


def plans(*actions: str) -> st.SearchStrategy[list[Step]]:
    chosen = st.sampled_from(("turn", *actions, "cancel"))
    return st.lists(st.tuples(chosen, st.integers(0, 7)), max_size=25)


QUEUE_ACTIONS: tuple[str, ...] = (
    "put:n",
    "get",
    "get:limit",
    "put:n:limit",
    "join",
    "close get",
    "call put_nowait:n",
    "call get_nowait",
    "call task_done",
    "call full",
    "call qsize",
)
if sys.version_info >= (3, 13):
    QUEUE_ACTIONS += ("call shutdown", "call shutdown:true")


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["Queue", "LifoQueue", "PriorityQueue"]),
    st.integers(0, 3),
    plans(*QUEUE_ACTIONS),
)
def test_queues(kind: str, maxsize: int, plan: list[Step]) -> None:
    compare(lambda aio: getattr(aio, kind)(maxsize), plan)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 3), plans(*QUEUE_ACTIONS))
def test_subclassed_queues(maxsize: int, plan: list[Step]) -> None:
    def make(aio: ModuleType) -> object:
        class Unique(aio.Queue):  # type: ignore[name-defined, misc]
            def _init(self, maxsize: int) -> None:
                self._queue: dict[object, None] = {}

            def _put(self, item: object) -> None:
                self._queue[item] = None

            def _get(self) -> object:
                return self._queue.popitem()[0]

        return Unique(maxsize)

    compare(make, plan)


@settings(max_examples=100, deadline=None)
@given(plans("acquire", "acquire:limit", "close acquire", "call release", "call locked"))
def test_locks(plan: list[Step]) -> None:
    compare(lambda aio: aio.Lock(), plan)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["Semaphore", "BoundedSemaphore"]),
    st.integers(0, 3),
    plans("acquire", "acquire:limit", "call release", "call locked"),
)
def test_semaphores(kind: str, value: int, plan: list[Step]) -> None:
    compare(lambda aio: getattr(aio, kind)(value), plan)


@settings(max_examples=60, deadline=None)
@given(plans("wait", "wait:limit", "close wait", "call set", "call clear", "call is_set"))
def test_events(plan: list[Step]) -> None:
    compare(lambda aio: aio.Event(), plan)


@settings(max_examples=150, deadline=None)
@given(
    plans(
        "acquire",
        "acquire:limit",
        "wait",
        "wait",
        "wait:limit",
        "call release",
        "call notify",
        "call notify:n",
        "call notify_all",
    )
)
def test_conditions(plan: list[Step]) -> None:
    compare(lambda aio: aio.Condition(), plan)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 4), plans("wait", "wait", "wait:limit", "reset", "abort"))
def test_barriers(parties: int, plan: list[Step]) -> None:
    compare(lambda aio: aio.Barrier(parties), plan)
