"""Each example prints the same on aioxide as on plain asyncio: what its golden text says.

``examples_expected/NAME.stdout`` is the whole output; each line of ``NAME.stderr`` must occur in
what the program says on stderr, which is empty when there is no such file.
"""

import os
import pty
import re
import subprocess

import pytest

import toolkit

EXAMPLES = toolkit.ROOT / "examples"
EXPECTED = toolkit.ROOT / "tests" / "examples_expected"

NAMES = sorted(path.stem for path in EXAMPLES.glob("*.py"))
# What plain asyncio has no longer; the program's own text says so.
AIOXIDE_ONLY = {"generators"}


def check(name: str, done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stderr
    assert done.stdout == (EXPECTED / f"{name}.stdout").read_text(encoding="utf-8")
    fragments = EXPECTED / f"{name}.stderr"
    if fragments.exists():
        for line in fragments.read_text(encoding="utf-8").splitlines():
            assert line in done.stderr
    else:
        assert done.stderr == ""


@pytest.mark.parametrize("name", [name for name in NAMES if name not in AIOXIDE_ONLY])
def test_output(name, launch):
    check(name, launch(EXAMPLES / f"{name}.py"))


@pytest.mark.only("aioxide")
@pytest.mark.parametrize("name", sorted(AIOXIDE_ONLY))
def test_output_under_aioxide(name, launch):
    check(name, launch(EXAMPLES / f"{name}.py"))


def test_one_producer_and_one_consumer(launch):
    done = launch(EXAMPLES / "producer_consumer.py", "-p", "1", "-c", "1")
    check("producer_consumer-p1-c1", done)


def test_a_queue_without_consumers_is_refused(launch):
    done = launch(EXAMPLES / "producer_consumer.py", "-c", "0")
    assert done.returncode == 2
    assert "there must be a consumer" in done.stderr


def test_laundry_redraws_its_lines_in_place_on_a_terminal(implementation):
    ours, theirs = pty.openpty()
    command = [*toolkit.DOORS[implementation], EXAMPLES / "laundry.py"]
    with subprocess.Popen(command, stdout=theirs, stderr=subprocess.PIPE, text=True) as program:
        os.close(theirs)
        drawn = read_to_the_end(ours)
        complaints = program.stderr.read()
    assert (program.returncode, complaints) == (0, "")

    rows = screen(drawn)
    assert rows[:10] == [f"machine {n:2} [############] done" for n in range(1, 11)]
    assert rows[10].startswith("10 washes")
    # In between each machine had been at every step.
    assert drawn.count("] washing") == 10 * 12
    assert drawn.count("] done") == 10


def read_to_the_end(terminal: int) -> str:
    """Everything that is written to the terminal until the last writer closes it."""
    pieces = []
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            # Linux says EIO, not end of file, when the other end of a terminal is gone.
            piece = b""
        if not piece:
            os.close(terminal)
            return b"".join(pieces).decode()
        pieces.append(piece)


def screen(drawn: str) -> list[str]:
    """The rows that a terminal shows after all this was written to it."""
    rows = [""]
    row = column = 0
    for count, command, control, text in re.findall(
        r"\x1b\[(\d+)([ABK])|([\r\n])|([^\x1b\r\n]+)", drawn
    ):
        match command or control:
            case "A":
                row -= int(count)
            case "B":
                row += int(count)
            case "K":
                rows[row] = ""
            case "\r":
                column = 0
            case "\n":
                row += 1
                rows.extend([""] * (row + 1 - len(rows)))
            case _:
                rows[row] = rows[row].ljust(column)[:column] + text
                column += len(text)
    return rows


@pytest.mark.parametrize("name", NAMES)
def test_every_example_says_what_to_look_at_and_is_listed(name):
    text = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    assert text.startswith('"""')
    assert "\nLook at: " in text
    assert f"[{name}.py]({name}.py)" in (EXAMPLES / "README.md").read_text(encoding="utf-8")


def test_no_expectation_is_left_over():
    expected = {path.stem.partition("-")[0] for path in EXPECTED.iterdir()}
    assert expected == set(NAMES)
