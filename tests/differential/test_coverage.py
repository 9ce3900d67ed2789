"""The differential programs use everything that asyncio offers, and the check of that can fail."""

import pytest

from .coverage import judge, load_excuses, missing, recorded_calls, surface, written_names
from .runner import PROGRAMS, Session


def test_every_public_name_is_used_by_some_program(session: Session) -> None:
    assert missing(session) == []


OFFERED = {"names": ["Lock"], "called": ["Lock.acquire"], "cancelled": ["Lock.acquire"]}
COVERED = {"names": {"Lock"}, "called": {"Lock.acquire"}, "cancelled": {"Lock.acquire"}}


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


def test_the_surface_is_the_running_versions(session: Session) -> None:
    offered = surface(session)
    assert ("Queue.shutdown" in offered["called"]) == (session.version >= (3, 13))
    assert "AbstractEventLoop.sock_recv" in offered["cancelled"]
    assert "Future.result" in offered["called"]


def test_an_excuse_ends_with_its_version() -> None:
    assert "DatagramTransport.*" in load_excuses((3, 11, 7))["called"]
    assert "DatagramTransport.*" not in load_excuses((3, 12, 1))["called"]
    assert all(reason for reasons in load_excuses((3, 11)).values() for reason in reasons.values())
