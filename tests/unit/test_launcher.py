"""`python -m aioxide`: each program runs under plain `python` too, and nothing differs."""

import os
import py_compile
import re
import signal
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest

PLAIN = (sys.executable,)
LAUNCHED = (sys.executable, "-m", "aioxide")


def execute(command, cwd, stdin=""):
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTHON") or name in ("PYTHONPATH", "PYTHONHOME")
    }
    done = subprocess.run(
        command,
        input=stdin,
        capture_output=True,
        text=True,
        cwd=cwd,
        env=environment,
        timeout=60,
        check=False,
    )
    return done.stdout, done.stderr, done.returncode


def alike(tmp_path, *arguments, options=(), stdin=""):
    """Run `python ARGUMENTS` both ways; assert that they agree; return (stdout, stderr, status)."""
    words = [str(word) for word in arguments]
    commands = (
        [PLAIN[0], *options, *words],
        [LAUNCHED[0], *options, *LAUNCHED[1:], *words],
    )
    with ThreadPoolExecutor(2) as executor:
        plain, launched = executor.map(lambda command: execute(command, tmp_path, stdin), commands)
    assert comparable(launched) == comparable(plain)
    return plain


def comparable(outcome):
    """Leave out addresses, and how deep a recursion came: the launcher's frames count for that."""
    stdout, stderr, status = outcome
    stdout, stderr = (re.sub(r"0x[0-9a-f]+", "0x", text) for text in (stdout, stderr))
    return stdout, re.sub(r"repeated \d+ more times", "repeated", stderr), status


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


LOOK_AROUND = """\
import sys
shown = {name: value for name, value in globals().items() if name.startswith("__")}
shown["__builtins__"] = type(__builtins__)
print(shown)
print(sys.argv, sys.path, sys.flags)
print((lambda: 0).__code__.co_filename)
print(sys.modules["__main__"].__dict__ is globals())
"""


def test_a_script_finds_itself_as_under_python(tmp_path):
    write(tmp_path / "sub" / "app.py", LOOK_AROUND)
    alike(tmp_path, "sub/app.py", "one", "--two", "-c", "-m")
    alike(tmp_path, tmp_path / "sub" / "app.py")
    alike(tmp_path, "sub/../sub/./app.py")
    stdout, stderr, status = alike(tmp_path, "sub/app.py", options=["-P", "-O", "-X", "dev"])
    assert "ResourceWarning" not in stderr
    assert status == 0
    assert "safe_path=True" in stdout


def test_a_link_to_a_script_imports_from_the_scripts_own_directory(tmp_path):
    write(tmp_path / "real" / "app.py", LOOK_AROUND)
    (tmp_path / "link.py").symlink_to(tmp_path / "real" / "app.py")
    alike(tmp_path, "link.py")


def test_a_module_and_a_package_run_as_with_m(tmp_path):
    write(tmp_path / "module.py", LOOK_AROUND)
    write(tmp_path / "package" / "__init__.py", "import sys; print('parent', sys.argv)\n")
    write(tmp_path / "package" / "__main__.py", LOOK_AROUND + "from . import sibling\n")
    write(tmp_path / "package" / "sibling.py", "print(__name__)\n")
    alike(tmp_path, "-m", "module", "one", "-m")
    alike(tmp_path, "-mmodule", "one")
    stdout, _, _ = alike(tmp_path, "-m", "package", "one")
    assert "package.sibling" in stdout
    alike(tmp_path, "-m", "package.sibling")


@pytest.mark.parametrize("name", ["nowhere", "package", "package.missing", "json.tool.py", ".x"])
def test_a_module_that_cannot_run_is_refused_in_the_same_words(tmp_path, name):
    write(tmp_path / "package" / "__init__.py", "")
    _, stderr, status = alike(tmp_path, "-m", name)
    assert status == 1
    assert stderr.startswith(sys.executable)


def test_code_runs_as_with_c(tmp_path):
    alike(tmp_path, "-c", LOOK_AROUND, "one", "-x")
    alike(tmp_path, "-cprint(1)")
    alike(tmp_path, "-c", "")
    alike(tmp_path, "-c", "   print('indented')")
    alike(tmp_path, "-c", "def f():\n    1/0\nf()")


def test_standard_input_is_a_program(tmp_path):
    alike(tmp_path, "-", "one", stdin=LOOK_AROUND)
    alike(tmp_path, "-", stdin="def f():\n    raise ValueError('x')\nf()\n")
    alike(tmp_path, "-", stdin="input()\n")


def test_a_directory_and_a_zip_file_with_a_main(tmp_path):
    write(tmp_path / "directory" / "__main__.py", LOOK_AROUND + "import helper\n")
    write(tmp_path / "directory" / "helper.py", "print(__file__)\n1/0\n")
    write(tmp_path / "empty" / "nothing.py", "")
    with zipfile.ZipFile(tmp_path / "app.pyz", "w") as archive:
        archive.writestr("__main__.py", LOOK_AROUND + "import helper\n")
        archive.writestr("helper.py", "print(__name__)\n")
    assert alike(tmp_path, "directory", "one")[2] == 1
    assert alike(tmp_path, "./directory/")[2] == 1
    assert alike(tmp_path, "app.pyz", "one")[2] == 0
    _, stderr, status = alike(tmp_path, "empty")
    assert "can't find '__main__' module" in stderr
    assert status == 1


def test_a_compiled_file_is_a_script(tmp_path):
    source = write(tmp_path / "app.py", LOOK_AROUND)
    py_compile.compile(str(source), cfile=str(tmp_path / "compiled.pyc"))
    assert alike(tmp_path, "compiled.pyc", "one")[2] == 0


def test_a_missing_file_is_refused_in_the_same_words(tmp_path):
    _, stderr, status = alike(tmp_path, "missing.py")
    assert "can't open file" in stderr
    assert status == 2


FAILURES = {
    "exception": "def f():\n    1/0\nf()\n",
    "chained": "try:\n    {}['x']\nexcept KeyError as e:\n    raise ValueError('y') from e\n",
    "context": "try:\n    {}['x']\nfinally:\n    int('z')\n",
    "group": "raise ExceptionGroup('several', [ValueError(1), KeyError(2)])\n",
    "syntax": "x = 1\ndef f(:\n    pass\n",
    "indentation": "if 1:\nprint(2)\n",
    "unfinished": "print((1,\n",
    "imported": "import helper\n",
    "imported syntax": "import broken\n",
    "missing import": "import not_there_at_all\n",
    "exit none": "import sys; sys.exit()\n",
    "exit int": "import sys; sys.exit(3)\n",
    "exit large": "import sys; sys.exit(1027)\n",
    "exit str": "import sys; sys.exit('a reason')\n",
    "exit object": "raise SystemExit([1, 2])\n",
    "exit class": "raise SystemExit\n",
    "interrupt": "raise KeyboardInterrupt\n",
    "signal": "import os, signal; os.kill(os.getpid(), signal.SIGTERM)\n",
    "hard exit": "import os; os._exit(9)\n",
    "base exception": "class E(BaseException): pass\nraise E('base')\n",
    "atexit": "import atexit; atexit.register(print, 'at exit')\n1/0\n",
    "thread": (
        "import threading, time\n"
        "threading.Thread(target=lambda: (time.sleep(0.05), print('thread'))).start()\n1/0\n"
    ),
    "hook": "import sys\nsys.excepthook = lambda *a: print('hook', a[:2], a[2].tb_lineno)\n1/0\n",
    "failing hook": "import sys\ndef h(*a):\n    {}['hook']\nsys.excepthook = h\n1/0\n",
    "exiting hook": "import sys\ndef h(*a):\n    sys.exit(5)\nsys.excepthook = h\n1/0\n",
    "warning": "import warnings\nwarnings.warn('seen', DeprecationWarning)\n",
    "recursion": "import sys\nsys.setrecursionlimit(120)\ndef f(): f()\nf()\n",
    "notes": "e = ValueError('x')\ne.add_note('a note')\nraise e\n",
    "finalizer": "class D:\n    def __del__(self): print('deleted')\nd = D()\n",
}


# Each door has its own way of compiling and its own frames; what comes after is one code for all.
DOORS = [("file", failure) for failure in FAILURES] + [
    (door, failure)
    for door in ("-m", "-c", "-")
    for failure in ("exception", "syntax", "imported syntax", "exit str", "interrupt", "warning")
]


@pytest.mark.parametrize(("door", "failure"), DOORS)
def test_a_program_ends_as_under_python(tmp_path, door, failure):
    program = FAILURES[failure]
    write(tmp_path / "app.py", program)
    write(tmp_path / "helper.py", "def g():\n    raise LookupError('helper')\ng()\n")
    write(tmp_path / "broken.py", "def (\n")
    words = {"file": ["app.py"], "-m": ["-m", "app"], "-c": ["-c", program], "-": ["-"]}[door]
    alike(tmp_path, *words, stdin=program if door == "-" else "")


def test_the_status_of_ctrl_c_is_the_signals(tmp_path):
    write(tmp_path / "app.py", "raise KeyboardInterrupt\n")
    assert alike(tmp_path, "app.py")[2] == -signal.SIGINT


def test_an_encoding_cookie_and_a_byte_order_mark_are_understood(tmp_path):
    (tmp_path / "latin.py").write_bytes("# coding: latin-1\nprint(ascii('é'))\n".encode("latin-1"))
    (tmp_path / "mark.py").write_bytes(b"\xef\xbb\xbfprint('mark')\n")
    alike(tmp_path, "latin.py")
    alike(tmp_path, "mark.py")


def test_i_leaves_a_prompt_with_the_programs_names(tmp_path):
    write(tmp_path / "app.py", "answer = 42\n1/0\n")
    questions = "print(answer)\nimport sys; print(sys.last_value.__traceback__.tb_lineno)\n"
    stdout, _, _ = alike(tmp_path, "app.py", options=["-i"], stdin=questions)
    assert stdout.split() == ["42", "2"]


def test_pickles_and_spawned_processes_find_main(tmp_path):
    write(
        tmp_path / "app.py",
        """\
import multiprocessing, pickle

class Point:
    def __init__(self, x):
        self.x = x

def double(point):
    return Point(point.x * 2)

if __name__ == "__main__":
    assert type(pickle.loads(pickle.dumps(Point(1)))) is Point
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(pool.map(double, [Point(3)])[0].x)
""",
    )
    assert alike(tmp_path, "app.py") == ("6\n", "", 0)
    assert alike(tmp_path, "-m", "app") == ("6\n", "", 0)


def test_the_program_runs_on_aioxide(tmp_path):
    program = """\
import asyncio, aioxide
async def main():
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    return isinstance(loop, aioxide.Loop), type(task) is aioxide.Task
print(asyncio.run(main()), asyncio.gather is aioxide.gather)
"""
    write(tmp_path / "app.py", program)
    for words in (["app.py"], ["-m", "app"], ["-c", program], ["-"]):
        stdin = program if words == ["-"] else ""
        outcome = execute([*LAUNCHED, *words], tmp_path, stdin)
        assert outcome == ("(True, True) True\n", "", 0)


@pytest.mark.parametrize("words", [["--unknown"], ["-x"], ["-c"], ["-m"]])
def test_what_cannot_be_understood_is_refused_with_the_usage(tmp_path, words):
    stdout, stderr, status = execute([*LAUNCHED, *words], tmp_path)
    assert (stdout, status) == ("", 2)
    assert "usage: python [option ...] -m aioxide" in stderr


@pytest.mark.parametrize("word", ["-h", "--help"])
def test_help_is_shown(tmp_path, word):
    stdout, stderr, status = execute([*LAUNCHED, word], tmp_path)
    assert (stderr, status) == ("", 0)
    assert stdout.startswith("usage: python [option ...] -m aioxide")
