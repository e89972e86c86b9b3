"""Ranks lanes by expected completions per minute, estimated from all attempts so far."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from batchdrain.model.lane import Lane
from batchdrain.model.retry_stats import RetryCount
from batchdrain.policies.explaining import explained_by

_EDGE: Final = 0.001
"""No rate is certain, and no attempt takes no time at all."""
_OF_LIMIT: Final = 0.1
"""While no duration is known, an attempt is expected to take this share of its time limit."""


def explain_yield(
    lane: Lane,
    now: datetime,  # noqa: ARG001 - a policy's signature
    *,
    prior: float = 0.3,
    strength: float = 4.0,
    timeouts_last: bool = False,  # noqa: ARG001 - the policy's own parameters
) -> str:
    """What `best_yield` expects of the lane, for people."""
    chance = success_rate_of(lane, prior, strength)
    return f"{chance:.0%} to complete in {expected_s_of(lane, chance, strength):.3g} s"


@explained_by(explain_yield)
def best_yield(
    lane: Lane,
    now: datetime,  # noqa: ARG001 - a policy's signature
    *,
    prior: float = 0.3,
    strength: float = 4.0,
    timeouts_last: bool = False,
) -> tuple[bool, float]:
    """Minus P / E: the chance P that the next attempt completes, divided by the minutes E that it is expected to take. If any
    attempt may be the last one for which there is time, this order completes the most (W. E. Smith, 'Various optimizers for
    single-stage production', 1956).

    `prior`: the success rate before anything is known. `strength`: how many attempts the prior is worth; the same holds for
    every shrunk estimate here. `timeouts_last`: phases that timed out go behind all others, whatever is expected of them.

    P. A rate is shrunk towards a wider rate, (fixed + strength x towards) / (tried + strength), which is the mean of a
    beta-binomial posterior (Gelman et al., 'Bayesian Data Analysis', chapter 5): all attempts towards the prior, a category
    towards the prior, a fingerprint towards its category, a run towards all attempts. Fingerprint and run say different
    things about one phase, so they are combined as odds: odds = odds(fingerprint) x odds(run) / odds(all). Last comes the
    phase itself: after `attempts` tries that did not fix it, P = P x strength / (strength + attempts).

    E = P x minutes of an attempt that completes + (1 - P) x minutes of one that does not. Both means are shrunk in the same
    way: a run towards its run type, a run type towards all, all towards a tenth of the time limit. A phase that timed out and
    does not complete is expected to take its whole limit again, until attempts of its category tell otherwise.
    """
    if not (0 < prior < 1 and strength > 0):
        raise ValueError(f"prior must lie between 0 and 1 and strength above 0, got {prior!r} and {strength!r}")
    chance = success_rate_of(lane, prior, strength)
    minutes = max(_EDGE, expected_s_of(lane, chance, strength) / 60)
    return (timeouts_last and lane.category == "timeout", -chance / minutes)


def success_rate_of(lane: Lane, prior: float, strength: float) -> float:
    """The chance that the next attempt of the lane completes, between 0 and 1."""
    overall = _shrink_rate(lane.of_all, prior, strength)
    category = _shrink_rate(lane.of_category, prior, strength)
    by_fingerprint = _shrink_rate(lane.of_fingerprint, category, strength)
    run = _shrink_rate(lane.of_run, overall, strength)
    odds = _odds_of(by_fingerprint) * _odds_of(run) / _odds_of(overall)
    return odds / (1 + odds) * strength / (strength + lane.attempts)


def expected_s_of(lane: Lane, chance: float, strength: float) -> float:
    """The expected seconds of the next attempt, which completes with this chance."""
    fixed = failed = _OF_LIMIT * lane.limit_s
    for counts in (lane.of_all, lane.of_run_type, lane.of_run):
        if counts.tried:  # otherwise both keep the wider estimate
            fixed = _shrink_mean(counts.fixed_s, counts.fixed, fixed, strength)
            failed = _shrink_mean(counts.failed_s, counts.failed, failed, strength)
    if lane.category == "timeout":
        failed = _shrink_mean(lane.of_category.failed_s, lane.of_category.failed, lane.limit_s, strength)
    return chance * fixed + (1 - chance) * failed


def _shrink_rate(counts: RetryCount, towards: float, strength: float) -> float:
    return (counts.fixed + strength * towards) / (counts.tried + strength)


def _shrink_mean(seconds: float, count: int, towards: float, strength: float) -> float:
    return (seconds + strength * towards) / (count + strength)


def _odds_of(rate: float) -> float:
    if not _EDGE <= rate <= 1 - _EDGE:
        rate = min(1 - _EDGE, max(_EDGE, rate))
    return rate / (1 - rate)
