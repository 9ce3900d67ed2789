"""Finds the program of LLVM that merges what instrumented programs wrote.

rustup has it as the component `llvm-tools`, Debian in a package for each version of LLVM. It need
not be rustc's own version: it has to know the format that rustc's programs write, and to write one
that rustc reads, which older versions do.

    python3 tools/llvm_profdata.py      prints its path, installing it where that is possible
"""

from __future__ import annotations

import pathlib
import re
import shutil
import subprocess
import sys

import debian

# The first that reads what the programs of rustc 1.82 and later write.
OLDEST = 19
# What Debian 12 and 13 have.
DEBIAN_PACKAGE = f"llvm-{OLDEST}"


class NotFound(Exception):
    """There is no such program; the text says how to get one."""


def answer(*command: str | pathlib.Path) -> str:
    """What a command prints, nothing if it does not run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout if done.returncode == 0 else ""


def llvm_version(text: str) -> int:
    """The major version of LLVM that a program tells, 0 if it tells none."""
    found = re.search(r"LLVM version:? (\d+)", text)
    return int(found[1]) if found else 0


def candidates() -> list[str | pathlib.Path]:
    """Where it may lie, the one that fits rustc best first."""
    about = answer("rustc", "--version", "--verbose")
    host = re.search(r"^host: (.+)$", about, re.MULTILINE)
    of_rustup = (
        pathlib.Path(answer("rustc", "--print", "sysroot").strip())
        / f"lib/rustlib/{host[1] if host else ''}/bin/llvm-profdata"
    )
    numbered = [f"llvm-profdata-{n}" for n in range(llvm_version(about), OLDEST - 1, -1)]
    return [of_rustup, "llvm-profdata", *numbered]


def look() -> str | None:
    """The first candidate that runs and is new enough."""
    for candidate in candidates():
        program = shutil.which(candidate)
        if program and llvm_version(answer(program, "--version")) >= OLDEST:
            return program
    return None


def find() -> str:
    """The path of the program, installed first where that is possible; raises NotFound."""
    program = look()
    if program is None:
        try:
            debian.install(DEBIAN_PACKAGE)
        except debian.NotInstalled as error:
            raise NotFound(
                f"llvm-profdata is missing ({error}): rustup component add llvm-tools,"
                f" or apt-get install {DEBIAN_PACKAGE}"
            ) from None
        program = look()
    if program is None:
        raise NotFound(f"{DEBIAN_PACKAGE} is installed and has no llvm-profdata that runs")
    return program


def main() -> int:
    """Command line: see the top of the file."""
    try:
        print(find())
    except NotFound as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
