"""The order in which each policy takes phases."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given

from batchdrain.config.settings import Settings
from batchdrain.database.ledger.history import Past
from batchdrain.database.phases.pages import Row
from batchdrain.failures.categories import CATEGORIES, categorise
from batchdrain.model.phase import PhaseKey
from batchdrain.planning.filters import Filters
from batchdrain.planning.skip_rules import SkipRules
from tests.planning.backlogs import REASONS, ROWS, all_of, backlog_of, names


@given(ROWS)
def test_smart_is_the_order_of_the_design_over_all_phases(rows: list[Row]) -> None:
    failed = Counter(row.run_id for row in rows)

    def key(row: Row) -> tuple[object, ...]:
        category = CATEGORIES.index(categorise(row.reason))
        return (category, row.phase_index is None, row.phase_index or 0, failed[row.run_id], row.run_id, row.phase_id)

    assert names(all_of(backlog_of(rows))) == [f"{row.run_id}/{row.phase_id}" for row in sorted(rows, key=key)]


def test_smart_takes_the_categories_in_this_order() -> None:
    rows = [Row(run_id="r", phase_id=name, phase_index=0, reason=reason) for name, reason in REASONS.items()]
    order = ["unknown", "transient", "collection", "deliverable", "patch", "other", "timeout"]
    assert [choice.phase.phase_id for choice in all_of(backlog_of(rows))] == order == list(CATEGORIES)


def test_fewest_failures_finishes_a_run_before_the_next() -> None:
    rows = [
        Row(run_id=run, phase_id=str(n), phase_index=n, reason=None)
        for run, count in (("a", 3), ("b", 2))
        for n in range(count)
    ]
    assert names(all_of(backlog_of(rows, ["fewest-failures", "smart"]))) == ["b/0", "b/1", "a/0", "a/1", "a/2"]


def test_run_order_is_strict_inside_a_run_whatever_the_categories() -> None:
    reasons = [REASONS["timeout"], None, "boom"]
    rows = [Row(run_id="r", phase_id=str(n), phase_index=n, reason=reason) for n, reason in enumerate(reasons)]
    assert names(all_of(backlog_of(rows, ["run-order"]))) == ["r/0", "r/1", "r/2"]


def test_untried_first_goes_before_what_was_tried() -> None:
    rows = [Row(run_id="r", phase_id=name, phase_index=n, reason=None) for n, name in enumerate("abc")]
    tried = {PhaseKey("r", "a").digest: 2, PhaseKey("r", "b").digest: 1}
    past = Past(attempts=tried, names=frozenset({("r", "a"), ("r", "b")}))
    rules = SkipRules(filters=Filters(), settings=Settings(), past=past)
    assert names(all_of(backlog_of(rows, ["untried-first", "smart"], rules))) == ["r/c", "r/b", "r/a"]


def test_hints_put_a_run_before_or_behind_the_rest() -> None:
    rows = [Row(run_id=run, phase_id="p", phase_index=0, reason=REASONS["timeout"]) for run in "abc"]
    priorities = {"c": 2, "a": -1}
    rules = SkipRules(
        filters=Filters(), settings=Settings(), past=Past(), hints=lambda run: priorities.get(run, 0),
    )  # fmt: skip
    choices = all_of(backlog_of(rows, Settings().policy, rules))
    assert names(choices) == ["c/p", "b/p", "a/p"]
    assert [choice.reason.partition(", ")[0] for choice in choices] == ["hint +2", "timeout", "hint -1"]


@pytest.mark.parametrize(
    "policy", ["hints", "untried-first", "smart", "run-order", "fewest-failures", "promising-first", "best-yield"]
)
def test_of_equals_the_lower_index_goes_first_and_what_has_none_last(policy: str) -> None:
    """Also where the first ones are not positive."""
    found = {"none": None, "zero": 0, "below": -2, "five": 5}
    rows = [Row(run_id="r", phase_id=name, phase_index=index, reason=None) for name, index in found.items()]
    assert names(all_of(backlog_of(rows, [policy]))) == ["r/below", "r/zero", "r/five", "r/none"]
    if policy not in {"run-order", "fewest-failures"}:  # which go by the run
        apart = [
            Row(run_id=run, phase_id="p", phase_index=index, reason=None)
            for run, index in zip("abcd", found.values(), strict=True)
        ]
        assert names(all_of(backlog_of(apart, [policy]))) == ["c/p", "b/p", "d/p", "a/p"]


@pytest.mark.parametrize("policy", ["fewest-failures", "run-order"])
def test_runs_that_are_equal_are_not_mixed(policy: str) -> None:
    rows = [Row(run_id=run, phase_id=str(n), phase_index=n, reason=None) for n in range(3) for run in "bca"]
    assert names(all_of(backlog_of(rows, [policy, "smart"]))) == [f"{run}/{n}" for run in "abc" for n in range(3)]
