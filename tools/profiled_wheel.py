"""Builds the release wheel for one Python, guided by a profile of what the benchmarks do.

The compiler does not know which side of a branch is the usual one and which functions are called
a million times a second. So the extension is built twice: first with counters in it, with which
`benchmarks.training` is run through both doors, then with what they counted. Where the machine
code lies then follows from how often it runs and no more from chance.

What must always hold: both builds are the same but for the compiler's flags, or the names of
functions would differ and the profile would be about nothing. The second build is told to treat a
function that was never called no worse than without a profile: that the training has no TLS and no
subprocesses does not mean that nobody has.

    python tools/profiled_wheel.py --python PATH --out FOLDER [--plain]
"""

from __future__ import annotations

import argparse
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

import llvm_profdata

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOORS = ("aioxide-loop", "aioxide")
# Where the next plain build finds what the last one left. A guided one starts afresh: cargo does
# not see that a profile has changed.
PLAIN_TARGET = ROOT / "target" / "wheel"
# A function that was not called in the training is made for speed as well, not for size.
USE_FLAGS = "-Cprofile-use={} -Cllvm-args=-pgso=false"


class NotBuilt(Exception):
    """A step failed, and has said why; the text names it."""


def fingerprint(python: str) -> str:
    """Differs when anything does that goes into a wheel or into its training."""
    digest = hashlib.sha256()
    for said in (llvm_profdata.answer("rustc", "-vV"), llvm_profdata.answer(python, "-VV"), python):
        digest.update(said.encode())
    files = [ROOT / name for name in ("Cargo.toml", "Cargo.lock", "pyproject.toml")]
    for pattern in (
        "crates/**/*.rs",
        "crates/*/Cargo.toml",
        "python/**/*.py*",
        "benchmarks/**/*.py",
    ):
        files += sorted(path for path in ROOT.glob(pattern) if path.suffix != ".pyc")
    for file in files:
        digest.update(f"{file.relative_to(ROOT)}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def run(step: str, command: list[str], **environment: str) -> None:
    """Runs one step; raises NotBuilt."""
    try:
        # stdout is kept for the answer.
        done = subprocess.run(
            command, cwd=ROOT, env=os.environ | environment, stdout=sys.stderr, check=False
        )
    except OSError as error:
        raise NotBuilt(f"{step}: {error}") from None
    if done.returncode != 0:
        raise NotBuilt(f"{step}: exit status {done.returncode}")


def build(python: str, out: pathlib.Path, target: pathlib.Path, flags: str) -> pathlib.Path:
    """The wheel that maturin makes with these flags of rustc's."""
    before = set(out.glob("*.whl"))
    run(
        "maturin",
        [
            *(sys.executable, "-m", "maturin", "build", "--release", "--locked"),
            *("--interpreter", python, "--out", str(out), "--target-dir", str(target)),
            *("--auditwheel", "skip"),
        ],
        RUSTFLAGS=f"{os.environ.get('RUSTFLAGS', '')} {flags}".strip(),
    )
    made = set(out.glob("*.whl")) - before
    if len(made) != 1:
        raise NotBuilt(f"maturin made {len(made)} wheels in {out}")
    return made.pop()


def train(python: str, wheel: pathlib.Path, folder: pathlib.Path, merger: str) -> pathlib.Path:
    """Runs the training on an instrumented wheel; the profile that `merger` makes of its counts."""
    site, counts, profile = folder / "site", folder / "counts", folder / "merged.profdata"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    # Build scripts and procedural macros have counted too.
    shutil.rmtree(counts, ignore_errors=True)
    for door in DOORS:
        run(
            f"training of {door}",
            [python, "-m", "benchmarks.training", door],
            PYTHONPATH=str(site),
            LLVM_PROFILE_FILE=str(counts / "%4m.profraw"),
        )
    raw = [str(path) for path in counts.glob("*.profraw")]
    run("merging", [merger, "merge", "--output", str(profile), *raw])
    return profile


def make(python: str, out: pathlib.Path, *, plain: bool) -> pathlib.Path:
    """The path of a wheel in `out` that was made of these very sources, now or before.

    Raises NotBuilt, or NotFound before anything is built.
    """
    out.mkdir(parents=True, exist_ok=True)
    note = out / "made-of"
    wanted = f"{'plain' if plain else 'profiled'} {fingerprint(python)}"
    if note.exists():
        made_of, _, name = note.read_text().rpartition(" ")
        if made_of == wanted and (out / name).exists():
            return out / name
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if plain:
            built = build(python, folder, PLAIN_TARGET, "")
        else:
            merger = llvm_profdata.find()
            counts = f"-Cprofile-generate={folder / 'counts'}"
            instrumented = build(python, folder, folder / "instrumented", counts)
            profile = train(python, instrumented, folder, merger)
            instrumented.unlink()
            built = build(python, folder, folder / "guided", USE_FLAGS.format(profile))
        wheel = out / built.name
        shutil.copy2(built, wheel)
    note.write_text(f"{wanted} {wheel.name}")
    return wheel


def main() -> int:
    """Command line: see the top of the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", required=True, help="the interpreter that the wheel is for")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder for the wheel")
    parser.add_argument("--plain", action="store_true", help="without a profile")
    options = parser.parse_args()
    try:
        made = make(options.python, options.out, plain=options.plain)
    except (NotBuilt, llvm_profdata.NotFound) as error:
        print(f"no wheel: {error}", file=sys.stderr)
        return 1
    print(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
