"""Policies that learn, and a planner that tells them what came of things: within a session, and cheaply."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchdrain.config.settings import Settings
from batchdrain.config.stop_settings import Stop
from batchdrain.database.ledger.history import Past
from batchdrain.database.phases.pages import Row
from batchdrain.failures import categorise
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import Choice, TimeLimit
from batchdrain.model.errors import ConfigError
from batchdrain.model.failure import Failure
from batchdrain.model.lane import Lane
from batchdrain.model.retry_stats import RetryCount, RetryStats
from batchdrain.model.states import Outcome
from batchdrain.planning.filters import Filters
from batchdrain.planning.lane_backlog import LaneBacklog
from batchdrain.planning.lane_heap import RENEWALS, LaneHeap
from batchdrain.planning.skip_rules import SkipRules
from batchdrain.policies.best_yield import best_yield, expected_s_of, explain_yield, success_rate_of
from batchdrain.policies.ranking import Ranking, ranking_of
from tests.planning.backlogs import NOW, REASONS, all_of, backlog_of, lane, names


def rows_of(*cells: tuple[str, str, str | None]) -> list[Row]:
    return [Row(run_id=run, phase_id=phase, phase_index=n, reason=reason) for n, (run, phase, reason) in enumerate(cells)]


def attempt_of(choice: Choice, outcome: Outcome, *, seconds: float = 1.0, reason: str | None = None) -> Attempt:
    said = None if outcome is Outcome.COMPLETE else choice.phase.reason if reason is None else reason
    return Attempt(
        phase=choice.phase, epoch=1, attempt=1, outcome=outcome, final_state="", reason=said, failure=Failure.of(said, categorise),
        exit_code=0, signal=None, started_at=NOW, ended_at=NOW + timedelta(seconds=seconds),
        duration_s=seconds, limit=TimeLimit(seconds=600, rule=""), stdout_path="", stderr_path="",
    )  # fmt: skip


def drained(
    backlog: LaneBacklog, *fixed: str, reasons: dict[str, str] | None = None, seconds: dict[str, float] | None = None
) -> list[str]:
    """The phases in the order in which they are taken; those of `fixed` complete, the others fail, as `reasons` say."""
    backlog.refresh(NOW)
    taken = []
    while (choice := backlog.next(NOW)) is not None:
        name = f"{choice.phase.run_id}/{choice.phase.phase_id}"
        taken.append(name)
        outcome = Outcome.COMPLETE if name in fixed else Outcome.FAILED
        result = attempt_of(
            choice,
            outcome,
            seconds=(seconds or {}).get(choice.phase.run_id, 1.0),
            reason=(reasons or {}).get(choice.phase.run_id),
        )
        backlog.touch(choice.phase.run_id, NOW, result)
    return taken


def test_sample_first_looks_at_every_run_before_a_second_look_at_any() -> None:
    rows = rows_of(*((run, phase, None) for run in "abc" for phase in "12"))
    assert names(all_of(backlog_of(rows, ["sample-first"])))[:3] == ["a/1", "b/1", "c/1"]
    assert drained(backlog_of(rows, ["sample-first"]))[:3] == ["a/1", "b/1", "c/1"]


def test_a_run_whose_sample_repeats_a_known_failure_goes_last() -> None:
    rows = rows_of(*((run, phase, None) for run in "abc" for phase in "12"))
    reasons = {"a": "disk full on node 7", "b": "disk full on node 9", "c": "quite its own trouble"}
    assert drained(backlog_of(rows, ["sample-first"]), reasons=reasons) == ["a/1", "b/1", "c/1", "c/2", "a/2", "b/2"]


def test_a_second_batch_goes_on_sampling_where_the_first_ended() -> None:
    past = Past(retry_stats=RetryStats(runs={"a": RetryCount(1, 1, 2.0, 0.0)}))
    rules = SkipRules(filters=Filters(), settings=Settings(), past=past)
    rows = rows_of(("a", "1", None), ("b", "1", None))
    assert names(all_of(backlog_of(rows, ["sample-first"], rules))) == ["b/1", "a/1"]


def test_best_yield_leaves_a_category_that_keeps_failing() -> None:
    hopeless = [(f"h{n}", "p", REASONS["transient"]) for n in range(6)]
    hopeful = [(f"w{n}", "p", REASONS["patch"]) for n in range(6)]
    rules = SkipRules(filters=Filters(), settings=Settings(stop=Stop(max_repeats=0)), past=Past())
    backlog = backlog_of(rows_of(*hopeless, *hopeful), ["best-yield", "smart"], rules)
    taken = drained(backlog, *(f"w{n}/p" for n in range(6)))
    assert [name[0] for name in taken] == ["h", *"wwwwww", *"hhhhh"]


def test_best_yield_prefers_the_quick_where_all_else_is_equal() -> None:
    rows = rows_of(*((run, phase, "boom") for run in ("slow", "quick") for phase in "123"))
    rules = SkipRules(filters=Filters(), settings=Settings(stop=Stop(max_repeats=0)), past=Past())
    taken = drained(backlog_of(rows, ["best-yield", "sample-first"], rules), *(f"{run}/{n}" for run in ("slow", "quick") for n in "123"),
                    seconds={"slow": 500.0, "quick": 5.0})  # fmt: skip
    assert taken[-2:] == ["slow/2", "slow/3"]


def test_best_yield_knows_what_the_ledger_knows() -> None:
    retry_stats = RetryStats(
        categories={"other": RetryCount(40, 20, 200.0, 200.0)},
        fingerprints={"boom": RetryCount(20, 0, 0.0, 200.0), "bang": RetryCount(20, 20, 200.0, 0.0)},
    )
    rules = SkipRules(filters=Filters(), settings=Settings(), past=Past(retry_stats=retry_stats))
    rows = rows_of(("a", "1", "boom"), ("b", "1", "bang"), ("c", "1", "neither"))
    assert names(all_of(backlog_of(rows, ["best-yield"], rules))) == ["b/1", "c/1", "a/1"]


def test_a_phase_that_was_never_mended_is_worth_less_with_each_attempt() -> None:
    rates = [success_rate_of(lane(attempts=attempts), 0.3, 4.0) for attempts in range(5)]
    assert rates[0] == pytest.approx(0.3)
    assert rates == sorted(rates, reverse=True)
    assert rates[4] == pytest.approx(0.15)


def test_a_phase_that_timed_out_is_expected_to_take_its_limit_again() -> None:
    assert expected_s_of(lane(category="timeout", limit_s=1200.0), 0.0, 4.0) == 1200.0
    assert expected_s_of(lane(category="other", limit_s=1200.0), 0.0, 4.0) == 120.0
    known = RetryCount(10, 6, 60.0, 4_000.0)  # of the four that failed
    assert expected_s_of(lane(category="timeout", limit_s=1200.0, of_category=known), 0.0, 4.0) == 1100.0


def test_no_chance_is_certain_however_many_attempts_say_so() -> None:
    for fixed, chance in ((10**6, 0.999), (0, 0.001)):
        counts = dict.fromkeys(("of_all", "of_category", "of_fingerprint", "of_run"), RetryCount(10**6, fixed, 1.0, 1.0))
        assert success_rate_of(lane(**counts), 0.3, 4.0) == pytest.approx(chance)


def test_what_is_narrower_says_more_of_how_long_an_attempt_takes() -> None:
    """A run more than its type, and that more than all: each mean is shrunk towards the wider one."""
    counts = {
        name: RetryCount(8, 4, 4 * seconds, 4 * seconds)
        for name, seconds in (("of_all", 8.0), ("of_run_type", 4.0), ("of_run", 1.0))
    }
    found = lane(limit_s=160.0, **counts)
    narrow = ((((4 * 8 + 4 * 16) / 8) * 4 + 4 * 4) / 8 * 4 + 4 * 1) / 8
    assert expected_s_of(found, 1.0, 4.0) == pytest.approx(narrow)
    assert expected_s_of(found, 0.0, 4.0) == pytest.approx(narrow)


def test_timeouts_can_be_put_last_whatever_is_expected_of_them() -> None:
    lucky = lane(category="timeout", of_category=RetryCount(100, 100, 10.0, 0.0))
    assert best_yield(lucky, NOW) < best_yield(lane(), NOW)
    assert best_yield(lucky, NOW, timeouts_last=True) > best_yield(lane(), NOW, timeouts_last=True)


@pytest.mark.parametrize(
    ("facts", "parameters", "key"),
    [
        ({}, {}, (False, -0.3)),
        ({"limit_s": 1200.0}, {}, (False, -0.15)),
        ({"limit_s": 0.1}, {}, (False, -300.0)),
        ({"attempts": 1}, {}, (False, -0.24)),
        ({"attempts": 1}, {"strength": 0.5}, (False, -0.1)),
        ({}, {"prior": 0.9}, (False, -0.9)),
        ({"category": "timeout", "limit_s": 60.0}, {}, (False, -0.3 / 0.73)),
    ],
)
def test_best_yield_ranks_by_the_chance_for_each_minute(facts: dict[str, Any], parameters: dict[str, Any], key: Any) -> None:
    assert best_yield(lane(**{"limit_s": 600.0, **facts}), NOW, **parameters) == pytest.approx(key)


def test_what_best_yield_expects_is_said_with_its_own_parameters() -> None:
    assert explain_yield(lane(limit_s=600.0), NOW) == "30% to complete in 60 s"
    assert explain_yield(lane(limit_s=700.0, attempts=1), NOW, prior=0.5, strength=1.0) == "25% to complete in 70 s"


@pytest.mark.parametrize("wrong", [{"prior": 0.0}, {"prior": 1.0}, {"strength": 0.0}, {"strength": -1}])
def test_a_prior_that_is_none_is_told(wrong: dict[str, Any]) -> None:
    told = {"prior": 0.3, "strength": 4.0, **wrong}
    said = f"prior must lie between 0 and 1 and strength above 0, got {told['prior']!r} and {told['strength']!r}"
    with pytest.raises(ConfigError, match=re.escape(said)):
        ranking_of([{"name": "best-yield", **wrong}])(lane(), NOW)


@pytest.mark.parametrize("outcome", [Outcome.RELEASED, Outcome.ORPHANED, Outcome.NOT_STARTED, Outcome.MOVED])
def test_what_was_given_back_teaches_nothing(outcome: Outcome) -> None:
    backlog = backlog_of(rows_of(("a", "1", "boom")))
    backlog.refresh(NOW)
    choice = backlog.next(NOW)
    assert choice is not None
    retry_stats = RetryStats()
    retry_stats.add(attempt_of(choice, outcome), "default")
    assert (retry_stats.results, retry_stats.overall) == (0, RetryCount())


def test_a_result_is_counted_once_though_the_ledger_tells_it_too() -> None:
    past = Past()
    rules = SkipRules(filters=Filters(), settings=Settings(stop=Stop(max_repeats=0)), past=past)
    seen: list[Lane] = []
    backlog = backlog_of(rows_of(("a", "1", "boom"), ("a", "2", "boom")), rules=rules)
    backlog._ranking = Ranking(("watched",), (lambda lane, now: seen.append(lane),))
    backlog.refresh(NOW)
    choice = backlog.next(NOW)
    assert choice is not None
    backlog.touch("a", NOW, attempt_of(choice, Outcome.FAILED))
    assert seen[-1].of_run == RetryCount(1, 0, 0.0, 1.0)
    backlog.refresh(NOW)  # of a ledger that has nothing, so that only this session's own counting could show
    assert seen[-1].of_run == RetryCount()


def test_a_choice_ranks_only_so_many_lanes_anew() -> None:
    rows = rows_of(*((f"r{n}", "p", reason) for n in range(200) for reason in [list(REASONS.values())[n % 7]]))
    backlog = backlog_of(rows)
    ranked: list[str] = []

    def watched(lane: Lane, now: datetime) -> tuple[bool, float]:
        ranked.append(lane.run_id)
        return best_yield(lane, now)

    backlog._ranking = Ranking(("watched",), (watched,))
    backlog.refresh(NOW)
    ranked.clear()
    for _ in range(100):
        choice = backlog.next(NOW)
        assert choice is not None
        backlog.touch(choice.phase.run_id, NOW, attempt_of(choice, Outcome.FAILED, reason=f"{choice.phase.run_id} is broken"))
        assert len(ranked) <= RENEWALS + 2
        ranked.clear()


class Item:
    def __init__(self, name: str, category: str, rank: int) -> None:
        self.run_id, self.category, self.rank = name, category, rank
        self.version, self.stamp = 0, None


@given(st.lists(st.tuples(st.sampled_from("xyz"), st.integers()), max_size=30), st.sets(st.integers(0, 29)))
def test_lanes_come_by_rank_whatever_their_category_and_busy_ones_stay(found: list[tuple[str, int]], busy: set[int]) -> None:
    items = [Item(str(n), category, rank) for n, (category, rank) in enumerate(found)]
    ordering: LaneHeap[Item] = LaneHeap(lambda item: None)
    for item in items:
        ordering.push(item, (item.rank, int(item.run_id)))
    names = {str(n) for n in busy}
    taken = []
    for without in (names, set[str]()):
        while (first := ordering.pop(lambda item: (item.rank, int(item.run_id)), without)) is not None:
            taken.append(first)
    by_rank = sorted(items, key=lambda item: (item.rank, int(item.run_id)))
    assert taken == [i for i in by_rank if i.run_id not in names] + [i for i in by_rank if i.run_id in names]
