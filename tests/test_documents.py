"""Documents lead where they say: relative links, the files that a `mod.rs` names."""

import re
import subprocess
from pathlib import Path

import pytest

from toolkit import ROOT

LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)
CODE_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
#: What a `mod.rs` says of its folder, and the files that it names there.
MODULE_TEXT = re.compile(r"^//!.*$", re.MULTILINE)
NAMED_FILE = re.compile(r"`([a-z_/]+\.rs)`")
#: A line of a folder's map: files, and after a colon what they hold.
MAP_LINE = re.compile(r"^//! \* ((?:`[a-z_]+\.rs`(?:, )?)+)", re.MULTILINE)


def tracked(pattern: str) -> list[Path]:
    """The files of the repository with such a name; all below the root where git knows nothing."""
    listed = subprocess.run(
        ["git", "ls-files", "--", pattern], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return sorted(ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).exists())


DOCUMENTS = tracked("*.md")
MODULES = tracked("crates/*/src/*/mod.rs")


def anchors(document: Path) -> set[str]:
    """The names under which the headings of a document are reached."""
    titles = HEADING.findall(CODE_BLOCK.sub("", document.read_text(encoding="utf-8")))
    plain = (re.sub(r"[^\w\- ]", "", title.lower()) for title in titles)
    return {title.strip().replace(" ", "-") for title in plain}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_there_is_something_to_check():
    if not (ROOT / ".git").exists():
        pytest.skip("only in a checkout does git know the documents")
    assert ROOT / "README.md" in DOCUMENTS
    assert any(LINK.search(document.read_text(encoding="utf-8")) for document in DOCUMENTS)
    assert any(MAP_LINE.search(module.read_text(encoding="utf-8")) for module in MODULES)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_relative_links_lead_to_files_and_headings(document):
    text = CODE_BLOCK.sub("", document.read_text(encoding="utf-8"))
    broken = []
    for link in LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, heading = link.partition("#")
        target = document.parent / path if path else document
        if not target.exists() or (heading and heading not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_a_folder_is_described_as_it_is(module):
    text = "\n".join(MODULE_TEXT.findall(module.read_text(encoding="utf-8")))
    source = next(parent for parent in module.parents if parent.name == "src")
    named = set(NAMED_FILE.findall(text))
    here = {path.name for path in module.parent.glob("*.rs")} - {"mod.rs"}
    assert {name for name in named - here if not (source / name).exists()} == set()
    if MAP_LINE.search(text):
        assert here - named == set()
