"""What of asyncio's public surface no differential program uses.

Four demands, of the interpreter under test: each name of ``asyncio.__all__`` stands in some
program; each function and method is called by one (recorded while the programs run on asyncio, see
``support/calls.py``); each coroutine is cancelled by one while it waits; each function and method
is used wrongly by one, so that an exception comes out. What is excused is in ``not_covered.toml``
with its reason; an excuse for something that is covered is an error too.

``python -m tests.differential.coverage --python PYTHON`` prints what is missing.
"""

import argparse
import ast
import json
import os
import shlex
import subprocess
import sys
import tempfile
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

from .doors import Door
from .runner import HERE, SUPPORT, Session, find_programs, needed_version

RECORDED = Door("recorded", prelude="import calls; calls.record()")
EXCUSES = HERE / "not_covered.toml"


def written_names(programs: list[Path]) -> set[str]:
    """The names that programs take from asyncio, by attribute or by import."""
    names: set[str] = set()
    for program in programs:
        for node in ast.walk(ast.parse(program.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                if isinstance(node.value, ast.Name) and node.value.id == "asyncio":
                    names.add(node.attr)
            elif isinstance(node, ast.ImportFrom) and node.module == "asyncio":
                names.update(alias.name for alias in node.names)
    return names


def recorded_calls(session: Session, programs: list[Path]) -> dict[str, set[str]]:
    """Runs the programs on asyncio: what they called, what they cancelled, what failed."""
    notes: dict[str, set[str]] = {"called": set(), "cancelled": set(), "failed": set()}
    with tempfile.TemporaryDirectory() as folder:
        session.environment["AIOXIDE_CALLS"] = folder
        session.environment["AIOXIDE_PROGRAMS"] = os.path.commonpath(
            [program.parent for program in programs]
        )
        for program in programs:
            session.run(program, RECORDED)
        session.bootstraps.pop(RECORDED).close()
        for file in Path(folder).glob("*.json"):
            for kind, found in json.loads(file.read_text()).items():
                notes[kind].update(found)
    return notes


def surface(session: Session) -> dict[str, list[str]]:
    """What asyncio of the interpreter under test offers, by the kind of what is demanded of it."""
    command = [*session.command, "-W", "ignore", str(SUPPORT / "calls.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def judge(
    offered: dict[str, list[str]], covered: dict[str, set[str]], excuses: dict[str, dict[str, str]]
) -> list[str]:
    """One line for each thing that is neither covered nor excused, or that is both."""
    complaints = []
    for kind, things in offered.items():
        for thing in things:
            excused = any(fnmatchcase(thing, pattern) for pattern in excuses.get(kind, {}))
            if thing not in covered[kind] and not excused:
                complaints.append(f"{thing}: not {kind} by any program")
        for pattern in excuses.get(kind, {}):
            for thing in things:
                if thing in covered[kind] and fnmatchcase(thing, pattern):
                    complaints.append(f"{thing}: excused by {pattern!r} ({kind}), and covered")
    return complaints


def missing(session: Session) -> list[str]:
    """The complaints about the programs that the interpreter under test can run."""
    programs = [
        program for program in find_programs() if needed_version(program) <= session.version
    ]
    covered = {"names": written_names(programs), **recorded_calls(session, programs)}
    return judge(surface(session), covered, load_excuses(session.version))


def load_excuses(version: tuple[int, ...]) -> dict[str, dict[str, str]]:
    """The reasons by pattern by kind, as far as they hold for this version."""
    excuses: dict[str, dict[str, str]] = {}
    for kind, patterns in tomllib.loads(EXCUSES.read_text()).items():
        for pattern, excuse in patterns.items():
            until = excuse.get("until", "9.9") if isinstance(excuse, dict) else "9.9"
            if version[:2] <= tuple(map(int, until.split("."))):
                reason = excuse["reason"] if isinstance(excuse, dict) else excuse
                excuses.setdefault(kind, {})[pattern] = reason
    return excuses


def main() -> int:
    """Command line: see the top of the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", default=sys.executable)
    with Session(shlex.split(parser.parse_args().python)) as session:
        complaints = missing(session)
    print("\n".join(complaints) or "every name is covered")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
