"""README.md is a front page: a tired newcomer reads it to its end. Every page has sentences that are read once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs import generate
from tests.docs.pages import PAGES, README, named, sentences, words

LINES, WORDS, CHARACTERS, WORDS_A_SENTENCE = 200, 1500, 120, 30
every_page = pytest.mark.parametrize("page", [page for page in PAGES if page.name not in generate.PAGES], ids=named)
"""Of those that people wrote."""


def test_the_readme_is_a_front_page() -> None:
    text = README.read_text()
    assert len(text.splitlines()) <= LINES
    assert len(text.split()) <= WORDS


@every_page
def test_no_line_is_wider_than_a_screen_but_those_of_tables(page: Path) -> None:
    lines = page.read_text().splitlines()
    kept = lines if page == README else [line for line in lines if not line.lstrip().startswith(("|", "$", "- {"))]
    assert [line for line in kept if len(line) > CHARACTERS] == []


@every_page
def test_no_sentence_is_longer_than_a_breath(page: Path) -> None:
    assert {text: count for text in sentences(page) if (count := len(words(text))) > WORDS_A_SENTENCE} == {}


def test_a_sentence_that_is_too_long_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        f"# Title\n\nShort one. Word {'word ' * 30}\nthen. Another.\n\n- {'item ' * 3}\n\n```\n{'code ' * 50}\n```\n\n| {'cell ' * 50} |\n"
    )
    assert [len(words(text)) for text in sentences(page)] == [1, 2, 32, 1, 3]
