"""Builds the extension once for each Python, and lays out a tree to import it from.

For 3.14 the tree is `target/pythons/3.14`: with that folder on `sys.path`, `import aioxide` takes
the package from this checkout (links to its files, so an edit shows at once) and the extension
built for that very version. Each version has a cargo target folder of its own, because cargo keeps
one build of PyO3 per folder and would otherwise build it anew at every change of version. Two
versions are built at a time.

    python3 tools/build_extension.py [--profile quick] [3.14 ...]
"""

from __future__ import annotations

import argparse
import concurrent.futures
import dataclasses
import os
import pathlib
import shutil
import subprocess
import sys
import time

import pythons

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "python" / "aioxide"
TREES = ROOT / "target" / "pythons"
CARGO_TARGETS = ROOT / "target" / "cargo"
LIBRARY = "libaioxide_native.so"
AT_A_TIME = 2


class BuildFailed(Exception):
    """Cargo's own words on why there is no extension."""


@dataclasses.dataclass(frozen=True)
class Built:
    """A tree that aioxide can be imported from with one version of Python."""

    version: str
    tree: pathlib.Path
    seconds: float


def link_package(source: pathlib.Path, destination: pathlib.Path) -> None:
    """Makes `destination` hold a link to each file below `source`, and no other link."""
    wanted = {
        path.relative_to(source)
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".so"
    }
    for link in [path for path in destination.rglob("*") if path.is_symlink()]:
        if link.relative_to(destination) not in wanted:
            link.unlink()
    for name in wanted:
        link = destination / name
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink() or os.readlink(link) != str(source / name):
            link.unlink(missing_ok=True)
            link.symlink_to(source / name)


def build(python: pythons.Python, profile: str) -> Built:
    """Builds for one interpreter and returns its tree; raises BuildFailed."""
    began = time.monotonic()
    tree = TREES / python.version
    target = CARGO_TARGETS / python.version
    jobs = max(1, (os.cpu_count() or 1) // AT_A_TIME)
    command = [
        "cargo",
        "build",
        "--quiet",
        "--package",
        "aioxide-python",
        "--profile",
        profile,
        "--jobs",
        str(jobs),
    ]
    environment = {
        **os.environ,
        "PYO3_PYTHON": python.path,
        # The interpreter that loads the extension provides Python's symbols: libpython is not
        # linked.
        "PYO3_BUILD_EXTENSION_MODULE": "1",
        "CARGO_TARGET_DIR": str(target),
    }
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise BuildFailed(f"cargo failed for {python.version}:\n{done.stderr.strip()}")
    link_package(PACKAGE, tree / "aioxide")
    library = target / profile / LIBRARY
    extension = tree / "aioxide" / "_native.so"
    if not extension.exists() or extension.stat().st_mtime_ns != library.stat().st_mtime_ns:
        # Renamed into place: a process that has the old one mapped keeps it whole.
        draft = extension.with_name(f"_native.{os.getpid()}.draft")
        shutil.copy2(library, draft)
        draft.replace(extension)
    return Built(python.version, tree, time.monotonic() - began)


def build_all(found: list[pythons.Python], profile: str = "quick") -> dict[str, Built]:
    """Builds for every interpreter; returns the trees by version. Raises BuildFailed."""
    if shutil.which("cargo") is None:
        raise BuildFailed("cargo is missing: install Rust with https://rustup.rs")
    built = {}
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as workers:
        for result in workers.map(lambda python: build(python, profile), found):
            print(f"{result.version}  built in {result.seconds:.1f} s", file=sys.stderr, flush=True)
            built[result.version] = result
    return built


def main() -> int:
    """Command line: see the top of the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "versions", nargs="*", metavar="3.X", help="only these (default: all that can be had)"
    )
    parser.add_argument("--profile", default="quick", help="cargo profile (default: quick)")
    options = parser.parse_args()
    found = pythons.find_enough(tuple(options.versions), at_least=1)
    if found is None:
        return 1
    try:
        build_all(found, options.profile)
    except BuildFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
