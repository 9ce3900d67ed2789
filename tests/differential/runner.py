"""Runs programs through doors and compares what could be observed.

A ``Session`` belongs to one interpreter. It keeps one bootstrap process for each door it was asked
for, and the reference results, so that a program runs once on asyncio however many doors it is
compared with.
"""

import difflib
import json
import os
import re
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .doors import REFERENCE, Door
from .normalise import normalise

HERE = Path(__file__).resolve().parent
PROGRAMS = HERE / "programs"
SUPPORT = HERE / "support"
SECONDS = 30

# Everything is shown (-W always), and a crash or hang says where it was (faulthandler).
INTERPRETER_OPTIONS = ("-W", "always", "-X", "faulthandler")

# What could make two runs of one program differ, or colour their output.
UNSET = (
    "PYTHONASYNCIODEBUG",
    "PYTHONDEVMODE",
    "PYTHONWARNINGS",
    "PYTHONSTARTUP",
    "FORCE_COLOR",
    "COLUMNS",
)
SET = {"PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "NO_COLOR": "1", "PYTHON_COLORS": "0"}


@dataclass(frozen=True)
class Result:
    """What one run showed.

    ``status`` is the exit code, negative for a signal, None for a run killed for time.
    """

    status: int | None
    stdout: str
    stderr: str

    def lines(self) -> list[str]:
        """The result as normalised text, for comparing and for showing."""
        status = "killed for time" if self.status is None else str(self.status)
        lines = [f"exit code: {status}"]
        for title, text in (("stdout", self.stdout), ("stderr", self.stderr)):
            lines += [f"--- {title}", *normalise(text).splitlines()]
        return lines


def difference(reference: Result, subject: Result, name: str = "subject") -> str:
    """A unified diff of two results, empty when they show the same behaviour."""
    diff = difflib.unified_diff(
        reference.lines(), subject.lines(), "asyncio", name, lineterm="", n=4
    )
    return "\n".join(diff)


def find_programs(selection: list[str] | None = None) -> list[Path]:
    """All programs, or those whose ``area/name`` contains one of the texts, in a fixed order."""
    programs = sorted(PROGRAMS.glob("*/*.py"))
    if selection:
        programs = [p for p in programs if any(text in program_name(p) for text in selection)]
    return programs


def program_name(program: Path) -> str:
    """``area/name`` of a program file."""
    return f"{program.parent.name}/{program.stem}"


def needed_version(program: Path) -> tuple[int, ...]:
    """The version after "# Needs Python" in the program's first line; (3, 11) when it has none."""
    match = re.match(r"# Needs Python (\d+)\.(\d+)", first_line(program))
    return tuple(map(int, match.groups())) if match else (3, 11)


def excluded_door(program: Path) -> str | None:
    """The door after "not through" in the program's first line, where the reason follows."""
    match = re.match(r"# .*\bnot through (\w+):", first_line(program))
    return match[1] if match else None


def wanted_status(program: Path) -> int:
    """The exit code after "ends with" in the program's first line, else 0."""
    match = re.match(r"# .*\bends with (-?\d+)\b", first_line(program))
    return int(match[1]) if match else 0


def first_line(program: Path) -> str:
    with program.open(encoding="utf-8") as file:
        return file.readline()


class Bootstrap:
    """A running ``bootstrap.py`` with one door open."""

    def __init__(self, command: list[str], door: Door, environment: dict[str, str]):
        request = json.dumps({"prelude": door.prelude, "module": door.module})
        # A file, not a pipe: nobody reads it while the bootstrap runs, so a pipe could fill up.
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed by close()
        self.process = subprocess.Popen(
            [*command, *INTERPRETER_OPTIONS, str(HERE / "bootstrap.py"), request],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env=environment,
            text=True,
        )
        self.door = door
        self.version = tuple(self.answer()["version"])

    def answer(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.errors.seek(0)
            reason = self.errors.read()
            self.close()
            raise RuntimeError(f"the bootstrap of door {self.door.name!r} ended: {reason}")
        return json.loads(line)

    def run(self, program: Path, arguments: tuple[str, ...], seconds: float) -> Result:
        request = {"program": str(program), "arguments": arguments, "seconds": seconds}
        print(json.dumps(request), file=self.process.stdin, flush=True)
        answer = self.answer()
        return Result(answer["status"], answer["stdout"], answer["stderr"])

    def close(self) -> None:
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass  # it ended with a request unread
        self.process.wait()
        self.process.stdout.close()
        self.errors.close()


class Session:
    """Runs programs on one interpreter, given as its command line, through any door."""

    def __init__(self, command: list[str], path: list[str] | None = None, seconds: float = SECONDS):
        self.command = command
        self.seconds = seconds
        self.environment = {k: v for k, v in os.environ.items() if k not in UNSET} | SET
        inherited = self.environment.get("PYTHONPATH")
        entries = [str(SUPPORT), *(path or []), *([inherited] if inherited else [])]
        self.environment["PYTHONPATH"] = os.pathsep.join(entries)
        self.bootstraps: dict[Door, Bootstrap] = {}
        self.references: dict[Path, Result] = {}

    def bootstrap(self, door: Door) -> Bootstrap:
        if door not in self.bootstraps:
            self.bootstraps[door] = Bootstrap(self.command, door, self.environment)
        return self.bootstraps[door]

    @property
    def version(self) -> tuple[int, ...]:
        """The version of the interpreter under test."""
        return self.bootstrap(REFERENCE).version

    def run(self, program: Path, door: Door, arguments: tuple[str, ...] = ()) -> Result:
        """Run ``program`` once through ``door``."""
        if door.launcher:
            return self.launch(program, door, arguments)
        try:
            return self.bootstrap(door).run(program, arguments, self.seconds)
        except (RuntimeError, BrokenPipeError):
            broken = self.bootstraps.pop(door, None)
            if broken is not None:
                broken.close()
            raise

    def launch(self, program: Path, door: Door, arguments: tuple[str, ...]) -> Result:
        command = [*self.command, *INTERPRETER_OPTIONS, *door.launcher, str(program), *arguments]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environment,
            encoding="utf-8",
            errors="backslashreplace",
            process_group=0,
        )
        try:
            stdout, stderr = process.communicate(timeout=self.seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGABRT)  # faulthandler says where it hung
            stdout, stderr = process.communicate()
            return Result(None, stdout, stderr)
        return Result(process.returncode, stdout, stderr)

    def compare(self, program: Path, door: Door) -> str:
        """The difference that ``program`` shows between asyncio and ``door``.

        Empty when there is none. A program that hangs, crashes or breaks off on asyncio says
        nothing about what to do instead, and is a difference too.
        """
        if program not in self.references:
            self.references[program] = self.run(program, REFERENCE)
        reference = self.references[program]
        wanted = wanted_status(program)
        if reference.status != wanted:
            return "\n".join([f"asyncio itself does not end with {wanted}:", *reference.lines()])
        return difference(reference, self.run(program, door), door.name)

    def close(self) -> None:
        for bootstrap in self.bootstraps.values():
            bootstrap.close()
        self.bootstraps.clear()

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
