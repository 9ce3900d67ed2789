"""The harness sees what it must see, and nothing else: differences are planted, and must be found.

A planted door is asyncio with one thing changed by its prelude. The control doors run asyncio
unchanged.
"""

import textwrap

import pytest

from .doors import DOORS, REFERENCE, Door
from .normalise import normalise
from .runner import Result, Session, difference, find_programs

PROGRAM = """# ends with 3
import asyncio
import sys
import warnings

async def step(name):
    print(name, "begins")
    await asyncio.sleep(0)
    print(name, "ends")

async def main():
    await asyncio.gather(step("a"), step("b"))
    try:
        asyncio.get_running_loop().call_later(None, print)
    except TypeError as error:
        print(error)
    asyncio.get_running_loop().call_soon(lambda: 1 / 0)
    await asyncio.sleep(0)
    step("forgotten")
    await asyncio.wait_for(asyncio.sleep(0), 1)

asyncio.run(main())
sys.exit(3)
"""

PATCH = "import asyncio, asyncio.base_events, os, sys\nLoop = asyncio.base_events.BaseEventLoop\n"

PLANTED = {
    "order": """
        def backwards(*awaitables, gather=asyncio.gather):
            return gather(*reversed(awaitables))
        asyncio.gather = backwards
    """,
    "text": """
        def call_later(self, delay, callback, *args, context=None):
            raise TypeError("delay must not be nothing")
        Loop.call_later = call_later
    """,
    "exception type": """
        def call_later(self, delay, callback, *args, context=None):
            raise ValueError("delay must not be None")
        Loop.call_later = call_later
    """,
    "exit code": """
        sys.exit = lambda code: os._exit(code + 1)
    """,
    "a crash": """
        import signal
        sys.exit = lambda code: os.kill(os.getpid(), signal.SIGSEGV)
    """,
    "one more warning": """
        import warnings
        def run(main, run=asyncio.run):
            warnings.warn("running", DeprecationWarning, stacklevel=2)
            run(main)
        asyncio.run = run
    """,
    "one warning less": """
        import warnings
        warnings.filterwarnings("ignore", "coroutine .* was never awaited")
    """,
    "one report less": """
        Loop.call_exception_handler = lambda self, context: None
    """,
    "a hang": """
        import time
        sys.exit = lambda code: time.sleep(60)
    """,
}


@pytest.fixture(scope="module")
def quick(session):
    """A session whose time limit is short enough to plant a hang."""
    with Session(session.command, seconds=3) as quick:
        yield quick


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    path = tmp_path_factory.mktemp("planted") / "program.py"
    path.write_text(PROGRAM)
    return path


@pytest.mark.parametrize("plant", PLANTED)
def test_planted_difference_is_found(quick, program, plant):
    door = Door(plant, prelude=PATCH + textwrap.dedent(PLANTED[plant]))
    assert quick.compare(program, door), f"{plant}: not noticed"


@pytest.mark.parametrize("door", ["asyncio", "plain"])
def test_same_implementation_shows_no_difference(quick, program, door):
    """Also through a plain interpreter without the bootstrap.

    The bootstrap can't be told from it.
    """
    assert quick.compare(program, DOORS[door]) == ""


def test_reference_run_is_what_the_program_does(quick, program):
    result = quick.run(program, REFERENCE)
    assert result.status == 3
    assert result.stdout.splitlines() == [
        "a begins", "b begins", "a ends", "b ends", "delay must not be None",
    ]  # fmt: skip
    assert "ZeroDivisionError" in result.stderr
    assert "RuntimeWarning: coroutine 'step' was never awaited" in result.stderr


def test_module_door_renames_every_form_of_import(quick, tmp_path):
    (tmp_path / "renamed.py").write_text("name = 'renamed'\ndef run(): pass\n")
    program = tmp_path / "program.py"
    program.write_text(
        "import asyncio\nimport asyncio as other\nfrom asyncio import name\n"
        "import sys\nprint(asyncio.name, other.name, name, asyncio.__name__)\n"
    )
    path = f"import sys; sys.path.insert(1, {str(tmp_path)!r}); import renamed"
    result = quick.run(program, Door("renamed", prelude=path, module="renamed"))
    assert (result.stdout, result.status) == ("renamed renamed renamed renamed\n", 0)


def test_uncaught_exception_and_arguments_are_those_of_a_plain_run(quick, tmp_path):
    program = tmp_path / "program.py"
    program.write_text("import sys\nprint(sys.argv[1:], __name__)\ndef f():\n    1 / 0\nf()\n")
    arguments = ("one", "two")
    forked = quick.run(program, REFERENCE, arguments)
    assert forked == quick.run(program, DOORS["plain"], arguments)
    assert (forked.stdout, forked.status) == ("['one', 'two'] __main__\n", 1)


def test_interrupted_program_ends_by_its_signal(quick, tmp_path):
    program = tmp_path / "program.py"
    program.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    forked = quick.run(program, REFERENCE)
    assert forked.status == quick.run(program, DOORS["plain"]).status
    assert "KeyboardInterrupt" in forked.stderr


def test_reference_that_hangs_is_a_failure_not_an_agreement(quick, tmp_path):
    program = tmp_path / "program.py"
    program.write_text("import time\ntime.sleep(60)\n")
    assert "does not end with 0" in quick.compare(program, REFERENCE)


def test_a_program_that_breaks_off_on_both_is_a_failure_not_an_agreement(quick, tmp_path):
    program = tmp_path / "program.py"
    program.write_text('print("begins")\nprint(undefined)\nprint("ends")\n')
    assert "does not end with 0" in quick.compare(program, REFERENCE)
    program.write_text("# ends with 5\nraise SystemExit(5)\n")
    with Session(quick.command) as another:
        assert not another.compare(program, REFERENCE)


def test_one_programs_crash_leaves_the_bootstrap_serving(quick, tmp_path, program):
    crash = tmp_path / "crash.py"
    crash.write_text("import os\nos.abort()\n")
    assert quick.run(crash, REFERENCE).status == -6
    assert quick.run(program, REFERENCE).status == 3


def test_bootstrap_that_cannot_open_its_door_says_why(quick, program):
    with pytest.raises(RuntimeError, match="no_such_module"):
        quick.run(program, Door("absent", prelude="import no_such_module"))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("<Future at 0x7f00>", "<Future at 0x7f11>"),
        ("<class '_asyncio.Task'>", "<class 'aioxide.Task'>"),
        ("asyncio.exceptions.CancelledError", "asyncio.CancelledError"),
        ("<_UnixSelectorEventLoop running=True closed=False>", "<Loop running=True closed=False>"),
        ("<TimerHandle when=12.5 f()>", "<TimerHandle when=99.25 f()>"),
        ("cb=[done() at /usr/lib/python3.13/asyncio/x.py:3]", "cb=[done() at /p/aioxide/y.py:9]"),
        (
            'Traceback (most recent call last):\n  File "/l/asyncio/t.py", line 3, in f\n    f\nE',
            "E",
        ),
        (
            "p.py:3: RuntimeWarning: coroutine 'f' was never awaited\n  f()\n",
            "RuntimeWarning: coroutine 'f' was never awaited\n",
        ),
        (
            "call_soon() takes 2 positional arguments but 3 were given",
            "Loop.call_soon() takes exactly 2 arguments (3 given)",
        ),
        (
            "f() got an unexpected keyword argument 'k'",
            "'k' is an invalid keyword argument for f()",
        ),
        (
            "<Future pending created at /l/asyncio/base_events.py:4>",
            "<Future pending created at p.py:9>",
        ),
    ],
)
def test_what_does_not_count(left, right):
    assert normalise(left) == normalise(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("<Task name='Task-1'>", "<Task name='Task-2'>"),
        ("Task is done", "task is done"),
        ("ValueError", "KeyError"),
        ('  File "/p/program.py", line 3, in f', '  File "/p/program.py", line 4, in f'),
        ("p.py:3: DeprecationWarning: old\n", "p.py:4: DeprecationWarning: old\n"),
        ("<Future pending>", "<Future cancelled>"),
    ],
)
def test_what_counts(left, right):
    assert normalise(left) != normalise(right)


@pytest.mark.parametrize("changed", ["status", "stdout", "stderr"])
def test_every_part_of_a_result_is_compared(changed):
    parts = {"status": 0, "stdout": "out\n", "stderr": "err\n"}
    other = parts | {changed: 1 if changed == "status" else "changed\n"}
    assert difference(Result(**parts), Result(**parts)) == ""
    assert difference(Result(**parts), Result(**other)) != ""


def test_there_are_programs():
    assert len(find_programs()) >= 40
    assert find_programs(["tasks/cancel"])
    assert not find_programs(["no such program"])
