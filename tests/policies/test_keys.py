"""The key of each policy: which lane goes before which, fact by fact."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from batchdrain.failures.categories import CATEGORIES
from batchdrain.model.retry_stats import RetryCount
from batchdrain.policies.explaining import explained_by, explanation_of
from batchdrain.policies.fewest_failures import fewest_failures
from batchdrain.policies.hints import hints
from batchdrain.policies.most_queued import most_queued
from batchdrain.policies.promising_first import promising_first
from batchdrain.policies.run_order import run_order
from batchdrain.policies.sample_first import explain_sampling, sample_first
from batchdrain.policies.smart import smart
from batchdrain.policies.untried_first import untried_first
from tests.planning.backlogs import NOW, lane

TRIED = RetryCount(tried=1)


@pytest.mark.parametrize(
    ("policy", "order"),
    [
        (fewest_failures, [{"failed": 1, "run_id": "b"}, {"failed": 2, "run_id": "a"}, {"failed": 2, "run_id": "b"}]),
        (fewest_failures, [{"run_id": "b", "run_order": 2}, {"run_id": "a", "run_order": 10}]),
        (hints, [{"hint": 2}, {"hint": 0}, {"hint": -1}]),
        (most_queued, [{"taken": 1, "queued": 1}, {"queued": 3, "run_id": "b"}, {"queued": 2, "run_id": "a"}, {"queued": 2, "run_id": "b"}]),
        (promising_first, [{"promising": True}, {}]),
        (
            run_order,
            [
                {"run_id": "a", "phase_index": 2}, {"run_id": "a", "phase_index": 10, "phase_id": "a"}, {"run_id": "a", "phase_index": 10, "phase_id": "b"},
                {"run_id": "a", "phase_index": None}, {"run_id": "b", "phase_index": 0},
            ],
        ),
        (run_order, [{"phase_index": 0, "phase_id": "b"}, {"phase_index": None, "phase_id": "a"}]),
        (smart, [{"category": one} for one in CATEGORIES]),
        (
            smart,
            [
                {"category": "other", "phase_index": 1, "failed": 9}, {"category": "other", "phase_index": 2, "failed": 1},
                {"category": "other", "phase_index": 2, "failed": 2}, {"category": "other", "phase_index": None, "failed": 0},
            ],
        ),
        (untried_first, [{"attempts": 0}, {"attempts": 1}, {"attempts": 2}]),
        (sample_first, [{}, {"taken": 1}, {"taken": 1, "failed_alike": True}]),
        (sample_first, [{"failed_alike": True}, {"of_run": TRIED}, {"of_run": TRIED, "failed_alike": True}]),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)  # fmt: skip
def test_lanes_go_in_this_order(policy: Callable[..., Any], order: list[dict[str, Any]]) -> None:
    keys = [policy(lane(**facts), NOW) for facts in order]
    assert keys == sorted(keys)
    assert all(one != other for one, other in pairwise(keys))


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, "a sample of its run"),
        ({"taken": 1}, "its run is sampled"),
        ({"taken": 1, "failed_alike": True}, "why its run fails is known"),
    ],
)
def test_how_far_a_run_is_sampled_is_said_by_its_place(facts: dict[str, Any], said: str) -> None:
    assert explain_sampling(lane(**facts), NOW) == said
    assert explanation_of(sample_first) is explain_sampling


def test_a_policy_explains_itself_by_a_function_and_by_nothing_else() -> None:
    def own(*_: Any) -> int:
        return 0

    assert explanation_of(own) is None
    own.explains = "no function"  # type: ignore[attr-defined]
    assert explanation_of(own) is None
    assert explanation_of(explained_by(explain_sampling)(own)) is explain_sampling
