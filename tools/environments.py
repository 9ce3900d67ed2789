"""Virtual environments for the Pythons under test, and pip for whoever needs something of PyPI."""

from __future__ import annotations

import hashlib
import pathlib
import subprocess
import sys

import pythons


class NotFetched(Exception):
    """Something could not be had from PyPI; the text has pip's own words."""


def pip(*arguments: str) -> None:
    """Runs the pip of the Python that runs this; raises NotFetched."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise NotFetched(f"pip {' '.join(arguments)}:\n{(done.stderr or done.stdout).strip()}")


def make_environment(
    python: pythons.Python, folder: pathlib.Path, packages: tuple[str, ...]
) -> pathlib.Path:
    """Returns the interpreter of an environment below `folder` with `packages`, made when missing.

    Another patch of the Python or other packages are another environment. Raises NotFetched.
    """
    wanted = hashlib.sha256("\n".join(packages).encode()).hexdigest()[:8]
    environment = folder / f"venv-{python.patch}-{wanted}"
    program = environment / "bin" / "python"
    complete = environment / "complete"
    if not complete.exists():
        print(f"making {environment}", flush=True)
        # Debian's ensurepip looks for its wheels outside of its own folder, so pip's wheel is
        # fetched and run.
        subprocess.run(
            [python.path, "-m", "venv", "--clear", "--without-pip", str(environment)], check=True
        )
        pip("download", "--no-deps", "--only-binary", ":all:", "--dest", str(environment), "pip")
        wheel = next(environment.glob("pip-*.whl"))
        done = subprocess.run(
            [str(program), str(wheel / "pip"), "install", "--quiet", *packages],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise NotFetched(
                f"pip install {' '.join(packages)} for {python.version}:\n{done.stderr.strip()}"
            )
        complete.touch()
    return program
