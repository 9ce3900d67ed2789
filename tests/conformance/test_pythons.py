"""Finding interpreters and laying out what they import, with stand-ins for both."""

from __future__ import annotations

import pathlib
import sys
import textwrap

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))

import build_extension
import pythons


def fake_python(path: pathlib.Path, patch: str, has_suite: bool = True) -> None:
    """A program that answers the probe as a Python of this patch would."""
    path.parent.mkdir(parents=True, exist_ok=True)
    answer = f'["{patch}", "{path}", {"true" if has_suite else "false"}]'
    path.write_text(f"#!/bin/sh\necho '{answer}'\n")
    path.chmod(0o755)


@pytest.fixture
def host(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A machine of which only this folder exists."""
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def test_the_newest_patch_wins(host: pathlib.Path) -> None:
    fake_python(host / "bin/python3.11", "3.11.9")
    fake_python(host / "pyenv/versions/3.11.14/bin/python3.11", "3.11.14")
    fake_python(host / "pyenv/versions/3.11.2/bin/python3.11", "3.11.2")
    found = pythons.find_on_host("3.11")
    assert (found.patch, found.origin, found.made) == ("3.11.14", "pyenv", False)


def test_a_python_without_its_tests_is_none(host: pathlib.Path) -> None:
    fake_python(host / "bin/python3.12", "3.12.9", has_suite=False)
    with pytest.raises(pythons.Unavailable, match=r"python3\.12 comes without"):
        pythons.find_on_host("3.12")


def test_a_broken_python_is_passed_over(host: pathlib.Path) -> None:
    fake_python(host / "bin/python3.11", "3.11.9")
    broken = host / "pyenv/versions/3.11.14/bin/python3.11"
    broken.parent.mkdir(parents=True)
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    assert pythons.find_on_host("3.11").patch == "3.11.9"


def test_what_cannot_be_had_has_a_reason_and_the_rest_goes_on(host: pathlib.Path) -> None:
    fake_python(host / "bin/python3.11", "3.11.9")
    found, unavailable = pythons.find_pythons(("3.11", "3.12", "3.14", "2.7"), make=False)
    assert [python.version for python in found] == ["3.11"]
    assert set(unavailable) == {"3.12", "3.14", "2.7"}
    assert "Debian sid" in unavailable["3.14"]


def fake_sid(root: pathlib.Path, version: str) -> None:
    """A Debian folder whose loader hands back what a Python started through it would believe."""
    for folder in (
        f"usr/include/python{version}",
        f"usr/lib/python{version}/test/test_asyncio",
        "lib/x86_64-linux-gnu",
    ):
        (root / folder).mkdir(parents=True)
    (root / f"usr/include/python{version}/Python.h").touch()
    (root / "usr/bin").mkdir(parents=True)
    (root / f"usr/bin/python{version}").touch()
    loader = root / "lib64/ld-linux-x86-64.so.2"
    loader.parent.mkdir()
    loader.write_text(
        textwrap.dedent(f"""\
        #!/bin/sh
        while [ "$1" != --argv0 ]; do shift; done
        echo '["{version}.7", "'"$2"'", true]'
    """)
    )
    loader.chmod(0o755)


def test_a_python_of_debian_is_its_launcher(host: pathlib.Path) -> None:
    fake_sid(host / "cache/aioxide/sid", "3.14")
    found, _ = pythons.find_pythons(("3.14",), make=False)
    launcher = pathlib.Path(found[0].path)
    assert found[0].patch == "3.14.7"
    assert launcher.parent.parent.joinpath("lib").readlink() == host / "cache/aioxide/sid/usr/lib"
    written = launcher.stat().st_mtime_ns
    pythons.find_pythons(("3.14",), make=False)
    assert launcher.stat().st_mtime_ns == written  # the second time costs nothing


@pytest.mark.parametrize("version", pythons.VERSIONS)
def test_a_real_python_runs_its_own_kind(version: str) -> None:
    found, unavailable = pythons.find_pythons((version,), make=False)
    if version in unavailable:
        pytest.skip(unavailable[version])
    patch, executable, has_suite = pythons.probe(found[0].path)
    assert patch.startswith(version + ".")
    assert executable == found[0].path
    assert has_suite


def test_the_package_is_linked_and_follows_its_source(tmp_path: pathlib.Path) -> None:
    source, destination = tmp_path / "source", tmp_path / "tree" / "aioxide"
    (source / "deep" / "__pycache__").mkdir(parents=True)
    for name in ("a.py", "b.py", "deep/c.py", "deep/__pycache__/c.pyc", "_native.so"):
        (source / name).write_text(name)
    build_extension.link_package(source, destination)
    (destination / "_native.so").write_text("the extension of this version")
    (source / "b.py").unlink()
    (source / "d.py").write_text("new")
    build_extension.link_package(source, destination)
    links = {
        str(path.relative_to(destination)) for path in destination.rglob("*") if path.is_symlink()
    }
    assert links == {"a.py", "d.py", "deep/c.py"}
    assert (destination / "_native.so").read_text() == "the extension of this version"
