"""The toolkit keeps what `conftest.py` promises: a check that cannot fail would hide everything."""

import asyncio
import os

import pytest

import toolkit


def test_run_returns_the_result_and_passes_arguments(run):
    async def add(left, right):
        await asyncio.sleep(0)
        return left + right

    assert run(add, 1, 2) == 3


@pytest.mark.parametrize("debug", [False, True])
def test_run_sets_the_debug_mode(run, debug):
    async def main():
        return asyncio.get_running_loop().get_debug()

    assert run(main, debug=debug) is debug


def test_run_uses_a_loop_of_the_implementation(implementation, run):
    async def main():
        return type(asyncio.get_running_loop()).__module__.partition(".")[0]

    assert run(main) == implementation


def test_run_notices_what_the_loop_reports(run):
    async def main():
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)
        await asyncio.sleep(0)

    run(main)
    with pytest.raises(AssertionError, match="exception handler"):
        run.check_reports()
    assert isinstance(run.reports.pop()["exception"], ZeroDivisionError)


@pytest.mark.only("asyncio")
def test_only_one_implementation(implementation, aio, loop, loop_factory):
    assert implementation == "asyncio"
    assert aio is asyncio
    assert loop_factory is asyncio.new_event_loop
    assert not loop.is_running()


def test_launch_gives_code_and_outputs(launch):
    program = "import sys; print(sys.argv[1]); sys.stderr.write('aside'); sys.exit(3)"
    done = launch("-c", program, "word")
    assert (done.returncode, done.stdout, done.stderr) == (3, "word\n", "aside")


@pytest.mark.only("asyncio")
def test_launch_drops_settings_of_the_tester(implementation, monkeypatch):
    monkeypatch.setenv("PYTHONASYNCIODEBUG", "1")
    program = "import os; print(os.environ.get('PYTHONASYNCIODEBUG'))"
    assert toolkit.launch(implementation, "-c", program).stdout == "None\n"
    assert os.environ["PYTHONASYNCIODEBUG"] == "1"
