"""What every policy is held to, the built-in ones and a user's own, by the same door."""

from __future__ import annotations

import copy
import re
import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchdrain.config.plugins import POLICIES, list_names
from batchdrain.database.phases.pages import Row
from batchdrain.failures.categories import CATEGORIES
from batchdrain.model.lane import Lane
from batchdrain.model.retry_stats import RetryCount
from batchdrain.policies.ranking import may_look_at_queued, ranking_of
from tests.planning.backlogs import ROWS, all_of, backlog_of, names

OWN = """
def billing_first(lane, now, *, prefix="billing-"):
    return not lane.run_id.startswith(prefix)

def fewest_waiting(lane, now):
    return lane.waiting
"""
PAGE = (Path(__file__).parents[2] / "docs" / "choosing.md").read_text()
ENTRIES: list[str | dict[str, Any]] = [
    *list_names(POLICIES),
    {"name": "best-yield", "prior": 0.9, "strength": 0.5, "timeouts_last": True},
    "conforming_policies:billing_first",
    {"name": "conforming_policies:billing_first", "prefix": "r"},
    "fewest-waiting",
]
every_policy = pytest.mark.parametrize("entry", ENTRIES, ids=str)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)
COUNTS = st.integers(0, 10**6)
SECONDS = st.floats(0, 1e9)
TALLIES = st.builds(lambda fixed, failed, won_s, lost_s: RetryCount(fixed + failed, fixed, won_s if fixed else 0.0, lost_s if failed else 0.0),
                    COUNTS, COUNTS, SECONDS, SECONDS)  # fmt: skip
LANES = st.builds(
    Lane, run_id=NAMES, run_type=NAMES, category=st.sampled_from(CATEGORIES), attempts=COUNTS,
    phase_index=st.none() | st.integers(-(2**63), 2**63 - 1), phase_id=NAMES, waiting=st.integers(1, 10**6), failed=COUNTS,
    queued=COUNTS, successes=COUNTS, timeouts=COUNTS, mean_duration_s=st.none() | SECONDS, hint=st.integers(-(10**6), 10**6),
    reason=st.none() | st.text(max_size=40), repeats=st.dictionaries(NAMES, COUNTS, max_size=3), taken=COUNTS,
    failed_alike=st.booleans(), limit_s=st.floats(0.001, 1e8), of_all=TALLIES, of_category=TALLIES, of_fingerprint=TALLIES,
    of_run=TALLIES, of_run_type=TALLIES,
)  # fmt: skip
BACKLOGS = st.lists(LANES, min_size=2, max_size=8, unique_by=lambda lane: (lane.run_id, lane.phase_id))
MOMENTS = st.datetimes(timezones=st.just(UTC))


@pytest.fixture(scope="module", autouse=True)
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A user's package with a policy by its path, and one by an entry point."""
    folder: Path = tmp_path_factory.mktemp("site")
    (folder / "conforming_policies.py").write_text(OWN)
    about = folder / "conforming_policies-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: conforming-policies\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[{POLICIES}]\nfewest-waiting = conforming_policies:fewest_waiting\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield
    sys.modules.pop("conforming_policies", None)


def test_the_built_in_policies_are_those_that_the_page_names() -> None:
    table = PAGE.split("| policy | ranks |")[1].split("\n\n")[0]
    named = [line.split("`")[1] for line in table.splitlines() if line.startswith("| `")]
    assert sorted(named) == [name for name in list_names(POLICIES) if name != "fewest-waiting"]


def test_the_page_lists_what_a_lane_carries() -> None:
    said = PAGE.split("A lane carries ")[1].split("Policies see nothing else")[0]
    listed = {name for group in re.findall(r"`([^`]+)`", said) for name in group.replace(",", " ").split()}
    tallied = {"tried", "fixed", "failed", "fixed_s", "failed_s"}
    assert {name for name in tallied if hasattr(RetryCount(), name)} == tallied
    carried = {field.name for field in fields(Lane)} - {"repeats"} | {"fingerprint", "fingerprint_count"}
    assert listed == carried | tallied


@every_policy
@given(lanes=BACKLOGS, now=MOMENTS)
def test_the_keys_of_any_two_lanes_can_be_compared_and_never_tie(entry: Any, lanes: list[Lane], now: datetime) -> None:
    ranking = ranking_of([entry])
    ranks = [ranking(lane, now) for lane in lanes]
    for one, other in combinations(ranks, 2):
        assert (one < other) is not (other < one)


@every_policy
@given(lane=LANES, now=MOMENTS)
def test_a_policy_changes_nothing_and_says_the_same_twice(entry: Any, lane: Lane, now: datetime) -> None:
    ranking, before, moment = ranking_of([entry]), copy.deepcopy(lane), now + timedelta(0)
    assert ranking(lane, now) == ranking(lane, now) == ranking(copy.deepcopy(lane), now)
    assert (lane, now) == (before, moment)


@every_policy
@given(lane=LANES, queued=COUNTS, now=MOMENTS)
def test_a_policy_for_which_queued_phases_are_not_counted_does_not_look_at_them(
    entry: Any, lane: Lane, queued: int, now: datetime
) -> None:
    ranking, other = ranking_of([entry]), replace(lane, queued=queued)
    if not may_look_at_queued([entry]):
        assert (ranking(lane, now), ranking.explain(lane, now)) == (ranking(other, now), ranking.explain(other, now))


@every_policy
@given(rows=ROWS, order=st.randoms(use_true_random=False))
def test_a_policy_plans_each_phase_once_and_always_the_same(entry: Any, rows: list[Row], order: Any) -> None:
    shuffled = list(rows)
    order.shuffle(shuffled)
    plan = names(all_of(backlog_of(rows, [entry])))

    assert sorted(plan) == sorted(f"{row.run_id}/{row.phase_id}" for row in rows)
    assert names(all_of(backlog_of(shuffled, [entry]))) == plan
