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


@pytest.mark.parametrize(("repeated", "goes_on"), [(0, False), (1, False), (2, True), (3, True)])
def test_one_text_of_ten_has_to_come_again(monkeypatch: pytest.MonkeyPatch, repeated: int, goes_on: bool) -> None:
    monkeypatch.setattr(room, "_TRIED", 20)
    asked = Asked()
    texts = [f"t{number}" for number in range(20 - repeated)]
    asked.find(*texts, *texts[:repeated])
    asked.find(*texts[:5])
    assert (len(asked.pages) == 1) is goes_on


def test_it_is_not_judged_before_enough_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_TRIED", 10)
    asked = Asked()
    asked.find(*[f"t{number}" for number in range(9)])
    asked.find("t0")
    assert len(asked.pages) == 1


def test_it_is_judged_by_what_was_asked_since_the_last_judgement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_TRIED", 10)
    asked = Asked()
    for text in ("a", *["a"] * 18, "b"):  # with the last one it is judged: 18 of 20 came again
        asked.find(text)
    asked.find(*[f"t{number}" for number in range(10)])
    asked.find("a")
    assert [len(page) for page in asked.pages] == [1, 1, 10, 1]


def test_pages_of_known_texts_count_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_TRIED", 20)
    asked = Asked()
    asked.find("a", "b")
    for _ in range(9):
        asked.find("a", "b")
    asked.find(*[f"t{number}" for number in range(15)])  # it is judged now: 18 of 35 came again
    asked.find("a", "t0")
    assert len(asked.pages) == 2


def test_after_a_pause_there_is_room_for_as_much_as_at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("_TRIED", 4), ("_PAUSE", 1), ("_CHARS", 8)):
        monkeypatch.setattr(room, name, value)
    asked = Asked()
    asked.find("aa", "bb", "cc")
    asked.find("dd", "ee")  # nothing came again
    asked.find("xx")  # the pause
    asked.pages.clear()
    asked.find("aa")
    asked.find("bb")
    asked.find("aa")
    assert asked.pages == [["aa"], ["bb"]]


def test_the_room_is_counted_over_all_pages_and_a_page_that_just_fits_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_CHARS", 6)
    asked = Asked()
    asked.find("aa", None)
    asked.find("bb")
    asked.find(b"cc")
    asked.find("aa", "bb", b"cc", None)
    assert asked.pages == [["aa", None], ["bb"], [b"cc"]]
    asked.find("d")
    asked.find("d", "aa")
    assert asked.pages[3:] == [["d"], ["aa"]], "all before it was forgotten"


def test_as_many_texts_as_there_is_room_for_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_TEXTS", 3)
    asked = Asked()
    asked.find("a", "b")
    asked.find("c")
    asked.find("a", "b", "c")
    assert asked.pages == [["a", "b"], ["c"]]


def test_its_limits_are_known() -> None:
    assert (room._TEXTS, room._CHARS, room._TRIED, room._HITS, room._PAUSE) == (10_000, 2_000_000, 2_000, 0.1, 40)
