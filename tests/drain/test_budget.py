"""How much a session may still take: phases, whole batches, and seconds."""

from __future__ import annotations

import pytest

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
