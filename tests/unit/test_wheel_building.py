"""When a wheel is built anew, and which program merges its profile."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import llvm_profdata
import profiled_wheel


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A checkout with one file of each sort, of which wheels are made in no time."""
    for name in (
        *("Cargo.toml", "Cargo.lock", "pyproject.toml", "crates/core/Cargo.toml"),
        *("crates/core/src/lib.rs", "python/aioxide/__init__.py", "benchmarks/training.py"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(profiled_wheel, "ROOT", tmp_path)
    built = []

    def build(python, out, target, flags):
        built.append(flags)
        wheel = out / "aioxide.whl"
        wheel.write_text(f"wheel {len(built)}")
        return wheel

    def train(python, wheel, folder, merger):
        assert merger == "llvm-profdata"
        assert wheel.read_text() == f"wheel {len(built)}"
        return folder / "merged.profdata"

    monkeypatch.setattr(profiled_wheel, "build", build)
    monkeypatch.setattr(profiled_wheel, "train", train)
    monkeypatch.setattr(llvm_profdata, "find", lambda: "llvm-profdata")
    return tmp_path, built


def make(tree, *, plain=False):
    return profiled_wheel.make(sys.executable, tree / "out", plain=plain)


def test_the_second_build_uses_what_the_first_one_counted(tree):
    root, built = tree
    assert make(root).read_text() == "wheel 2"
    counted, used = built
    assert counted.startswith("-Cprofile-generate=")
    assert used.startswith("-Cprofile-use=") and "merged.profdata" in used


def test_a_wheel_is_built_once_for_the_same_sources(tree):
    root, built = tree
    wheel = make(root)
    assert make(root) == wheel
    assert len(built) == 2


@pytest.mark.parametrize(
    "name", ["crates/core/src/lib.rs", "crates/core/src/more.rs", "python/aioxide/__init__.py"]
)
def test_another_source_makes_another_wheel(tree, name):
    root, _ = tree
    make(root)
    (root / name).write_text("changed")
    assert make(root).read_text() == "wheel 4"
    (root / name).unlink()
    assert make(root).read_text() == "wheel 6"


def test_a_plain_wheel_is_not_taken_for_a_profiled_one(tree):
    root, built = tree
    assert make(root, plain=True).read_text() == "wheel 1"
    assert built == [""]
    assert make(root).read_text() == "wheel 3"


def test_a_build_that_fails_leaves_no_wheel_behind(tree, monkeypatch):
    root, built = tree

    def fail(*_):
        raise profiled_wheel.NotBuilt("maturin: exit status 1")

    monkeypatch.setattr(profiled_wheel, "train", fail)
    with pytest.raises(profiled_wheel.NotBuilt):
        make(root)
    assert list((root / "out").iterdir()) == []
    assert len(built) == 1


def test_a_step_that_fails_is_named():
    with pytest.raises(profiled_wheel.NotBuilt, match=r"^merging: exit status 3$"):
        profiled_wheel.run("merging", [sys.executable, "-c", "raise SystemExit(3)"])
    with pytest.raises(profiled_wheel.NotBuilt, match=r"^merging: .*no-such-program"):
        profiled_wheel.run("merging", ["/no-such-program"])


@pytest.mark.parametrize(
    ("told", "version"),
    [
        ("rustc 1.95.0\nLLVM version: 22.1.2\n", 22),
        ("LLVM (http://llvm.org/):\n  Debian LLVM version 19.1.7\n  Optimized build.\n", 19),
        ("", 0),
    ],
)
def test_the_version_of_llvm_is_read(told, version):
    assert llvm_profdata.llvm_version(told) == version


def test_a_program_that_is_too_old_is_passed_over(monkeypatch):
    told = {"/llvm-profdata": "LLVM version 16.0.6", "/llvm-profdata-21": "LLVM version 21.1.8"}
    monkeypatch.setattr(llvm_profdata, "candidates", lambda: ["llvm-profdata", *map(Path, told)])
    monkeypatch.setattr(llvm_profdata.shutil, "which", lambda name: f"/{Path(name).name}")
    monkeypatch.setattr(llvm_profdata, "answer", lambda program, _: told[program])
    assert llvm_profdata.look() == "/llvm-profdata-21"
