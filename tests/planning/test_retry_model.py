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
from batchdrain.planning.failing_anew import Way
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


MIXED = RetryStats(
    categories={"other": count(30, 50), "unknown": count(9, 1, 20.0, 5.0), "timeout": count(2, 9, 90.0, 500.0)},
    fingerprints={
        fingerprint("boom"): count(2, 12, 10.0, 4.0), fingerprint("bang"): count(7, 1, 80.0, 9.0),
        fingerprint("timed out after 5 s"): count(1, 4, 50.0, 400.0),
    },
    runs={"a-1": count(3, 9, 30.0, 7.0), "b-1": count(5, 1, 8.0, 2.0)},
    run_types={"a": count(12, 20, 40.0, 9.0), "c" * 191: count(4, 0, 200.0)},
)  # fmt: skip
PHASES = [
    phase("a-1"), phase("a-2", reason="bang", attempts=2), phase("b-1", reason=None, category="unknown"),
    phase("b-2", category="timeout", reason="timed out after 5 s"), phase("c" * 300, reason="crash", category="patch"),
    phase("a-1", reason="new words"),
]  # fmt: skip


def mixed(canary_size: int = 3) -> RetryModel:
    outlook = Outlook(
        phases=PHASES,
        waiting=9,
        stats=MIXED,
        run_type=lambda run: run.partition("-")[0],
        size_of=lambda mark: 3 * len(mark) + 1,
    )
    return RetryModel(outlook, lambda _: TimeLimit(seconds=450.0, rule="set"), 0.5, canary_size)


def test_the_same_dice_draw_the_same_for_phases_of_all_kinds() -> None:
    """Chance and seconds of each, twice: another figure of the model is one that somebody means."""
    dice = Random(7)
    drawn = [one[1:] for _ in range(2) for one in mixed().draw(dice)]
    assert [number for one in drawn for number in one] == pytest.approx([
        0.034899, 93.3235, 5.1850, 0.671708, 21.9629, 6.4869, 0.894732, 1.7015, 2.3372,
        0.113653, 12.9419, 64.0051, 0.136079, 201.4197, 208.5566, 0.047702, 57.9171, 16.6958,
        0.167418, 24.0437, 3.7794, 0.631539, 58.1923, 19.6466, 0.570524, 46.6313, 6.4681,
        0.387606, 116.2021, 450.0, 0.025946, 163.3532, 362.6856, 0.064559, 45.7092, 15.0097,
    ], rel=1e-4)  # fmt: skip


def test_what_is_expected_of_a_phase_is_that_of_its_run_its_type_and_its_cluster() -> None:
    found = [(one.run_odds, one.fixed_s, one.failed_s) for one in mixed().expected]
    assert [number for one in found for number in one] == pytest.approx([
        0.662039, 32.4083, 2.8784, 1.0, 40.8565, 12.8944, 2.09133, 10.9527, 4.6507,
        1.0, 52.6829, 417.3754, 1.0, 153.1644, 290.9711, 0.662039, 32.4083, 18.8959,
    ], rel=1e-4)  # fmt: skip
    assert [one.cluster for one in mixed().expected[1:4]] == ["bang", "without a reason 2", "timed out after *"]
    assert {one.timed_out for one in mixed().expected} == {Way(fingerprint("Timed out after 450 s (limit: set)"), "timeout")}


@pytest.mark.parametrize(
    ("size", "are"), [(0, "000000"), (1, "110111"), (13, "110111"), (14, "000111"), (999, "000000")], ids=str
)
def test_a_cluster_of_as_many_phases_as_are_asked_for_is_big_and_a_phase_without_a_reason_has_none(
    size: int, are: str
) -> None:
    assert "".join(str(int(one.is_canary)) for one in mixed(size).expected) == are


@pytest.mark.parametrize(
    ("counts", "fixed_s", "failed_s"),
    [
        (count(0, 4, 0.0, 20.0), 20.0, 20.0),
        (count(4, 0, 60.0, 0.0), 60.0, 60.0),
        (count(2, 2, 60.0, 20.0), 60.0, 20.0),
        (RetryCount(), 0.0, 0.0),
    ],
    ids=["none was fixed", "none failed", "both", "an empty ledger"],
)
def test_where_no_attempt_ended_so_it_is_expected_to_take_as_long_as_the_others(
    counts: RetryCount, fixed_s: float, failed_s: float
) -> None:
    [one] = model_of([phase(category="patch")], categories={"other": counts}).expected
    assert (one.fixed_s, one.failed_s) == pytest.approx((fixed_s, failed_s))


def test_a_phase_that_timed_out_is_expected_to_take_its_limit_however_slow_its_run_is() -> None:
    [one] = model_of([phase("slow-1", category="timeout")], run_types={"slow": count(30, 0, 300.0)}).expected
    assert one.failed_s == pytest.approx(LIMIT_S)


def test_no_odds_are_certain_and_no_durations_have_no_spread_of_their_own() -> None:
    [one] = model_of([phase()], categories={"other": count(10**6, 0)}, runs={"r": count(10**6, 0)}).expected
    assert one.run_odds == pytest.approx(1.0)
    assert spread_of([[], []]) == pytest.approx(SPREAD)
