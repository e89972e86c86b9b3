"""Which words of a table `inv init` takes for which state, what it assumes, and what it says of each guess."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from batchdrain.cli.commands.init.facts import ColumnFacts, Kind, State
from batchdrain.cli.commands.init.state_words import StateWords, choose_words, meaning_of

on = pytest.mark.parametrize
LOWER = {"failed": "failed", "queued": "queued", "executing": "executing", "complete": "complete"}
UPPER = {ours: word.upper() for ours, word in LOWER.items()}
NONE = dict.fromkeys(LOWER)


def words(*rows: State, declared: Sequence[str] = (), with_text: Sequence[State] | None = None, **column: Any) -> StateWords:
    counts = {word: rows.count(word) for word in rows}
    facts = ColumnFacts(name="state", kind=column.pop("kind", Kind.TEXT), counts=counts, words=tuple(declared), **column)
    return choose_words(facts, with_text)


@on(
    ("rows", "chosen"),
    [
        (["failed", "failure", "done"], {"failed": ["failed", "failure"], "complete": "done"}),
        (["error", "error", "failure", "failed"], {"failed": ["failed", "failure", "error"]}),
        (["done", "completed", "done "], {"complete": ["completed", "done", "done "]}),
        (["queued", "Queued", "pending"], {"queued": ["Queued", "queued"]}),
        (["pending", "new"], {"queued": "pending"}),
        (["running", "executing"], {"executing": "executing"}),
        (["processing", "Running", "Running", "running"], {"executing": "Running"}),
    ],
)
def test_the_likeliest_word_comes_first_and_of_those_alike_the_most_frequent(
    rows: list[State], chosen: Mapping[str, object]
) -> None:
    found = words(*rows)
    assert found.words == {**LOWER, **chosen}
    assert found.sure == frozenset(chosen)


@on(
    ("rows", "words_of", "sure"),
    [
        (["Failed", "Done"], {"failed": "Failed", "queued": "Queued", "executing": "Executing", "complete": "Done"}, {"failed", "complete"}),
        (["FAILED", "done"], {**UPPER, "complete": "done"}, {"failed", "complete"}),
        (["Failed", "done"], {**LOWER, "failed": "Failed", "complete": "done"}, {"failed", "complete"}),
        ([], UPPER, set()), ([None], UPPER, set()),
        ([None, None, "done"], {**LOWER, "queued": [None], "complete": "done"}, {"queued", "complete"}),
        ([None, "queued"], LOWER, {"queued"}),
    ],
)  # fmt: skip
def test_a_word_that_no_row_shows_is_assumed_in_the_spelling_of_the_others(
    rows: list[State], words_of: Mapping[str, object], sure: set[str]
) -> None:
    found = words(*rows)
    assert (found.words, set(found.sure), found.known) == (words_of, sure, ())


@on(
    ("rows", "column", "known"),
    [
        ([3, 10, 2], {"kind": Kind.WHOLE}, (2, 3, 10)),
        ([3, None], {"kind": Kind.WHOLE}, (3,)),
        (["a"], {"declared": ["b", "a"]}, ("a", "b")),
        (["x"], {"meanings": {"x": "odd"}}, ("x",)),
        ([], {"declared": ["1", "-2", "x"], "kind": Kind.WHOLE}, (-2, 1, "x")),
        (["51", "53"], {}, ("51", "53")),
    ],
)
def test_where_no_other_word_can_be_written_none_is_assumed_and_the_known_ones_are_named(
    rows: list[State], column: dict[str, Any], known: tuple[State, ...]
) -> None:
    found = words(*rows, **column)
    assert (found.words, found.sure, found.known) == (NONE, frozenset(), known)


HOLDS = "state holds {}, and nothing tells which of them means failed: set source.states"


@on(
    ("rows", "kind", "told"),
    [
        ([3, 3, 10, 2], Kind.WHOLE, "2 (1 row), 3 (2 rows), 10 (1 row)"),
        (["53", "51", "51", None], Kind.TEXT, "'51' (2 rows), '53' (1 row), NULL (1 row)"),
        (list(range(10)), Kind.WHOLE, ", ".join(f"{place} (1 row)" for place in range(8)) + " and 2 more"),
    ],
)
def test_values_that_nothing_explains_are_told_with_their_rows(rows: list[State], kind: Kind, told: str) -> None:
    assert words(*rows, kind=kind).doubts == (HOLDS.format(told),)


@on(
    ("room", "executing", "known"),
    [(None, "executing", ()), (9, "executing", ()), (7, "running", ()), (3, "run", ()), (2, None, ("ok", "ko"))],
)
def test_a_word_is_assumed_that_the_column_has_room_for(
    room: int | None, executing: str | None, known: tuple[State, ...]
) -> None:
    found = words("ok", "ko", most_chars=room)
    assert (found.words["executing"], found.known) == (executing, known)


JOINED = "remove from source.states.failed what you do not mean"
PLAIN = "no word says plainly that a phase failed; "
MAY = "source.states.failed if "


@on(
    ("rows", "failed", "doubts"),
    [
        (["failed"], "failed", ()),
        (["failed", "error"], ["failed", "error"], (f"'error' looks failed as well, and a drain takes it with 'failed': {JOINED}",)),
        (["failed", "error", "err"], ["failed", "error", "err"],
         (f"'error', 'err' look failed as well, and a drain takes them with 'failed': {JOINED}",)),
        (["failed", "timeout"], "failed",
         (f"'timeout' may mean failed too, and a drain ignores it: add it to {MAY}it does",)),
        (["failed", "timeout", "upstream_failed"], "failed",
         (f"'timeout', 'upstream_failed' may mean failed too, and a drain ignores them: add them to {MAY}they do",)),
        (["timeout", None], "timeout", (f"{PLAIN}'timeout' may: check source.states.failed",
                                        "rows without a state (NULL, 1 of them) are taken for queued: a guess")),
        (["timeout", "x_failed"], ["timeout", "x_failed"],
         (f"{PLAIN}'timeout', 'x_failed' may: check source.states.failed",
          f"'x_failed' looks failed as well, and a drain takes it with 'timeout': {JOINED}")),
    ],
)  # fmt: skip
def test_what_may_mean_failed_is_told_with_what_a_drain_does_about_it(
    rows: list[State], failed: object, doubts: tuple[str, ...]
) -> None:
    found = words(*rows)
    assert (found.words["failed"], found.doubts) == (failed, doubts)


@on(
    ("with_text", "failed", "told"),
    [
        (["b"], "b", "'b' is the only one with failure texts, so it is taken for failed: a guess"),
        (["b", "a"], ["a", "b"], "'a', 'b' are the only ones with failure texts, so they are taken for failed: a guess"),
        (["done"], "failed", None),
        (["a", "done"], "failed", None),
        ([], "failed", None),
        (None, "failed", None),
    ],
)
def test_words_whose_rows_alone_have_texts_are_taken_for_failed_unless_they_mean_something_else(
    with_text: list[State] | None, failed: object, told: str | None
) -> None:
    found = words("a", "b", "done", with_text=with_text)
    assert (found.words["failed"], found.doubts[:1]) == (failed, () if told is None else (told,))
    assert words("failed", "a", with_text=["a"]).words["failed"] == "failed", "a word that says so comes first"


def test_at_most_eight_words_are_named() -> None:
    found = words("failed", *(f"x{place}_failed" for place in range(8)))
    assert (
        "'x0_failed', 'x1_failed', 'x2_failed', 'x3_failed', 'x4_failed', 'x5_failed', 'x6_failed', 'x7_failed' may"
        in found.doubts[0]
    )
    found = words("failed", *(f"x{place}_failed" for place in range(10)))
    assert "'x7_failed' and 2 more may mean failed too" in found.doubts[0]


def test_a_code_means_its_name_and_any_other_value_itself() -> None:
    codes = ColumnFacts(name="state", kind=Kind.WHOLE, meanings={"4": "Failed", "1": "New"}, counts={4: 1, 7: 2})
    assert [meaning_of(one, codes) for one in (4, "4", 7, "x")] == ["Failed", "Failed", "7", "x"]
    found = choose_words(codes)
    assert (found.words["failed"], found.words["queued"], found.known) == (4, 1, (1, 4, 7))
