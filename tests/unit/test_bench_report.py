"""The arithmetic and the text of the benchmark report, on figures made up by hand."""

import argparse
import asyncio

import pytest

from benchmarks.__main__ import core_share_text, memory_text
from benchmarks.case import Case, WorkNotDoneError, expect
from benchmarks.cases import CASES, case_named
from benchmarks.driver import in_turn
from benchmarks.implementations import loop_names
from benchmarks.instructions import Counted, count
from benchmarks.performance_page import replace_section
from benchmarks.report import (
    Ratio,
    Row,
    Speed,
    aims_reached,
    aligned,
    ratio,
    speed,
    summarise,
    table,
    thousands,
    verdict,
)
from benchmarks.worker import calibrate

PEERS = ["asyncio", "uvloop"]
DOORS = ["aioxide-loop", "aioxide"]


async def body(aio, count):
    return count


def make_case(aim=2.0, later_issue=False):
    return Case("switch", "switch a task", body, aim=aim, later_issue=later_issue)


def make_row(aim=2.0, ours=(600_000.0, 900_000.0, 750_000.0)):
    samples = {
        "asyncio": [100_000.0, 110_000.0, 90_000.0],
        "uvloop": [200_000.0, 300_000.0, 250_000.0],
        "aioxide-loop": [400_000.0, 300_000.0, 500_000.0],
        "aioxide": list(ours),
    }
    return summarise(make_case(aim), samples, PEERS, DOORS)


def test_speed_is_median_and_best_of_the_rounds_that_succeeded():
    assert speed([3.0, None, 1.0, 8.0]) == Speed(median=3.0, best=8.0)
    assert speed([None, None]) is None
    assert speed([]) is None


def test_ratio_is_taken_within_each_round():
    # The quotient of the medians would be 1; the rounds say 2, 1 and 0.5.
    assert ratio([2.0, 4.0, 8.0], [1.0, 4.0, 16.0]) == Ratio(1.0, 0.5, 2.0)


def test_ratio_leaves_out_rounds_with_a_failure_on_either_side():
    assert ratio([2.0, None, 9.0], [1.0, 5.0, None]) == Ratio(2.0, 2.0, 2.0)
    assert ratio([None], [1.0]) is None


def test_ratio_refuses_lists_of_different_length():
    with pytest.raises(ValueError, match="shorter"):
        ratio([1.0, 2.0], [1.0])


def test_best_peer_has_the_highest_median_and_is_never_aioxide():
    row = make_row()
    assert row.best_peer == "uvloop"
    assert row.ratios["aioxide"] == Ratio(3.0, 3.0, 3.0)
    assert row.ratios["aioxide-loop"] == Ratio(2.0, 1.0, 2.0)


def test_one_lucky_round_does_not_make_the_best_peer():
    samples = {"asyncio": [9.0, 1.0, 1.0], "uvloop": [2.0, 2.0, 2.0], "aioxide": [4.0, 4.0, 4.0]}
    assert summarise(make_case(), samples, PEERS, DOORS).best_peer == "uvloop"


def test_a_peer_that_failed_is_no_best_peer():
    samples = {"asyncio": [2.0], "uvloop": [None], "aioxide": [4.0]}
    row = summarise(make_case(), samples, PEERS, DOORS)
    assert row.best_peer == "asyncio"
    assert row.speeds["uvloop"] is None
    assert row.ratios == {"aioxide": Ratio(2.0, 2.0, 2.0)}


def test_without_peers_there_is_no_ratio():
    row = summarise(make_case(), {"aioxide": [4.0]}, PEERS, DOORS)
    assert row.best_peer is None
    assert row.ratios == {"aioxide": None}
    assert verdict(row, "aioxide") == "-"


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (Ratio(3.0, 2.5, 3.5), "pass"),
        (Ratio(2.0, 2.0, 2.5), "pass"),
        (Ratio(2.2, 1.9, 2.5), "pass?"),
        (Ratio(1.9, 1.5, 2.0), "FAIL?"),
        (Ratio(1.5, 1.2, 1.9), "FAIL"),
        (None, "FAIL"),
    ],
)
def test_verdict_by_median_with_doubt_where_the_aim_is_inside_the_spread(measured, expected):
    row = Row(make_case(aim=2.0), {}, best_peer="uvloop", ratios={"aioxide": measured})
    assert verdict(row, "aioxide") == expected


def test_aims_reached_counts_doubtful_passes_and_takes_a_failed_door_for_a_miss():
    rows = [
        make_row(aim=3.0),
        make_row(aim=3.1),
        make_row(aim=3.0, ours=(400_000.0, 1_200_000.0, 750_000.0)),
        make_row(ours=(None, None, None)),
        summarise(make_case(), {"aioxide": [4.0]}, PEERS, DOORS),
    ]
    assert aims_reached(rows, "aioxide") == (2, 4)


@pytest.mark.parametrize(
    ("rate", "text"),
    [(14_700_000.0, "14700"), (99_600.0, "100"), (99_499.0, "99.5"), (6_250.0, "6.2")],
)
def test_thousands(rate, text):
    assert thousands(rate) == text


def test_table_shows_both_doors_the_aim_and_the_verdict():
    text = table([make_row()], [*PEERS, *DOORS], headline="aioxide", other_door="aioxide-loop")
    header, rule, line = text.splitlines()
    assert [cell.strip() for cell in header.strip("|").split("|")] == [
        "benchmark",
        "asyncio",
        "uvloop",
        "aioxide-loop",
        "aioxide",
        "best peer",
        "aioxide-loop / best peer",
        "aioxide / best peer",
        "aim",
        "",
    ]
    assert [cell.strip() for cell in line.strip("|").split("|")] == [
        "switch a task",
        "100 (110)",
        "250 (300)",
        "400 (500)",
        "750 (900)",
        "uvloop",
        "2.00 (1.00..2.00)",
        "3.00 (3.00..3.00)",
        "2",
        "pass",
    ]
    assert set(rule) == set("|- ")
    assert len(header) == len(rule) == len(line)


def test_table_of_peers_alone_has_no_ratio_and_says_what_failed():
    row = summarise(make_case(later_issue=True), {"asyncio": [1e6], "uvloop": [None]}, PEERS, DOORS)
    lines = table([row], PEERS, headline="aioxide", other_door="aioxide-loop").splitlines()
    assert lines[0].split() == ["|", "benchmark", "|", "asyncio", "|", "uvloop", "|"]
    assert lines[2] == "| switch a task † | 1000 (1000) | failed |"


def test_aligned_pads_every_column_to_its_widest_cell():
    assert aligned([["a", "bcd"], ["wide", "e"]]) == (
        "| a    | bcd |\n| ---- | --- |\n| wide | e   |"
    )


def test_order_of_the_loops_rotates_with_the_rounds():
    assert [in_turn(["a", "b", "c"], number) for number in range(4)] == [
        ["a", "b", "c"],
        ["b", "c", "a"],
        ["c", "a", "b"],
        ["a", "b", "c"],
    ]


def test_calibration_reaches_the_time_in_whole_groups():
    asked = []

    def measure(count):
        asked.append(count)
        return count * 0.001

    count = calibrate(measure, group=7, seconds=0.2)
    assert count % 7 == 0
    assert 0.19 <= count * 0.001 <= 0.21
    assert asked == [7, 28, 112]


def test_calibration_runs_at_least_one_group():
    assert calibrate(lambda count: 5.0, group=100, seconds=0.2) == 100


def test_section_of_a_version_is_added_then_replaced_and_others_stay():
    page = "# Speed\n\nby hand\n"
    page = replace_section(page, "3.11", "old figures")
    page = replace_section(page, "3.14", "others")
    page = replace_section(page, "3.11", "new figures\n")
    assert page.startswith("# Speed\n\nby hand\n\n<!-- measured 3.11 -->\n## CPython 3.11\n")
    assert "old figures" not in page
    assert page.count("new figures") == page.count("others") == 1
    assert page.index("new figures") < page.index("others")


def test_section_without_its_end_is_refused():
    with pytest.raises(ValueError, match="without"):
        replace_section("<!-- measured 3.11 -->\nfigures\n", "3.11", "new")


def test_expect_names_what_went_wrong():
    expect(1, 1, "same")
    with pytest.raises(WorkNotDoneError, match="turns: got 1 instead of 2"):
        expect(1, 2, "turns")


def test_keys_and_titles_are_unique_and_found():
    assert len({case.key for case in CASES}) == len({case.title for case in CASES}) == len(CASES)
    assert all(case_named(case.key) is case for case in CASES)
    with pytest.raises(KeyError):
        case_named("no such case")


@pytest.mark.parametrize("case", CASES, ids=[case.key for case in CASES])
def test_every_case_does_its_work_on_the_stdlib_loop(case):
    count = 2 * case.group
    with asyncio.Runner() as runner:
        assert runner.run(case.body(asyncio, count)) == count


def test_filter_matches_part_of_key_or_title():
    assert {case.key for case in CASES if case.matches("Queue")} == {"queue", "queue_ping_pong"}
    assert [case.key for case in CASES if case.matches("timers FIRED")] == ["timers_fired"]


def test_loop_names_are_put_in_order_and_aioxide_means_both_doors():
    assert loop_names("aioxide, uvloop asyncio") == [
        "asyncio",
        "uvloop",
        "aioxide-loop",
        "aioxide",
    ]
    assert loop_names("aioxide-loop") == ["aioxide-loop"]


@pytest.mark.parametrize(
    ("text", "complaint"), [("uvlop", "uvlop"), (" , ", "no loop")], ids=["misspelt", "none"]
)
def test_loop_names_refuses_what_it_does_not_know(text, complaint):
    with pytest.raises(argparse.ArgumentTypeError, match=complaint):
        loop_names(text)


def test_a_busy_machine_is_told_for_the_wall_clock_only():
    assert "busy" in core_share_text([0.5, 0.9, 1.0], "wall")
    assert "busy" not in core_share_text([0.5, 0.9, 1.0], "cpu")
    assert core_share_text([0.97, 1.0, 1.0], "wall").endswith("had 100% of a core (median).")


def test_memory_holds_only_aioxide_against_the_aim():
    text = memory_text({"uvloop": 952.0, "rloop": None, "aioxide-loop": 600.0, "aioxide": 601.0})
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()[2:]]
    assert lines == [
        ["uvloop", "952", "", ""],
        ["rloop", "failed", "", ""],
        ["aioxide-loop", "600", "<= 600", "pass"],
        ["aioxide", "601", "<= 600", "FAIL"],
    ]


def test_instructions_of_the_loop_are_told_from_the_interpreters():
    profile = """\
events: Ir
ob=/usr/bin/python3.14
fn=eval
10 100
cob=/cache/aioxide/site/aioxide/_native.so
cfn=turn
calls=3 20
11 5000
12 7
ob=/cache/aioxide/site/aioxide/_native.so
fn=turn
20 40
ob=/usr/lib/python3.14/lib-dynload/_asyncio.cpython-314-x86_64-linux-gnu.so
fn=step
30 2
"""
    assert count(profile.splitlines()) == Counted(all=149, own=42)
