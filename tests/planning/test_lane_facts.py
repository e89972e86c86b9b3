"""What a policy sees of a lane, whichever way it asks: each fact is that of its own run, category and next phase."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from batchdrain.config.settings import Settings
from batchdrain.database.ledger.history import Past, RunHistory
from batchdrain.failures.fingerprints import fingerprint
from batchdrain.model.retry_stats import NOTHING, RetryCount, RetryStats
from batchdrain.planning.filters import Filters
from batchdrain.planning.lane_buffer import LAST, LaneBuffer
from batchdrain.planning.lane_view import Knowledge, best_of_rest, lane_of
from batchdrain.planning.skip_rules import SkipRules
from batchdrain.planning.stop import Progress

BOOM = "the pump tok3n is dry"
MARK = fingerprint("the pump *** is dry")
SETTINGS = Settings.model_validate({"timeout": {"default_s": 100.0}})
ONE, TWO, THREE, FOUR = (RetryCount(count, 1) for count in range(2, 6))


def known(*, stats: RetryStats | None = None) -> Knowledge:
    rules = SkipRules(
        filters=Filters(), settings=SETTINGS, past=Past(runs={"r": RunHistory(successes=4, timeouts=3, mean_duration_s=2.5)}),
        queued={"r": 6, "q": 1}, progress=lambda: Progress(repeats={MARK: 9}), hints=lambda run_id: 5 if run_id == "r" else 0,
    )  # fmt: skip
    learnt = RetryStats(
        categories={"disk": ONE}, fingerprints={MARK: TWO}, runs={"r": THREE}, run_types={"of r": FOUR}, failures={"r": MARK},
        seen_in={MARK: frozenset({"r", "q"})},
    )  # fmt: skip
    return Knowledge(
        rules=rules, retry_stats=learnt if stats is None else stats, run_type=lambda run_id: f"of {run_id}", failed=Counter(r=7, q=1),
        taken=Counter(r=8, q=2), redact=lambda text: text.replace("tok3n", "***"),
    )  # fmt: skip


def buffer(run_id: str = "r", category: str = "disk", **more: Any) -> LaneBuffer:
    return LaneBuffer(run_id, category, 2, waiting=11, kept=[(3, "p", BOOM)], **more)


FACTS: dict[str, object] = {
    "run_id": "r", "run_type": "of r", "category": "disk", "attempts": 2, "phase_index": 3, "phase_id": "p", "waiting": 11, "failed": 7,
    "queued": 6, "successes": 4, "timeouts": 3, "mean_duration_s": 2.5, "hint": 5, "promising": False, "reason": "the pump *** is dry",
    "fingerprint": MARK, "repeats": {MARK: 9}, "taken": 8, "failed_alike": True, "limit_s": 100.0, "of_category": ONE, "of_fingerprint": TWO,
    "of_run": THREE, "of_run_type": FOUR, "run_order": "r", "phase_order": "p",
}  # fmt: skip


@pytest.mark.parametrize("first", [None, "of_all"])
def test_each_fact_is_the_same_whether_it_is_asked_for_by_itself_or_behind_all(first: str | None) -> None:
    for name, value in FACTS.items():
        lane = lane_of(buffer(), (3, "p", BOOM), known())
        if first is not None:
            assert getattr(lane, first) == ONE, "all attempts are those of all categories"
        assert getattr(lane, name) == value, name


def test_of_a_run_that_nobody_knows_there_is_nothing() -> None:
    lane = lane_of(buffer("z", "patch", promising=True), (LAST, "p", None), known())
    found = {
        name: getattr(lane, name)
        for name in ("phase_index", "failed", "queued", "successes", "timeouts", "mean_duration_s", "hint")
    }
    assert found == {
        "phase_index": None, "failed": 0, "queued": 0, "successes": 0, "timeouts": 0, "mean_duration_s": None, "hint": 0,
    }  # fmt: skip
    assert (lane.taken, lane.failed_alike, lane.promising, lane.reason, lane.fingerprint) == (0, False, True, None, "")
    assert (lane.of_category, lane.of_fingerprint, lane.of_run, lane.of_run_type) == (NOTHING,) * 4


def test_the_limit_of_a_lane_that_timed_out_is_the_doubled_one_and_only_of_that() -> None:
    one = known()
    limits = [lane_of(buffer(category=name), (3, "p", BOOM), one).limit_s for name in ("timeout", "disk", "timeout")]
    assert limits == [200.0, 100.0, 200.0]
    late = lane_of(buffer(category="timeout"), (3, "p", BOOM), known())
    assert (late.of_all, late.limit_s) == (ONE, 200.0)


def test_where_nothing_was_learnt_of_any_failure_nothing_is_known_of_this_one() -> None:
    lane = lane_of(buffer(), (3, "p", BOOM), known(stats=RetryStats()))
    assert (lane.of_all, lane.of_fingerprint, lane.failed_alike) == (NOTHING, NOTHING, False)


def test_the_best_of_what_is_not_at_hand_stands_before_every_id_of_its_index() -> None:
    rest = best_of_rest(LaneBuffer("r", "disk", 2, waiting=4), known())
    assert (rest.phase_order < "", rest.phase_order > "", rest.run_order) == (True, False, "r")


@pytest.mark.parametrize("first", [None, "of_all"])
def test_a_run_type_is_known_by_as_many_of_its_characters_as_the_ledger_keeps(first: str | None) -> None:
    stats = RetryStats(categories={"disk": ONE}, run_types={"t" * 191: FOUR})
    lane = lane_of(buffer(), (3, "p", BOOM), replace(known(stats=stats), run_type=lambda _: "t" * 300))
    assert first is None or getattr(lane, first) == ONE
    assert (lane.of_run_type, lane.run_type) == (FOUR, "t" * 300)


@pytest.mark.parametrize(("given", "text"), [(b"boom 7", "boom 7"), (12.5, "12.5"), (None, None)])
def test_a_text_is_read_as_it_is_shown_whatever_the_driver_makes_of_it(given: object, text: str | None) -> None:
    one = known()
    lane = lane_of(buffer(), (3, "p", given), one)
    assert (lane.reason, lane.fingerprint) == (text, fingerprint(text))
    assert one.fingerprints == {}


def test_fingerprints_are_remembered_and_no_more_than_two_thousand_of_them() -> None:
    one = known()
    for number in range(2_000):
        assert one.fingerprint(buffer(), (0, "p", f"boom {number}")) == "boom *"
    assert len(one.fingerprints) == 2_000
    assert one.fingerprint(buffer(), (0, "p", "boom 7")) == "boom *"
    assert len(one.fingerprints) == 2_000
    assert one.fingerprint(buffer(), (0, "p", "bang")) == "bang"
    assert one.fingerprints == {"bang": "bang"}
