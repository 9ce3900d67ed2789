"""`python -m aioxide` alone: a prompt at which await works."""

import os
import pty
import select
import signal
import subprocess
import sys
import time

import pytest

COMMAND = [sys.executable, "-m", "aioxide"]


def environment(**more):
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTHON") or name in ("PYTHONPATH", "PYTHONHOME")
    }
    return {**inherited, "PYTHONWARNINGS": "ignore", **more}


def converse(text, *options, **more):
    command = [COMMAND[0], *options, *COMMAND[1:]]
    return subprocess.run(
        command,
        input=text,
        capture_output=True,
        text=True,
        env=environment(**more),
        timeout=60,
        check=False,
    )


def test_it_greets_and_says_goodbye():
    done = converse("")
    assert done.returncode == 0
    assert f"aioxide REPL, Python {sys.version} on {sys.platform}" in done.stderr
    assert ">>> import aioxide as asyncio\n" in done.stderr
    assert done.stderr.endswith("exiting aioxide REPL...\n")
    assert "aioxide REPL, Python" not in converse("", "-q").stderr


def test_await_works_at_the_top():
    done = converse("await asyncio.sleep(0, 'slept')\nx = await asyncio.sleep(0, 2)\nx + 1\n")
    assert "'slept'" in done.stdout
    assert "3" in done.stdout


def test_asyncio_means_aioxide_and_its_loop():
    done = converse("asyncio.__name__\nisinstance(asyncio.get_running_loop(), asyncio.Loop)\n")
    assert "'aioxide'" in done.stdout
    assert "True" in done.stdout


def test_context_variables_last_from_line_to_line():
    done = converse(
        "import contextvars\n"
        "v = contextvars.ContextVar('v', default='unset')\n"
        "async def put(): _ = v.set('kept')\n\n"
        "await put()\n"
        "v.get()\n"
    )
    assert "'kept'" in done.stdout


def test_tasks_go_on_between_the_lines():
    done = converse(
        "done = asyncio.Event()\n"
        "task = asyncio.create_task(asyncio.sleep(0, 'went on'))\n"
        "await asyncio.sleep(0.05)\n"
        "task.result()\n"
    )
    assert "'went on'" in done.stdout


@pytest.mark.parametrize("statement", ["1/0", "await failing()"])
def test_an_error_is_shown_without_the_prompts_own_frames(statement):
    done = converse(f"async def failing(): 1/0\n\n{statement}\nprint('after')\n")
    assert "ZeroDivisionError: division by zero" in done.stderr
    assert 'File "<stdin>", line 1, in <module>' in done.stderr
    assert "_repl.py" not in done.stderr
    assert "concurrent" not in done.stderr
    assert "after" in done.stdout


@pytest.mark.parametrize(
    ("statement", "status", "text"),
    [
        ("exit()", 0, ""),
        ("exit(7)", 7, ""),
        ("raise SystemExit('a reason')", 1, "a reason\n"),
        ("await asyncio.sleep(0); raise SystemExit(4)", 4, ""),
    ],
)
def test_exit_ends_the_process_with_its_status(statement, status, text):
    done = converse(f"{statement}\n")
    assert done.returncode == status
    assert done.stderr.endswith(f"exiting aioxide REPL...\n{text}")


def test_the_startup_file_runs_and_may_fail(tmp_path):
    startup = tmp_path / "startup.py"
    startup.write_text("started = 'from the startup file'\n1/0\n")
    done = converse("started\n", PYTHONSTARTUP=str(startup))
    assert "'from the startup file'" in done.stdout
    assert "ZeroDivisionError" in done.stderr


class Terminal:
    """A prompt on a pseudo-terminal."""

    def __init__(self, *words, **more):
        self.side, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [*COMMAND, *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment(TERM="xterm", PYTHON_HISTORY=os.devnull, NO_COLOR="1", **more),
            start_new_session=True,
        )
        os.close(theirs)
        self.seen = ""

    def wait_for(self, text, seconds=30):
        deadline = time.monotonic() + seconds
        while text not in self.seen:
            left = deadline - time.monotonic()
            assert left > 0, f"no {text!r} in {self.seen!r}"
            if select.select([self.side], [], [], left)[0]:
                try:
                    piece = os.read(self.side, 65536)
                except OSError:  # What Linux says when the other side is gone.
                    piece = b""
                assert piece or text in self.seen, f"ended without {text!r}: {self.seen!r}"
                self.seen += piece.decode()

    def type(self, text):
        self.seen = ""
        os.write(self.side, text.encode())

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.side)


@pytest.fixture(params=["basic", "editor"])
def terminal(request):
    if request.param == "editor" and sys.version_info < (3, 13):
        pytest.skip("the editor came with 3.13")
    more = {"PYTHON_BASIC_REPL": "1"} if request.param == "basic" else {}
    opened = Terminal(**more)
    yield opened
    opened.close()


def test_ctrl_c_cancels_what_is_awaited_and_the_prompt_goes_on(terminal):
    terminal.wait_for(">>> import aioxide as asyncio")
    # One statement: from 3.13 on the console runs each statement of a line by itself, and Ctrl-C
    # between two of them has nothing to cancel.
    terminal.type("async def wait(): print('wait' + 'ing'); await asyncio.sleep(60)\r\r")
    terminal.type("await wait()\r")
    terminal.wait_for("waiting\r\n")
    terminal.seen = ""
    os.kill(terminal.process.pid, signal.SIGINT)
    # The plain console says KeyboardInterrupt, the editor only shows its next line.
    terminal.wait_for(">>> ")
    terminal.type("print('still ' + 'here')\r")
    terminal.wait_for("still here")
    terminal.type("exit(3)\r")
    terminal.wait_for("exiting aioxide REPL")
    assert terminal.process.wait(30) == 3


def test_a_dash_on_a_terminal_is_the_prompt_too():
    terminal = Terminal("-", PYTHON_BASIC_REPL="1")
    try:
        terminal.wait_for(">>> import aioxide as asyncio")
    finally:
        terminal.close()
