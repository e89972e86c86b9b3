"""What may be true of the next attempts: as the ledger says of phases like them, and never more than their time limits."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from batchdrain.failures import fingerprint
from batchdrain.model.claim import TimeLimit
from batchdrain.model.failure import Failure
from batchdrain.model.phase import Phase
from batchdrain.model.retry_stats import RetryCount, RetryStats
from batchdrain.model.states import PhaseState
from batchdrain.planning.outlook import Outlook
from batchdrain.planning.retry_model import SPREAD, RetryModel, spread_of

LIMIT_S = 600.0


def phase(run: str = "r", *, reason: str | None = "boom", category: str = "other", attempts: int = 0) -> Phase:
    failure = Failure.of_category(reason, category, str)
    return Phase(run_id=run, phase_id="p", phase_index=0, state=PhaseState.FAILED, failure=failure, attempts=attempts)


def count(fixed: int, failed: int, fixed_s: float = 60.0, failed_s: float = 30.0) -> RetryCount:
    return RetryCount(fixed + failed, fixed, fixed_s * fixed, failed_s * failed)


def model_of(phases: Sequence[Phase], limit_s: float = LIMIT_S, **stats: Any) -> RetryModel:
    known = {"categories": {"other": count(50, 50)}, **stats}
    outlook = Outlook(
        phases=phases, waiting=len(phases), stats=RetryStats(**known), run_type=lambda run: run.partition("-")[0]
    )
    return RetryModel(outlook, lambda _: TimeLimit(seconds=limit_s, rule="set"))


def chances(model: RetryModel, draws: int = 300) -> list[float]:
    """The mean chance of each phase."""
    dice = Random(1)
    return [
        statistics.fmean(of) for of in zip(*([one.chance for one in model.draw(dice)] for _ in range(draws)), strict=True)
    ]


def seconds(model: RetryModel, draws: int = 300) -> list[tuple[float, float]]:
    """The median seconds of an attempt that completes, and of one that fails, of each phase."""
    dice = Random(1)
    drawn = [list(model.draw(dice)) for _ in range(draws)]
    return [
        (statistics.median(one[at].fixed_s for one in drawn), statistics.median(one[at].failed_s for one in drawn))
        for at in range(len(drawn[0]))
    ]


def test_a_chance_is_about_the_rate_of_phases_like_it_and_less_with_each_attempt_before() -> None:
    model = model_of([phase(reason=None), phase(reason=None, attempts=8)], categories={"other": count(800, 200)})
    fresh, tried = chances(model)
    assert fresh == pytest.approx(0.8, abs=0.05)
    assert tried == pytest.approx(fresh / 2, abs=0.03)


def test_a_cluster_and_a_run_say_more_than_their_category() -> None:
    known = {fingerprint("boom"): count(0, 60), fingerprint("bang"): count(60, 0)}
    bad, good = chances(model_of([phase("a"), phase("b", reason="bang")], fingerprints=known))
    assert bad < 0.2 < 0.8 < good
    ill, sound = chances(
        model_of([phase("a", reason=None), phase("b", reason=None)], runs={"a": count(1, 40), "b": count(40, 1)})
    )
    assert ill < 0.3 < 0.7 < sound


def test_phases_of_one_cluster_share_their_chance_and_those_without_a_reason_do_not() -> None:
    def together(reason: str | None) -> float:
        model, dice = model_of([phase("a", reason=reason), phase("a", reason=reason)]), Random(1)
        drawn = [[one.chance for one in model.draw(dice)] for _ in range(200)]
        return statistics.fmean(abs(one - other) for one, other in drawn)

    assert together("boom") == 0.0
    assert together(None) > 0.1


def test_no_attempt_takes_longer_than_its_limit() -> None:
    dice = Random(1)
    model = model_of([phase(), phase(category="timeout", reason="timed out")], limit_s=50.0)
    drawn = [one for _ in range(50) for one in model.draw(dice)]
    assert max(max(one.fixed_s, one.failed_s) for one in drawn) <= 50.0
    assert {one.of.failed_s for one in drawn if one.of.phase.category == "timeout"} == {50.0}


def test_a_run_of_a_slow_type_takes_long_and_one_that_is_quick_itself_does_not() -> None:
    model = model_of(
        [phase("slow-1"), phase("quick-1"), phase("slow-2")],
        run_types={"slow": count(30, 0, 300.0), "quick": count(30, 0, 3.0)}, runs={"slow-2": count(30, 0, 3.0)},
    )  # fmt: skip
    (slow, slow_fails), (quick, quick_fails), (own, _) = seconds(model)
    assert slow > 20 * quick
    assert own < slow / 10
    assert slow_fails > 5 * quick_fails, "what fails does so after a share of its time"


def test_a_spread_is_that_of_durations_within_their_groups_and_assumed_where_none_is_known() -> None:
    assert spread_of([]) == pytest.approx(SPREAD)
    assert spread_of([[5.0], [5000.0]]) == pytest.approx(SPREAD), "one duration has no spread, and groups differ as they like"
    alike, wide = spread_of([[10.0] * 200]), spread_of([[1.0, math.e**4] * 100])
    assert alike < 0.1
    assert wide == pytest.approx(2.0, abs=0.1)
