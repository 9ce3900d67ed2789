"""Finds or makes an interpreter for each CPython that aioxide supports.

3.11 and 3.12 are whatever is on PATH or under pyenv, the newest patch of each. 3.13, 3.14 and 3.15
come from Debian sid, whose packages hold the newest patch of each together with the test suite:
`debootstrap` lays them out in a folder of the cache, and they run there through that folder's own
dynamic loader, so that neither root nor the host's C library matters once the folder exists.

What must always hold: every interpreter named here can be started by its path alone,
`sys.executable` inside it is that path (tests start subprocesses with it), and it has
`test.test_asyncio`.

    python3 tools/pythons.py            finds, makes what is missing, says which is which
    python3 tools/pythons.py --json     the same as a list of objects on stdout, for other tools
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

import debian

HOST_VERSIONS = ("3.11", "3.12")
SID_VERSIONS = ("3.13", "3.14", "3.15")
VERSIONS = HOST_VERSIONS + SID_VERSIONS

SID_PACKAGES = ("python{}", "python{}-dev", "python{}-venv", "libpython{}-testsuite")

# Asked of every candidate. A Python of a distribution often comes without its tests.
PROBE = """
import importlib.util, json, platform, sys
suite = importlib.util.find_spec("test") and importlib.util.find_spec("test.test_asyncio")
print(json.dumps([platform.python_version(), sys.executable, bool(suite)]))
"""


class Unavailable(Exception):
    """A Python that cannot be had here; the text says why."""


@dataclasses.dataclass(frozen=True)
class Python:
    """An interpreter that can be run by its path."""

    version: str  # "3.14"
    patch: str  # "3.14.10"
    path: str
    origin: str  # where it came from, for people
    made: bool  # made by this very call


def cache_folder() -> pathlib.Path:
    """The folder outside the checkout that holds what takes long to fetch."""
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(base) / "aioxide"


def say(text: str) -> None:
    """Tells the person at the terminal; stdout is kept for the answer."""
    print(text, file=sys.stderr, flush=True)


def probe(path: str | os.PathLike[str]) -> tuple[str, str, bool]:
    """Returns the patch number, the `sys.executable` and whether there are tests of a Python."""
    done = subprocess.run(
        [os.fspath(path), "-I", "-c", PROBE],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise Unavailable(f"{path} does not run: {last}")
    patch, executable, has_suite = json.loads(done.stdout)
    return patch, executable, has_suite


def patch_key(patch: str) -> tuple[int, ...]:
    """Orders patch numbers: 3.11.9 before 3.11.14."""
    return tuple(int(number) for number in re.findall(r"\d+", patch)[:3])


def find_on_host(version: str) -> Python:
    """The newest patch of `version` that PATH or pyenv has, with its test suite."""
    pyenv = pathlib.Path(os.environ.get("PYENV_ROOT") or pathlib.Path.home() / ".pyenv")
    candidates = [
        (path, "pyenv") for path in pyenv.glob(f"versions/{version}.*/bin/python{version}")
    ]
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        path = pathlib.Path(folder) / f"python{version}"
        if path.is_file() and "shims" not in path.parts:
            candidates.append((path, "PATH"))
    found: dict[str, Python] = {}
    without_suite = []
    for path, origin in candidates:
        try:
            patch, executable, has_suite = probe(path)
        except (Unavailable, OSError, subprocess.TimeoutExpired):
            continue  # a broken installation beside a working one is no reason to stop
        if not has_suite:
            without_suite.append(str(path))
        elif patch.startswith(version + "."):
            found.setdefault(patch, Python(version, patch, executable, origin, made=False))
    if found:
        return found[max(found, key=patch_key)]
    if without_suite:
        raise Unavailable(f"{', '.join(without_suite)} comes without test.test_asyncio")
    raise Unavailable("neither PATH nor pyenv has it (pyenv install " + version + ")")


def sid_has(root: pathlib.Path, version: str) -> bool:
    """Whether the Debian folder holds this Python with its headers and its tests."""
    return (
        (root / f"usr/bin/python{version}").exists()
        and (root / f"usr/include/python{version}/Python.h").exists()
        and (root / f"usr/lib/python{version}/test/test_asyncio").is_dir()
    )


def need_debootstrap() -> str:
    """The path of debootstrap, installed first where that is possible."""
    if os.geteuid() != 0:
        raise Unavailable(
            "making the Debian sid folder needs root (debootstrap); run `make pythons` once as root"
        )
    # A login shell without sbin still has debootstrap.
    search = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    if not shutil.which("debootstrap", path=search):
        try:
            debian.install("debootstrap")
        except debian.NotInstalled as error:
            raise Unavailable(f"debootstrap is missing: {error}") from None
    tool = shutil.which("debootstrap", path=search)
    if tool is None:
        raise Unavailable("debootstrap is still missing after it was installed")
    return tool


def make_sid(root: pathlib.Path, versions: tuple[str, ...]) -> None:
    """Lays out Debian sid with `versions` at `root`, in the place of what was there.

    Raises Unavailable with debootstrap's own words. A version that sid no longer has is left out.
    """
    tool = need_debootstrap()
    packages = [pattern.format(version) for version in versions for pattern in SID_PACKAGES]
    # Beside its final place and renamed: an interrupted run leaves no folder that looks whole.
    draft = root.with_name(f"{root.name}.draft.{os.getpid()}")
    draft.parent.mkdir(parents=True, exist_ok=True)
    include = ",".join([*packages, "ca-certificates"])
    say(f"making {root} with debootstrap: {' '.join(versions)} (about a minute)")
    try:
        done = subprocess.run(
            [tool, "--variant=minbase", f"--include={include}", "sid", str(draft)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            missing = re.search(r"Couldn't find these debs: (.*)", done.stdout)
            kept = tuple(
                v
                for v in versions
                if missing and not re.search(rf"python{re.escape(v)}\b", missing[1])
            )
            if kept and kept != versions:
                shutil.rmtree(draft, ignore_errors=True)
                make_sid(root, kept)
                return
            last = (done.stdout.strip().splitlines() or ["no output"])[-1]
            raise Unavailable(f"debootstrap failed: {last}")
        old = root.with_name(f"{root.name}.old.{os.getpid()}")
        if root.exists():
            root.rename(old)
        draft.rename(root)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def write_launcher(root: pathlib.Path, version: str, home: pathlib.Path) -> pathlib.Path:
    """Writes the prefix `home`, whose `bin/python3.X` runs Debian's Python, and returns that path.

    The launcher hands its own path on as argv[0]. Python derives `sys.executable` from it, and its
    library from the `lib` beside it, so subprocesses, `-I`, `-E` and virtual environments work with
    no variable set.
    """
    loaders = sorted([*root.glob("lib64/ld-linux-*.so.*"), *root.glob("lib/ld-linux-*.so.*")])
    if not loaders:
        raise Unavailable(f"no dynamic loader (lib*/ld-linux-*) in {root}")
    libraries = sorted(
        p for folder in ("lib", "usr/lib") for p in root.glob(f"{folder}/*-linux-gnu")
    )
    program = home / "bin" / f"python{version}"
    command = [
        str(loaders[0]),
        "--library-path",
        os.pathsep.join(map(str, libraries)),
        "--argv0",
        "$0",
        str(root / f"usr/bin/python{version}"),
    ]
    quoted = " ".join('"$0"' if word == "$0" else shlex.quote(word) for word in command)
    text = f'#!/bin/sh\nexec {quoted} "$@"\n'
    program.parent.mkdir(parents=True, exist_ok=True)
    for name in ("lib", "include"):
        link = home / name
        target = root / "usr" / name
        if not link.is_symlink() or os.readlink(link) != str(target):
            link.unlink(missing_ok=True)
            link.symlink_to(target)
    if not program.exists() or program.read_text() != text:
        draft = program.with_name(f".{program.name}.{os.getpid()}")
        draft.write_text(text)
        draft.chmod(0o755)
        draft.replace(program)
    return program


def find_in_sid(version: str, root: pathlib.Path, made: bool) -> Python:
    """The Python of the Debian folder, behind its launcher."""
    if not sid_has(root, version):
        raise Unavailable(f"Debian sid has no python{version} with its tests (in {root})")
    program = write_launcher(root, version, cache_folder() / "pythons" / version)
    patch, executable, has_suite = probe(program)
    if executable != str(program):
        raise Unavailable(
            f"{program} believes that it is {executable}: its subprocesses would not run"
        )
    if not has_suite:
        raise Unavailable(f"{program} does not find test.test_asyncio")
    return Python(version, patch, str(program), f"Debian sid in {root}", made)


def find_pythons(
    versions: tuple[str, ...] = VERSIONS, *, make: bool = True, refresh: bool = False
) -> tuple[list[Python], dict[str, str]]:
    """Finds `versions`, making what is missing.

    With `make` false nothing is made; with `refresh` the Debian folder is made anew, which brings
    newer patches. Returns the interpreters in the order of `versions`, and the reason for each one
    not had.
    """
    root = cache_folder() / "sid"
    wanted = tuple(version for version in versions if version in SID_VERSIONS)
    missing = tuple(version for version in wanted if not sid_has(root, version))
    made: tuple[str, ...] = ()
    making_failed = ""
    if make and (missing or (refresh and wanted)):
        made = SID_VERSIONS if refresh else missing
        try:
            make_sid(root, SID_VERSIONS)
        except (Unavailable, OSError) as error:
            making_failed = str(error)
    found, unavailable = [], {}
    for version in versions:
        try:
            if version in SID_VERSIONS:
                found.append(find_in_sid(version, root, version in made))
            elif version in HOST_VERSIONS:
                found.append(find_on_host(version))
            else:
                raise Unavailable(f"not a supported Python ({', '.join(VERSIONS)} are)")
        except (Unavailable, OSError, subprocess.TimeoutExpired) as error:
            unavailable[version] = (
                making_failed if making_failed and version in wanted else str(error)
            )
    return found, unavailable


def find_enough(versions: tuple[str, ...], at_least: int) -> list[Python] | None:
    """Finds `versions` (all supported ones when none is named) and says which can't be had.

    Returns nothing when there are fewer than `at_least`, and says that as well.
    """
    found, unavailable = find_pythons(versions or VERSIONS)
    for version, reason in unavailable.items():
        print(f"Python {version}: none, {reason}", flush=True)
    if len(found) < at_least:
        print(f"{len(found)} Pythons, at least {at_least} are needed")
        return None
    return found


def main() -> int:
    """Command line: see the top of the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "versions", nargs="*", metavar="3.X", help="only these (default: all supported)"
    )
    parser.add_argument("--json", action="store_true", help="print the list as JSON on stdout")
    parser.add_argument("--no-make", action="store_true", help="only find, make nothing")
    parser.add_argument(
        "--refresh", action="store_true", help="make the Debian folder anew, with newer patches"
    )
    options = parser.parse_args()
    found, unavailable = find_pythons(
        tuple(options.versions) or VERSIONS, make=not options.no_make, refresh=options.refresh
    )
    for python in found:
        how = "made " if python.made else "found"
        say(f"{python.version}  {how}  {python.patch:8} {python.path} ({python.origin})")
    for version, reason in unavailable.items():
        say(f"{version}  none   {reason}")
    if options.json:
        print(json.dumps([dataclasses.asdict(python) for python in found], indent=2))
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
