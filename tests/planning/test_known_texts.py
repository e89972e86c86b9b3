"""What was found out of a text is asked once, as long as texts come again; memory is bounded whatever comes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from batchdrain.planning import known_texts as room
from batchdrain.planning.known_texts import KnownTexts


class Asked:
    """Known texts, and those of each page that were not known."""

    def __init__(self) -> None:
        self.pages: list[list[Any]] = []
        self.known = KnownTexts[str]()

    def _find_out(self, texts: Sequence[Any]) -> list[str]:
        self.pages.append(list(texts))
        return ["" if text == b"blank" else f"<{text}>" for text in texts]

    def find(self, *texts: Any) -> list[str]:
        return list(self.known.find(texts, self._find_out))


def test_each_text_is_found_out_once_and_keeps_its_place() -> None:
    asked = Asked()
    assert asked.find("a", "b", "a", None, b"blank") == ["<a>", "<b>", "<a>", "<None>", ""]
    assert asked.find("c", "b", None, b"blank", "c") == ["<c>", "<b>", "<None>", "", "<c>"]
    assert asked.find("a", b"blank") == ["<a>", ""]
    assert asked.pages == [["a", "b", None, b"blank"], ["c"]]


def test_where_no_text_comes_again_none_is_looked_up_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_TRIED", 4)
    monkeypatch.setattr(room, "_PAUSE", 2)
    asked = Asked()
    asked.find("a", "b", "c", "d")
    for _ in range(2):
        assert asked.find("a", "a") == ["<a>", "<a>"]
    assert asked.pages[1:] == [["a", "a"], ["a", "a"]], "they are not even compared"
    asked.find("a", "a")
    asked.find("a")
    assert asked.pages[3:] == [["a"]], "then it is tried again"


def test_texts_that_come_again_are_looked_up_on_and_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_TRIED", 4)
    asked = Asked()
    for _ in range(3):
        asked.find("a", "b", "a", "b")
    assert asked.pages == [["a", "b"]]


@pytest.mark.parametrize(("limit", "value"), [("_TEXTS", 2), ("_CHARS", 5)])
def test_no_more_is_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch, limit: str, value: int) -> None:
    monkeypatch.setattr(room, limit, value)
    asked = Asked()
    asked.find("aa", "bb")
    asked.find("cc")
    asked.find("aa", "cc")
    assert asked.pages == [["aa", "bb"], ["cc"], ["aa"]]
