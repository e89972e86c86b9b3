"""How much a session may still take: phases, whole batches, and seconds."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.config.settings import Settings
from batchdrain.drain import budget as budget_room
from batchdrain.drain.budget import Budget


@pytest.mark.parametrize(("most", "taken", "left"), [(None, 99, None), (5, 0, 5), (5, 5, 0), (5, 6, 0)])
def test_what_is_left_of_a_batch_is_never_less_than_nothing(most: int | None, taken: int, left: int | None) -> None:
    assert Budget(most=most).left(taken) == left


def test_a_limit_in_minutes_is_counted_in_seconds_and_none_is_no_limit() -> None:
    assert Budget(most=None, minutes=1.5).left_s(30.0) == 60.0
    assert Budget(most=None).left_s(1e9) == float("inf")


@pytest.mark.parametrize(("minutes", "left_s"), [(0, 40.0), (1, 30.0), (2, 40.0), (0.25, -15.0)])
def test_of_the_session_s_minutes_and_those_of_this_time_alone_the_earlier_end_counts(
    monkeypatch: pytest.MonkeyPatch, minutes: float, left_s: float
) -> None:
    monkeypatch.setattr(budget_room, "monotonic", lambda: 60.0)
    assert Budget(most=None, minutes=minutes, deadline=100.0).left_s(30.0) == left_s
    assert Budget(most=None, minutes=minutes, deadline=10.0).left_s(30.0) <= -15.0, "what is over is over"


def test_a_batch_ends_after_each_whole_number_of_them() -> None:
    budget = Budget(most=None, batch=3)
    assert [budget.ends_batch(taken) for taken in range(7)] == [True, False, False, True, False, False, True]
    assert not Budget(most=None).ends_batch(0)


def test_the_budget_of_a_session_is_what_it_may_take_now_by_its_own_settings_and_this_calls_minutes() -> None:
    settings = Settings.model_validate({"workers": 3, "stop": {"max_total_minutes": 7}})
    it: Any = SimpleNamespace(
        most=4, request=SimpleNamespace(settings=settings, batch=2), less=SimpleNamespace(deadline=99.0)
    )
    pace: Any = "its pace"
    assert Budget.of_session(it, pace) == Budget(most=4, batch=2, minutes=7.0, workers=3, deadline=99.0, pace=pace)
    assert Budget.of_session(it).pace is None


def test_a_budget_without_a_pace_waits_for_nothing_and_one_with_a_pace_for_that() -> None:
    free = Budget(most=None)
    free.tell_wait()
    free.put_off(5.0)
    assert (free.is_due, free.due) == (True, 0.0)
    told = list[object]()
    permits = [False, True]
    pace: Any = SimpleNamespace(
        due=77.0, permits=lambda: permits.pop(0), tell_wait=lambda: told.append("waits"), put_off=told.append
    )
    paced = Budget(most=None, pace=pace)
    paced.tell_wait()
    paced.put_off(5.0)
    assert ([paced.is_due, paced.is_due], paced.due, told) == ([False, True], 77.0, ["waits", 5.0])
