"""The differential programs use everything that asyncio offers, and the check of that can fail."""

from pathlib import Path

import pytest

from .coverage import judge, load_excuses, missing, recorded_calls, surface, written_names
from .runner import PROGRAMS, Session


def test_every_public_name_is_used_by_some_program(session: Session) -> None:
    assert missing(session) == []


OFFERED = {
    "names": ["Lock"],
    "called": ["Lock.acquire"],
    "cancelled": ["Lock.acquire"],
    "failed": ["Lock.release"],
}
COVERED = {kind: set(things) for kind, things in OFFERED.items()}


def test_all_is_covered() -> None:
    assert judge(OFFERED, COVERED, {}) == []


@pytest.mark.parametrize("kind", OFFERED)
def test_what_is_not_covered_is_named_unless_it_is_excused(kind: str) -> None:
    covered = {**COVERED, kind: set()}
    (complaint,) = judge(OFFERED, covered, {})
    assert complaint == f"{OFFERED[kind][0]}: not {kind} by any program"
    assert judge(OFFERED, covered, {kind: {"Lock*": "a reason"}}) == []


def test_an_excuse_for_what_is_covered_is_an_error() -> None:
    (complaint,) = judge(OFFERED, COVERED, {"called": {"Lock.*": "a reason"}})
    assert complaint == "Lock.acquire: excused by 'Lock.*' (called), and covered"


def test_only_a_programs_own_calls_and_cancellations_are_recorded(session: Session) -> None:
    notes = recorded_calls(session, [PROGRAMS / "sync" / "barrier.py"])
    assert {"Barrier.wait", "Barrier.n_waiting", "create_task", "run"} <= notes["called"]
    assert "Barrier.wait" in notes["cancelled"]
    # Called by asyncio.run and by the barrier, not by the program.
    assert not {"AbstractEventLoop.close", "Condition.wait_for"} & notes["called"]
    assert written_names([PROGRAMS / "sync" / "barrier.py"]) == {
        "Barrier",
        "BrokenBarrierError",
        "create_task",
        "gather",
        "run",
    }


FAILING = {
    # A C function that raises, and Python functions whose arguments do not fit.
    "attempt('', loop.create_future().result)": {"Future.result"},
    "attempt('', asyncio.Lock().locked, 1)": {"Lock.locked"},
    "attempt('', asyncio.create_task)": {"create_task"},
    # Python functions that raise, at once, when they are awaited, or in a task.
    "with suppress(RuntimeError): asyncio.Lock().release()": {"Lock.release"},
    "run(lambda: asyncio.wait_for(5, 1))": {"wait_for"},
    "run(lambda: asyncio.create_task(asyncio.wait_for(5, 1)))": {"wait_for"},
    # A protocol's method that raises, and is reported.
    "run(lambda: connect(RaisingProtocol))": {
        "BaseProtocol.connection_made",
        "Protocol.connection_made",
    },
    # What goes well, what the program raises itself, what is cancelled, what asyncio deals with.
    "attempt('', loop.create_future().done)": set(),
    "attempt('', fail)": set(),
    "run(lambda: cancelled(asyncio.Event().wait()))": set(),
    "run(lambda: asyncio.gather(fail_later(), return_exceptions=True))": set(),
}

PROGRAM = """
import asyncio, socket
from contextlib import suppress
from observe import attempt

loop = asyncio.new_event_loop()

class RaisingProtocol(asyncio.Protocol):
    def connection_made(self, transport):
        raise LookupError

def fail():
    raise LookupError

async def fail_later():
    fail()

async def connect(factory):
    near, far = socket.socketpair()
    with far:
        transport, _ = await loop.create_connection(factory, sock=near)
        transport.close()

async def cancelled(coroutine):
    task = asyncio.create_task(coroutine)
    await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task

def run(make):
    with suppress(Exception):
        loop.run_until_complete(await_what(make))

async def await_what(make):
    return await make()
"""


@pytest.mark.parametrize("line", FAILING)
def test_failed_is_what_an_exception_came_out_of(session: Session, tmp_path: Path, line: str):
    program = tmp_path / "program.py"
    program.write_text(f"{PROGRAM}\n{line}\n")
    failed = recorded_calls(session, [program])["failed"]
    assert {name for name in failed if "EventLoop." not in name} == FAILING[line]


def test_the_surface_is_the_running_versions(session: Session) -> None:
    offered = surface(session)
    assert ("Queue.shutdown" in offered["called"]) == (session.version >= (3, 13))
    assert "AbstractEventLoop.sock_recv" in offered["cancelled"]
    assert "Future.result" in offered["called"]
    assert "Future.result" in offered["failed"]
    # An attribute is no function: nothing but the interpreter refuses its use.
    assert "Barrier.broken" in offered["called"] and "Barrier.broken" not in offered["failed"]


def test_an_excuse_ends_with_its_version() -> None:
    assert "DatagramTransport.*" in load_excuses((3, 11, 7))["called"]
    assert "DatagramTransport.*" not in load_excuses((3, 12, 1))["called"]
    assert all(reason for reasons in load_excuses((3, 11)).values() for reason in reasons.values())
