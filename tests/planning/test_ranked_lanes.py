"""What a choice says of its lane, how many lanes a step ranks, and what is told ahead of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from batchdrain.config.settings import Settings
from batchdrain.database.ledger.history import Past
from batchdrain.database.phases.pages import Page, Row
from batchdrain.failures.categories import categorise
from batchdrain.failures.fingerprints import fingerprint
from batchdrain.model.errors import ConfigError
from batchdrain.model.lane import Lane
from batchdrain.model.phase import PhaseKey
from batchdrain.model.retry_stats import RetryCount, RetryStats
from batchdrain.model.states import PhaseState
from batchdrain.planning.filters import Filters
from batchdrain.planning.lane_backlog import LaneBacklog
from batchdrain.planning.lane_buffer import LaneBuffer
from batchdrain.planning.lane_view import Knowledge
from batchdrain.planning.ranked_lanes import RankedLanes
from batchdrain.planning.reading import Reading
from batchdrain.planning.skip_rules import SkipRules
from batchdrain.policies.ranking import Ranking, ranking_of
from tests.planning.backlogs import NOW, all_of, backlog_of
from tests.planning.test_looking_ahead import verdict

RULES = SkipRules(filters=Filters(), settings=Settings(), past=Past())


@pytest.mark.parametrize(
    ("hint", "attempts", "index", "told"),
    [
        (0, None, None, "other, never tried, no phase_index, 2 failed in its run (policy hints > smart)"),
        (5, 2, 3, "hint +5, other, tried 2x, phase_index 3, 2 failed in its run (policy hints > smart)"),
        (-5, 1, -3, "hint -5, other, tried 1x, phase_index -3, 2 failed in its run (policy hints > smart)"),
        (0, 0, None, "other, never tried to an end, no phase_index, 2 failed in its run (policy hints > smart)"),
    ],
)
def test_a_choice_says_what_is_known_of_its_lane(hint: int, attempts: int | None, index: int | None, told: str) -> None:
    """None: no drain has begun it."""
    rows = [Row("r", "p", index, "boom"), Row("r", "q", None, "timed out after 5 s")]
    past = Past()
    if attempts is not None:
        past = Past(attempts={PhaseKey("r", "p").digest: attempts}, names=frozenset({("r", "p")}))
    chosen = all_of(backlog_of(rows, ["hints", "smart"], replace(RULES, hints=lambda run: hint, past=past)))
    assert chosen[0].reason == told


def test_a_promising_phase_is_told_with_its_verdict() -> None:
    row = Row("r", "p", 1, "boom")
    said = verdict(row, "promising")
    [choice] = all_of(backlog_of([row], ["smart"], replace(RULES, verdicts={said.key: said})))
    assert choice.reason == f"{said}, other, never tried, phase_index 1, 1 failed in its run (policy smart)"


def lanes(count: int, ranking: Ranking, moments: Any = lambda: NOW) -> tuple[RankedLanes, int]:
    known = Knowledge(
        rules=RULES, retry_stats=RetryStats(), run_type=lambda run: "", failed=Counter(), taken=Counter(), redact=str
    )
    made = RankedLanes(known, ranking, PhaseState.FAILED)
    buffers = [LaneBuffer(f"r{at}", "other", 0, waiting=1, kept=[(at, "p", "boom")]) for at in range(count)]
    return made, sum(1 for _ in made.add(buffers, moments))


@pytest.mark.parametrize(("count", "steps"), [(0, 0), (1, 1), (200, 1), (201, 2), (401, 3)])
def test_a_step_ranks_two_hundred_lanes_by_the_time_that_it_is_then(count: int, steps: int) -> None:
    seen: list[datetime] = []
    times = iter(NOW + timedelta(hours=hours) for hours in range(9))

    def own(lane: Lane, now: datetime) -> int | None:
        seen.append(now)
        return lane.phase_index

    made, found = lanes(count, Ranking(("own",), (own,)), times.__next__)
    assert (found, made.waiting) == (steps, count)
    assert seen == [NOW + timedelta(hours=at // 200) for at in range(count)]
    assert [rank[0] for rank in sorted(made.ranks())] == list(range(count))


def test_keys_that_can_not_be_compared_are_told_with_all_policies() -> None:
    def mixed(lane: Lane, now: datetime) -> Any:
        return "text" if lane.run_id == "r1" else 1

    with pytest.raises(ConfigError) as caught:
        lanes(2, Ranking(("one", "two"), (mixed, mixed)))
    assert caught.value.message.startswith("batchdrain.policy: one, two: the keys of two lanes can't be compared: '<' not")
    assert caught.value.remedy == "a policy must return keys of one type"


def test_the_ranks_are_those_that_the_policies_gave_and_none_of_a_lane_that_keeps_nothing() -> None:
    made, _ = lanes(2, ranking_of(["sample-first", "smart"]))
    given = (0, (5, False, 1, 0), False, 1, "r1", "p")
    assert sorted(made.ranks())[1] == given
    [buffer] = made.of_run("r1")
    buffer.take()
    buffer.waiting = 3
    made.push(buffer, NOW)
    assert [rank[-2:] for rank in made.ranks()] == [("r0", "p")]


def test_a_look_ahead_tells_all_that_a_forecast_needs() -> None:
    rows = [Row("r", str(at), at, "boom") for at in range(3)]
    said = verdict(rows[1], "promising")
    stats = RetryStats(categories={"other": RetryCount(4, 1)})
    settings = Settings.model_validate({"stop": {"canary": True}})
    rules = replace(RULES, verdicts={said.key: said}, past=Past(retry_stats=stats), settings=settings)
    backlog = backlog_of(rows, ["run-order"], rules)
    backlog.refresh(NOW)
    backlog.next(NOW)
    found = backlog.look_ahead(9, NOW)
    assert ([phase.phase_id for phase in found.phases], found.waiting) == (["1", "2"], 2)
    assert (found.stats.categories, found.run_type("r")) == (stats.categories, "default")
    assert (found.size_of(fingerprint("boom")), found.size_of("other")) == (3, 0)
    assert [phase.phase_id for phase in backlog.upcoming(9, NOW)] == ["2"], "without those of a verdict"


def test_phases_that_the_session_fixed_stay_counted_as_failed_in_their_run() -> None:
    backlog = LaneBacklog(
        lambda: Reading(pages=iter([Page.of([Row("r", "p", 1, "boom")])]), rules=RULES), ranking_of(["smart"]), state=PhaseState.FAILED,
        categorise=categorise, run_type=lambda run: "", fixed=lambda: {"r": 5, "s": 1},
    )  # fmt: skip
    for _ in range(2):
        backlog.refresh(NOW)
        assert (backlog.total, backlog.waiting) == (1, 1)
    choice = backlog.next(NOW)
    assert choice is not None
    assert "6 failed in its run" in choice.reason
