"""How far a drain is, as screens and other shells are told it: each count of its snapshot, and what its ETA sets out from."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from batchdrain.drain import observer as observing
from batchdrain.drain.budget import Budget
from batchdrain.drain.observer import Observer
from batchdrain.model.claim import Choice, ScheduledAttempt, TimeLimit
from batchdrain.model.phase import Phase
from batchdrain.model.retry_stats import RetryCount
from batchdrain.model.states import PhaseState
from batchdrain.planning.eta import Remaining, estimate
from batchdrain.sessions.session import Kind

NOW_S, NOW_MS = 1_000.0, 500_000


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observing, "monotonic", lambda: NOW_S)
    monkeypatch.setattr(observing, "boottime_ms", lambda: NOW_MS)


def running(number: int, since_s: float, executions: int = 0, limit_s: float = 60.0) -> Any:
    phase = Phase(run_id="r", phase_id=str(number), phase_index=0, state=PhaseState.FAILED)
    scheduled = ScheduledAttempt(0.0, number, Choice(phase=phase, reason=""), executions)
    return SimpleNamespace(
        scheduled=scheduled, limit=TimeLimit(seconds=limit_s, rule=""), claimed_ms=NOW_MS - round(since_s * 1000)
    )


class Drain:
    """What an observer looks at, each part as a plain thing that a test may change."""

    def __init__(self, **facts: Any) -> None:
        of: dict[str, Any] = {
            "results": 0, "processed": 0, "succeeded": 0, "waiting_before": 0, "waiting_retries": 0, "left_retries": (), "places": 0, "attempts": 0, "attempts_s": 0.0,
            "taken": 0, "waiting": 0, "retries_due": [], "running": [], "workers": 2, "per_minute": 0, "is_over": False, "is_paused": False,
            "is_open": False, "breaker_due": 0.0, "pace_due": 0.0, "left_s": float("inf"), "kind": Kind.FAILED, "before": RetryCount(),
            "known_s": [], **facts,
        }  # fmt: skip
        session = SimpleNamespace(
            results=[None] * of["results"], total_success=of["succeeded"], total_processed=of["processed"]
        )
        self.counts = SimpleNamespace(
            waiting=of["waiting_before"], places=dict.fromkeys(range(of["places"])), attempts=of["attempts"], attempts_s=of["attempts_s"],
        )  # fmt: skip
        settings = SimpleNamespace(workers=of["workers"], command=SimpleNamespace(runs_per_minute=of["per_minute"]))
        stats = SimpleNamespace(stats=SimpleNamespace(overall=of["before"]))
        it = SimpleNamespace(
            record=SimpleNamespace(session=session, counts=self.counts), retries=of["left_retries"],
            request=SimpleNamespace(settings=settings, kind=of["kind"]), backlog=SimpleNamespace(look_ahead=lambda most, now: stats),
        )  # fmt: skip
        self.breaker = SimpleNamespace(is_open=of["is_open"], due=of["breaker_due"])
        services = SimpleNamespace(
            breaker=self.breaker,
            pace=SimpleNamespace(due=of["pace_due"]),
            limits=SimpleNamespace(known_s=of["known_s"]),
        )
        self.chooser = SimpleNamespace(taken=of["taken"], waiting=of["waiting"], retries_due=of["retries_due"])
        self.stops = SimpleNamespace(
            is_over=of["is_over"], is_paused=of["is_paused"], progress=SimpleNamespace(elapsed_s=30.0)
        )
        workers = SimpleNamespace(running=of["running"])
        self._budget = SimpleNamespace(left_s=lambda elapsed_s: of["left_s"] - elapsed_s)
        parts: Any = (it, services, self.chooser, workers, self.stops)
        with pytest.MonkeyPatch.context() as only:
            only.setattr(Budget, "of_session", lambda _: self._budget)
            self.observer = Observer(*parts)
        self.counts.waiting = of["waiting_retries"]

    def look(self, **presence: Any) -> Any:
        return self.observer.look(
            cast("Any", SimpleNamespace(**{"waits": "", "is_paused": False, "others_workers": 0, **presence}))
        )

    def remaining(self, monkeypatch: pytest.MonkeyPatch, **presence: Any) -> Remaining:
        given: list[Remaining] = []

        def keep(left: Remaining) -> Any:
            given.append(left)
            return estimate(left)

        monkeypatch.setattr(observing, "estimate", keep)
        self.look(**presence)
        return given[-1]


def test_the_processed_are_those_that_succeeded_and_failed_and_some_of_these_wait_for_a_retry_or_are_retried() -> None:
    drain = Drain(processed=9, succeeded=4, waiting_retries=3, running=[running(1, 5, executions=1), running(2, 6)])
    shot = drain.look()
    assert (shot.processed, shot.succeeded, shot.failed, shot.retries_waiting, shot.retries_running) == (9, 4, 5, 2, 1)
    shot = Drain(processed=2, succeeded=2, running=[running(1, 5, executions=1)]).look()
    assert (shot.failed, shot.retries_waiting, shot.retries_running) == (0, 0, 0), (
        "its failure is not counted as one that waits"
    )


def test_retries_that_a_resume_leaves_behind_do_not_wait() -> None:
    """Of three that waited when the session was left, one is tried again; the other two are no retries of this call."""
    one = ScheduledAttempt(0.0, 1, running(1, 0).scheduled.choice, 1)
    drain = Drain(processed=5, succeeded=1, waiting_before=3, waiting_retries=3, left_retries=[one])
    shot = drain.look()
    assert (shot.failed, shot.retries_waiting) == (4, 1)
    drain.counts.waiting = 2
    assert (drain.look().failed, drain.look().retries_waiting) == (4, 0)
    drain.counts.waiting = 1
    assert drain.look().retries_waiting == 0


@pytest.mark.parametrize(
    ("facts", "target"),
    [
        ({"results": 2, "taken": 3, "waiting": 4}, 9),
        ({"results": 2, "taken": 3, "waiting": 4, "is_over": True}, 9),
        ({"results": 2, "processed": 12, "taken": 3, "waiting": 4}, 12),
    ],
)
def test_the_target_is_what_was_done_before_is_taken_and_still_waits(facts: dict[str, Any], target: int) -> None:
    assert Drain(**facts).look().target == target


def test_what_has_run_longest_comes_first_and_is_told_with_its_tries_and_its_limit() -> None:
    shot = Drain(
        running=[running(3, 5.5), running(2, 7.25, executions=2, limit_s=90), running(1, 5.5), running(4, -1)]
    ).look()
    assert [(one.number, one.phase_id, one.tries, one.elapsed_s, one.limit_s) for one in shot.running] == [
        (2, "2", 3, 7.25, 90), (1, "1", 1, 5.5, 60), (3, "3", 1, 5.5, 60), (4, "4", 1, 0.0, 60),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "waits", "told"),
    [
        ({}, "", ""),
        ({"is_open": True, "breaker_due": NOW_S + 8.4}, "", "an outage: one phase is tried in 8 s"),
        ({"is_open": True, "breaker_due": NOW_S}, "", "an outage: one phase is tried"),
        ({"is_open": False, "breaker_due": NOW_S + 8.4}, "", ""),
        ({"is_open": True, "breaker_due": NOW_S + 8.4}, "command.runs_per_minute (6)", "command.runs_per_minute (6)"),
    ],
)
def test_why_nothing_begins_is_told_by_what_waits_or_by_the_outage(facts: dict[str, Any], waits: str, told: str) -> None:
    assert Drain(**facts).look(waits=waits).waits == told


@pytest.mark.parametrize("is_it", [True, False])
def test_a_pause_and_an_end_are_told_as_such(is_it: bool) -> None:
    assert Drain().look(is_paused=is_it).is_paused is is_it
    assert Drain(is_over=is_it).look().is_ending is is_it


def test_what_is_left_is_told_to_the_eta(monkeypatch: pytest.MonkeyPatch) -> None:
    left = Drain(
        waiting=5, places=4, attempts=6, attempts_s=60.0, retries_due=[NOW_S + 3, NOW_S - 1], per_minute=6, left_s=100.0, pace_due=NOW_S + 2,
    ).remaining(monkeypatch, others_workers=3)  # fmt: skip
    assert (left.attempt_s, left.pending, left.tries, left.retries_s) == (10.0, 5, 1.5, [3.0, 0.0])
    assert (left.workers, left.held_s, left.interval_s, left.left_s) == (5, 2.0, 10.0, 70.0)
    assert (left.is_paused, left.in_outage, left.running) == (False, False, [])


def test_once_nothing_more_begins_nothing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    left = Drain(waiting=5, retries_due=[NOW_S + 3], is_over=True, left_s=1.0).remaining(monkeypatch)
    assert (left.pending, left.retries_s, left.left_s, left.tries, left.attempt_s) == (0, (), 0.0, 1.0, None)


@pytest.mark.parametrize(
    ("is_open", "breaker_s", "pace_s", "held_s"), [(True, 9, 2, 9), (True, 1, 2, 2), (False, 9, 2, 2), (False, 9, -2, 0)]
)
def test_nothing_begins_before_an_outage_and_the_pace_permit_it(
    monkeypatch: pytest.MonkeyPatch, is_open: bool, breaker_s: float, pace_s: float, held_s: float
) -> None:
    drain = Drain(is_open=is_open, breaker_due=NOW_S + breaker_s, pace_due=NOW_S + pace_s, is_paused=is_open)
    left = drain.remaining(monkeypatch)
    assert (left.held_s, left.in_outage, left.is_paused) == (held_s, is_open, is_open)


@pytest.mark.parametrize(
    ("facts", "workers"),
    [
        ({"waiting": 5, "running": [running(1, 3.0), running(2, 2.5)]}, 2),
        ({"waiting": 5, "running": [running(1, 3.0), running(2, 2.0)]}, 4),
        ({"waiting": 0, "running": [running(1, 3.0)]}, 4),
        ({"waiting": 5, "running": []}, 4),
        ({"waiting": 5, "running": [running(1, 3.0)], "pace_due": NOW_S + 1}, 4),
        ({"waiting": 5, "running": [running(number, 3.0) for number in range(6)]}, 4),
    ],
    ids=["of two runs", "one has just begun", "nothing waits", "nothing runs", "the pace holds it", "more than workers"],
)
def test_runs_that_have_settled_let_no_more_run_side_by_side(
    monkeypatch: pytest.MonkeyPatch, facts: dict[str, Any], workers: int
) -> None:
    assert Drain(workers=4, **facts).remaining(monkeypatch).workers == workers


@pytest.mark.parametrize(
    ("kind", "before", "known_s", "attempt_s"),
    [
        (Kind.FAILED, RetryCount(tried=2, fixed=1, fixed_s=6.0, failed_s=2.0), [50.0], 4.0),
        (Kind.FAILED, RetryCount(), [50.0, 10.0], 30.0),
        (Kind.QUEUED, RetryCount(tried=2, fixed=1, fixed_s=6.0, failed_s=2.0), [50.0, 10.0], 30.0),
        (Kind.QUEUED, RetryCount(), [], None),
    ],
)
def test_how_long_attempts_took_before_is_known_of_failed_phases_and_else_of_all(
    monkeypatch: pytest.MonkeyPatch, kind: Kind, before: RetryCount, known_s: list[float], attempt_s: float | None
) -> None:
    assert Drain(kind=kind, before=before, known_s=known_s).remaining(monkeypatch).attempt_s == attempt_s
