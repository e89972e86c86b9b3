"""README.md, CONTRIBUTING.md and docs/, as the tests read them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PACKAGE: Final = ROOT / "batchdrain"
README: Final = ROOT / "README.md"
DOCS: Final = ROOT / "docs"
PAGES: Final = [README, ROOT / "CONTRIBUTING.md", *sorted(DOCS.glob("*.md"))]
"""What people read. CHANGELOG.md is not among them: it tells of what was."""
TROUBLES: Final = [DOCS / "troubleshooting.md", *sorted(DOCS.glob("messages-*.md"))]
"""The pages that list messages, with what to do about each."""
_FENCE: Final = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_INDENTED: Final = re.compile(r"(?:^    .*\n)+", re.MULTILINE)
_SENTENCE_ENDS: Final = re.compile(r"(?<=[.!?:])[\"')*]*\s+(?=[A-Z`*\"'(\[0-9])")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def text_of(path: Path) -> str:
    return path.read_text()


def blocks(path: Path, kind: str) -> list[str]:
    """The fenced blocks of a kind: console, bash, python, yaml, sql, text."""
    return [
        "".join(line.removeprefix(indent) for line in body.splitlines(keepends=True))
        for indent, found, body in _FENCE.findall(text_of(path))
        if found == kind
    ]


def prose(path: Path) -> str:
    """Without blocks of code and comments."""
    text = _FENCE.sub("\n", text_of(path))
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    return _INDENTED.sub("\n", re.sub(r"(?<=\S\n)    (?=\S)", "  ", text))


def words(text: str) -> list[str]:
    """What a reader reads as words: a link counts by its text, a rule or a bullet not at all."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return [word for word in text.split() if re.search(r"\w", word)]


def sentences(path: Path) -> Iterator[str]:
    """Of the prose: tables and code are left out, a heading, a list's item and a paragraph end a sentence."""
    paragraph: list[str] = []
    for line in [*prose(path).splitlines(), ""]:
        starts_item = re.match(r" *(?:[-*]|\d+\.) ", line)
        if not line.strip() or starts_item or line.startswith(("#", "|")):
            yield from _split(" ".join(paragraph))
            paragraph = []
        if line.startswith("#"):
            yield line.lstrip("# ")
        elif line.strip() and not line.startswith("|"):
            paragraph.append(re.sub(r"^ *(?:[-*]|\d+\.) ", "", line).strip())


def _split(paragraph: str) -> Iterator[str]:
    yield from (sentence for sentence in _SENTENCE_ENDS.split(paragraph) if sentence)
