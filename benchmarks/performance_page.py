"""The measured sections of ``docs/performance.md``: a subject on a minor version of Python.

A section lies between two marker comments that name both; writing replaces what is
between them and leaves the rest of the page, which is written by hand.
"""

import datetime
import os
import platform
import subprocess
from collections.abc import Mapping
from pathlib import Path

from benchmarks.driver import ROOT

PAGE = ROOT / "docs" / "performance.md"


def processor() -> str:
    """The processor's own name, its architecture where the kernel tells no name."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def revision() -> str:
    """The commit of this tree, with a plus sign when files differ from it."""
    command = ["git", "describe", "--always", "--exclude=*", "--dirty=+"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return answer.stdout.strip() if answer.returncode == 0 else "unknown revision"


def circumstances(probed: Mapping, command: str) -> str:
    """What a reader needs to judge the figures or to get them again."""
    versions = [f"{name} {number}" for name, number in probed["present"].items() if number]
    absent = list(probed["absent"])
    lines = [
        f"* {datetime.date.today().isoformat()}, aioxide at {revision()}",
        f"* {probed['python']} ({probed['compiler']})",
        f"* {processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}",
        f"* peers: {', '.join(versions) or 'asyncio only'}",
        f"* `{command}`",
    ]
    if absent:
        lines.append(f"* not loadable by this Python: {', '.join(absent)}")
    return "\n".join(lines)


def replace_section(page: str, version: str, body: str, subject: str = "") -> str:
    """The page with the section of this Python version replaced, or added at the end.

    A ``subject`` has sections of its own; without one it is the scheduler's.
    """
    name = f"{subject} {version}".strip()
    heading = f"CPython {version}, {subject}" if subject else f"CPython {version}"
    start, end = f"<!-- measured {name} -->", f"<!-- end {name} -->"
    section = f"{start}\n## {heading}\n\n{body.strip()}\n{end}"
    before, found, rest = page.partition(start)
    if not found:
        return f"{page.rstrip()}\n\n{section}\n"
    _, closed, after = rest.partition(end)
    if not closed:
        raise ValueError(f"the page has {start} without {end}")
    return before + section + after


def write(version: str, body: str, subject: str = "") -> None:
    """Put the section into the page."""
    PAGE.write_text(replace_section(PAGE.read_text(), version, body, subject))
