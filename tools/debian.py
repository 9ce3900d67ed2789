"""Programs that a tool needs and Debian has."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys


class NotInstalled(Exception):
    """A package that cannot be had here; the text says why."""


def install(package: str) -> None:
    """Installs a package of Debian's, telling the person at the terminal; raises NotInstalled."""
    if not shutil.which("apt-get"):
        raise NotInstalled(f"there is no apt-get to install {package} with")
    if os.geteuid() != 0:
        raise NotInstalled(f"apt-get install {package} needs root")
    print(f"installing {package}", file=sys.stderr, flush=True)
    for command in (
        ["apt-get", "update"],
        ["apt-get", "install", "--yes", "--no-install-recommends", package],
    ):
        done = subprocess.run(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False
        )
        if done.returncode != 0:
            raise NotInstalled(f"{shlex.join(command)} failed: {done.stderr.strip()}")
