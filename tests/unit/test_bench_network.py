"""The arithmetic and the text of the network report, on figures made up by hand."""

import sys
from pathlib import Path

import pytest

from benchmarks.driver import Laboratory, WorkerError
from benchmarks.network.__main__ import parse_options
from benchmarks.network.driver import NetworkLaboratory, NetworkPlan, applicable, running_server
from benchmarks.network.report import (
    NetworkRow,
    aims_reached,
    core_shares,
    significant,
    tables,
    verdict,
)
from benchmarks.network.scenario import USUAL, Aim, Scenario, echo, grid, size_text
from benchmarks.performance_page import replace_section
from benchmarks.report import Ratio
from benchmarks.servers.address import Address
from benchmarks.servers.kinds import KINDS

PEERS = ["asyncio", "uvloop"]


def sample(rate, user, system=5.0, memory=None):
    return {
        "per_second": rate,
        "server_user_us": user,
        "server_system_us": system,
        "p50_us": 50.0,
        "p99_us": 200.0,
        "memory_per_connection": memory,
        "server_core_share": 0.5,
    }


def make_row(scenario=None, **changed):
    samples = {
        "asyncio": [sample(10_000, 8.0), sample(12_000, 8.0)],
        "uvloop": [sample(50_000, 2.0), sample(60_000, 2.5)],
        "aioxide": [sample(100_000, 1.0), sample(90_000, 1.0)],
        "limit": [sample(110_000, 0.1), sample(100_000, 0.1)],
    }
    return NetworkRow(scenario or echo("protocol"), samples | changed, PEERS)


def test_scenarios_have_names_of_their_own_and_cover_what_was_promised():
    assert len({scenario.key for scenario in USUAL}) == len(USUAL)
    assert len({scenario.title for scenario in USUAL}) == len(USUAL)
    assert {scenario.kind.name for scenario in USUAL} == set(KINDS)
    assert {scenario.connections for scenario in USUAL} >= {1, 10, 200, 5000}
    assert {scenario.size for scenario in USUAL} >= {64, 1024, 65_536, 1_048_576}
    assert {scenario.family for scenario in USUAL} == {"tcp", "unix", "udp"}


def test_a_filter_is_words_of_the_name():
    scenario = echo("read", 5000)
    assert scenario.matches("") and scenario.matches("READ 5000") and scenario.matches("1KiB")
    assert not scenario.matches("read 200")


def test_a_grid_has_every_combination():
    made = grid(["protocol", "read"], [1, 10], [64, 1024], ["tcp", "unix"], [1])
    assert len({scenario.key for scenario in made}) == 16


def test_sizes_read_as_people_write_them():
    assert [size_text(size) for size in (64, 1024, 1500, 65_536, 1 << 20)] == [
        "64 B",
        "1 KiB",
        "1500 B",
        "64 KiB",
        "1 MiB",
    ]


def test_ratios_are_of_the_rounds_against_the_best_peer_and_the_limit():
    row = make_row()
    assert row.best_peer() == "uvloop"
    assert row.against("aioxide", "uvloop") == Ratio(1.75, 1.5, 2.0)
    assert row.held_against_aim("aioxide") == row.against("aioxide", "limit")


def test_user_cpu_is_held_against_the_thriftiest_peer():
    row = make_row(echo("read"), uvloop=[sample(50_000, 9.0), sample(50_000, 9.0)])
    assert row.best_peer() == "uvloop"
    assert row.held_against_aim("aioxide") == Ratio(0.125, 0.125, 0.125)
    unknown = make_row(echo("read"), aioxide=[sample(100_000, 0.0), sample(90_000, 0.0)])
    assert unknown.held_against_aim("aioxide") is None


def test_a_failure_is_no_figure_and_no_pass():
    row = make_row(uvloop=[None, None], aioxide=[None, None])
    assert row.best_peer() == "asyncio"
    assert row.middle("aioxide", "per_second") is None
    assert aims_reached([row], "aioxide") == (0, 1)
    assert aims_reached([make_row()], "aioxide") == (1, 1)


@pytest.mark.parametrize(
    ("aim", "measured", "word"),
    [
        (Aim("peer", 1), Ratio(1.2, 1.1, 1.3), "pass"),
        (Aim("peer", 1), Ratio(1.2, 0.9, 1.3), "pass?"),
        (Aim("limit", 0.9), Ratio(0.8, 0.7, 0.85), "FAIL"),
        (Aim("user", 0.5), Ratio(0.4, 0.3, 0.45), "pass"),
        (Aim("user", 0.5), Ratio(0.6, 0.4, 0.7), "FAIL?"),
        (Aim("peer", 1), None, "-"),
    ],
)
def test_verdicts(aim, measured, word):
    assert verdict(aim, measured, failed=False) == word
    assert verdict(aim, measured, failed=True) == "FAIL"


def test_figures_have_three_digits():
    assert [significant(value) for value in (0.123, 1.234, 12.34, 123.4, 1234.5, 0.0)] == [
        "0.12",
        "1.23",
        "12.3",
        "123",
        "1234",
        "0.00",
    ]


def test_the_tables_show_figures_failures_and_what_does_not_apply():
    loops = [*PEERS, "aioxide-loop", "aioxide", "limit"]
    rows = [make_row(asyncio=[None, None]), make_row(echo("read", 200))]
    text = tables(rows, loops, "aioxide")
    rates, cpu, latencies = text.split("\n\n")
    cells = [cell.strip() for cell in rates.splitlines()[2].strip("|").split("|")]
    assert cells[:6] == ["echo, Protocol, 10 conn, 1 KiB", "failed", "55.0", "", "95.0", "105"]
    assert cells[-2:] == ["0.9 of the limit", "pass"]
    assert "2.25 + 5.00" in cpu and "50.0 / 200" in latencies
    memory = [sample(1, 1.0, memory=2048.0)]
    told = tables([make_row(asyncio=memory)], loops, "aioxide").split("\n\n")[3]
    assert "2.00" in told and "KiB a connection" in told


def test_core_shares_are_those_of_everything_measured():
    assert core_shares([make_row(asyncio=[None, None])], "server_core_share") == [0.5] * 6


def test_the_second_door_is_measured_where_the_server_uses_the_module():
    loops = ["asyncio", "aioxide-loop", "aioxide"]
    assert applicable(loops, echo("read"), "aioxide-loop") == loops
    assert applicable(loops, echo("protocol"), "aioxide-loop") == ["asyncio", "aioxide"]
    assert applicable([*loops, "limit"], echo("read"), "aioxide-loop") == [*loops, "limit"]
    page = Scenario(KINDS["uvicorn"], "http")
    assert applicable([*loops, "limit"], page, "aioxide-loop") == ["asyncio", "aioxide"]


def test_the_command_line_names_the_usual_scenarios_or_a_grid(capsys):
    assert parse_options(["--tools=x"]).scenarios == list(USUAL)
    chosen = parse_options(["--tools=x", "--kinds=read sock", "--sizes", "64,1024"]).scenarios
    assert [scenario.key for scenario in chosen] == [
        "echo-read-tcp-10-64B",
        "echo-read-tcp-10-1KiB",
        "echo-sock-tcp-10-64B",
        "echo-sock-tcp-10-1KiB",
    ]
    for wrong in (["--kinds=writes"], ["--net=nothing"], ["--write", "--net=udp"]):
        with pytest.raises(SystemExit):
            parse_options(["--tools=x", *wrong])
    capsys.readouterr()


def test_network_sections_stand_beside_the_scheduler_s():
    page = replace_section("# Performance\n", "3.14", "scheduler")
    page = replace_section(page, "3.14", "first", subject="network")
    page = replace_section(page, "3.14", "second", subject="network")
    assert "## CPython 3.14, network\n\nsecond" in page
    assert "## CPython 3.14\n\nscheduler" in page and "first" not in page


def test_a_server_that_does_not_start_says_why():
    command = [sys.executable, "-c", "raise SystemExit('no such loop')"]
    with pytest.raises(WorkerError, match="no such loop"):
        with running_server(command, {}):
            pass


def test_commands_name_the_server_and_the_load():
    laboratory = NetworkLaboratory(Laboratory("python", core=1), Path("/tools"))
    scenario = Scenario(KINDS["read"], size=64, depth=2)
    assert laboratory.server_command("limit", scenario, Address("tcp")) == [
        "/tools/limit",
        "echo",
        "tcp:127.0.0.1:0",
    ]
    server = laboratory.server_command("uvloop", scenario, Address("tcp"))
    assert server[1:5] == ["-m", "benchmarks.servers", "uvloop", "read"]
    client = laboratory.client_command(scenario, NetworkPlan(1, 0.5, 0.1), "tcp:h:1", 42)
    assert client[:3] == ["/tools/loadgen", "echo", "tcp:h:1"]
    assert client[client.index("--server-pid") + 1] == "42"
