"""What people read uses the field's terms: a dialect word of this house in a message, a help text or a page is an error."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.docs.pages import PACKAGE, PAGES, named, prose, text_of

INSTEAD: Final = {
    r"\bmend(?:s|ed|ing)?\b": "fix, correct, repair",
    r"(?<!--)\banew\b(?=.)": "again",
    r"\b(?:go|goes|going) on (?:with|in|as)\b|; it goes on": "continue",
    r"\b(?:give|gives|giving) (?:it|them|its phase|what \w+ \w+|phases) back\b|\bgiven back\b": "release",
    r"\btakes? (?:it|one|them|a hint) back\b|\btaken back\b": "remove",
    r"\btakes? (?:it|them|one) out\b": "remove",
    r"\bput (?:it|them) back\b": "restore",
    r"\b(?:bears?|bore|borne)\b": "has",
    r"\bstands? (?:as|twice|there|then|by)\b|\bstood\b": "is, occurs",
    r"\bfinds? the batch full\b": "does not fit into the batch",
    r"\bheeds?\b": "follows",
    r"\bcame to nothing\b": "did not start",
    r"\bas it stands\b|\bas it stood\b": "as it is",
    r"\bmake room\b": "free disk space",
    r"\bours alone\b|\bof ours\b": "batchdrain's",
    r"\bclusters in turn\b": "one of each cluster first",
}
"""Each pattern with what the field says."""
NOT_SHOWN: Final = {"failures", "guardian"}
"""Folders whose literals are patterns for texts of other programs, or go no further than a log of ours."""


def _literals(path: Path) -> Iterator[tuple[int, str]]:
    """Each text that is no docstring, with its line; an f-string as one text with gaps."""
    tree = ast.parse(path.read_text())
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = (part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
            yield node.lineno, "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not {id(node)} & (inner | bare):
            yield node.lineno, node.value


def _found(text: str) -> list[str]:
    return [f"{found[0]!r}: say {instead}" for pattern, instead in INSTEAD.items() for found in re.finditer(pattern, text)]


TEMPLATE: Final = PACKAGE / "reports" / "html" / "template.html"
FILES: Final = sorted(path for path in PACKAGE.rglob("*.py") if not NOT_SHOWN & set(path.relative_to(PACKAGE).parts))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_message_of_a_file_has_a_word_of_our_own(path: Path) -> None:
    assert [(line, word) for line, text in _literals(path) for word in _found(text)] == []


def test_the_report_has_no_word_of_our_own() -> None:
    assert _found(re.sub(r"<[^>]*>", " ", TEMPLATE.read_text())) == []


@pytest.mark.parametrize("page", [page for page in PAGES if page.stem != "performance"], ids=named)
def test_no_page_has_a_word_of_our_own(page: Path) -> None:
    text = text_of(page) if page.stem.startswith(("messages-", "troubleshooting")) else prose(page)
    assert _found(text) == []


def test_a_word_of_our_own_is_found() -> None:
    assert _found("mend the file, and `inv resume` goes on with it") == [
        "'mend': say fix, correct, repair",
        "'goes on with': say continue",
    ]
