"""Put the peers, and the release build of this tree's aioxide, into one folder for a Python.

The folder goes on the workers' ``PYTHONPATH``, so the Python under test needs no virtual
environment and no pip: pip runs in whichever Python has it and is told what to fetch wheels for.
"""

import argparse
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

DESCRIBE = """
import json, platform, sys
print(json.dumps({
    "version": "%d.%d" % sys.version_info[:2],
    "abi": "cp%d%d%s" % (*sys.version_info[:2], sys.abiflags),
    "machine": platform.machine(),
    "libc": platform.libc_ver(),
}))
"""


def describe(python: str) -> dict:
    """What pip and cargo must know about the interpreter that will load the packages."""
    if not shutil.which(python):
        raise SystemExit(f"there is no {python}: PY has to be an interpreter's path or command")
    answer = subprocess.run([python, "-c", DESCRIBE], check=True, stdout=subprocess.PIPE)
    return json.loads(answer.stdout)


def platform_tags(libc: str, libc_version: str, machine: str) -> list[str]:
    """The wheel platforms that a glibc of this version can load, newest first."""
    if libc != "glibc":
        raise SystemExit(f"the peers' wheels are looked up for glibc only, this is {libc or '?'}")
    newest = int(libc_version.split(".")[1])
    modern = [f"manylinux_2_{minor}_{machine}" for minor in range(newest, 4, -1)]
    return [*modern, f"manylinux2014_{machine}", f"linux_{machine}"]


def python_with_pip(candidates: list[str]) -> str:
    """The first of the interpreters that can run pip."""
    for candidate in candidates:
        command = [candidate, "-m", "pip", "--version"]
        if shutil.which(candidate) and subprocess.run(command, capture_output=True).returncode == 0:
            return candidate
    raise SystemExit(f"none of {', '.join(candidates)} has pip: python3 -m ensurepip")


def install_peers(target: dict, site: Path) -> None:
    """Fetch each pinned peer on its own, so that one without a wheel does not stop the others."""
    pip = [python_with_pip([target["python"], sys.executable, "python3"]), "-m", "pip"]
    flags = ["--only-binary=:all:", "--no-deps", "--upgrade", "--quiet", "--target", str(site)]
    # pip's own version would be held against Requires-Python; the wheel's tag decides here.
    flags += ["--ignore-requires-python", "--python-version", target["version"]]
    flags += ["--implementation", "cp"]
    flags += ["--abi", target["abi"], "--abi", "abi3", "--abi", "none"]
    for tag in platform_tags(*target["libc"], target["machine"]):
        flags += ["--platform", tag]
    for line in (ROOT / "requirements" / "bench.txt").read_text().splitlines():
        requirement = line.partition("#")[0].strip()
        if not requirement or already_there(requirement, site):
            continue
        fetched = subprocess.run([*pip, "install", *flags, requirement], capture_output=True)
        if fetched.returncode:
            complaint = fetched.stderr.decode(errors="replace").strip().splitlines()[-1:]
            print(f"{requirement} left out: {''.join(complaint)}", file=sys.stderr)


def already_there(requirement: str, site: Path) -> bool:
    """Whether the folder holds the distribution in the pinned version."""
    name, _, version = requirement.partition("==")
    return (site / f"{name.replace('-', '_')}-{version}.dist-info").is_dir()


def install_aioxide(python: str, site: Path, wheels: Path, plain: bool) -> None:
    """Build the release wheel for this interpreter, unless it is there, and unpack it."""
    command = [sys.executable, str(ROOT / "tools" / "profiled_wheel.py"), "--python", python]
    command += ["--out", str(wheels), *(["--plain"] if plain else [])]
    made = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if made.returncode:
        raise SystemExit(made.returncode)
    for old in site.glob("aioxide*"):
        shutil.rmtree(old)
    with zipfile.ZipFile(made.stdout.strip()) as wheel:
        wheel.extractall(site)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default=sys.executable, help="interpreter under test")
    parser.add_argument("--plain", action="store_true", help="an aioxide built without a profile")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--cache", type=Path, help="folder for the packages and the wheel")
    what.add_argument("--print-abi", action="store_true", help="only name the folder in the cache")
    options = parser.parse_args()
    target = describe(options.python) | {"python": options.python}
    if options.print_abi:
        print(target["abi"])
        return
    home = (options.cache / target["abi"]).absolute()
    site = home / "site"
    site.mkdir(parents=True, exist_ok=True)
    install_peers(target, site)
    install_aioxide(options.python, site, home / "wheel", options.plain)


if __name__ == "__main__":
    main()
