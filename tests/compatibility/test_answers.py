"""Every list, report and preview of the project that bd1f117 left says what bd1f117 said of it."""

from __future__ import annotations

import json

import pytest

from tests.compatibility import asking
from tests.compatibility.conftest import kept
from tests.compatibility.placing import Left, placed
from tests.compatibility.renewed import renew, until_sums, without_runs, without_timeouts

SAID: dict[str, list[str]] = kept("said.json")


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> Left:
    """One for all: what is asked writes nothing."""
    return _place(tmp_path_factory)


@pytest.fixture(scope="module")
def held_on(tmp_path_factory: pytest.TempPathFactory) -> Left:
    """What dead controllers hold is said to be released since; here they live, on another machine."""
    left = _place(tmp_path_factory)
    left.work.sql("UPDATE batchdrain_claim SET lease_until_ms = lease_until_ms + 1000000000000 WHERE owner IS NOT NULL")
    return left


def _place(tmp_path_factory: pytest.TempPathFactory) -> Left:
    root = tmp_path_factory.mktemp("looked") / "project"
    root.mkdir()
    return placed(root, f"sqlite:///{root}/work.db")


@pytest.mark.parametrize("argv", asking.ASKED, ids=asking.key)
def test_an_answer_is_the_one_of_bd1f117(looked_at: Left, held_on: Left, argv: tuple[str, ...]) -> None:
    as_json, place = "--format=json" in argv, held_on if "dry-run" in argv or "--dry" in argv else looked_at
    then, now = (renew(said, as_json=as_json) for said in (SAID[asking.key(argv)], asking.answer(place, argv)))
    if argv == ("sessions",):  # a list of 80 columns since; its JSON is compared
        return
    if argv[0] == "clusters":  # those that differed by who set the limit are one
        then, now = without_timeouts(then), without_timeouts(now)
    if "--run-id=broken-1" in argv:
        then, now = without_runs(then), without_runs(now)
    if "--plan=PLAN.json" in argv:
        then, now = until_sums(then), until_sums(now)
    if as_json:  # more fields may have come
        assert asking.lacks(json.loads("\n".join(now)), json.loads("\n".join(then))) == []
    else:
        assert now == then


def test_a_phase_that_bd1f117_tried_often_enough_is_left_out(held_on: Left) -> None:
    now = asking.explain_rows(held_on, **asking.TRIED_ENOUGH)
    assert renew(now, as_json=False) == renew(SAID[asking.TRIED], as_json=False)
    assert "  - lost-1 / b~fail: skipped by stop.max_attempts_per_phase: tried once" in now


def test_what_is_recorded_is_what_is_asked() -> None:
    assert set(SAID) == {*map(asking.key, asking.ASKED), asking.TRIED}


@pytest.mark.parametrize(
    ("now", "lacking"),
    [
        ({"a": 1, "b": [{"c": 2, "more": 3}], "new": 4}, 0),
        ({"a": 1, "b": [{}]}, 1),
        ({"a": 2, "b": [{"c": 2}]}, 1),
        ({"a": 1, "b": []}, 1),
        ({"b": [{"c": 3}]}, 2),
        ([], 1),
    ],
)
def test_a_field_that_is_gone_or_says_something_else_is_found(now: object, lacking: int) -> None:
    assert len(asking.lacks(now, {"a": 1, "b": [{"c": 2}]})) == lacking
