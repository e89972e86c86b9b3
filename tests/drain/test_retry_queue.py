"""Phases that wait to be tried again: the one whose time came first is next, and none of a run that is busy."""

from __future__ import annotations

import random

from batchdrain.drain.retry_queue import RetryQueue
from batchdrain.model.claim import Choice, ScheduledAttempt
from batchdrain.model.phase import Phase
from batchdrain.model.states import PhaseState


def retry(run: str, due: float, number: int = 0) -> ScheduledAttempt:
    phase = Phase(run_id=run, phase_id=f"{due}", phase_index=0, state=PhaseState.FAILED)
    return ScheduledAttempt(due, number, Choice(phase=phase, reason=""))


def taken(queue: RetryQueue, now: float, *busy: str) -> list[tuple[str, float]]:
    found = []
    while (one := queue.pop(set(busy), now)) is not None:
        found.append((one.run_id, one.due))
    return found


def test_what_is_due_comes_in_the_order_of_its_time_however_it_was_put_in() -> None:
    dues = [5.0, 1.0, 4.0, 2.0, 3.0, 9.0, 0.5]
    for seed in range(5):
        random.Random(seed).shuffle(dues)
        queue = RetryQueue(retry("r", due) for due in dues[:4])
        for due in dues[4:]:
            queue.push(retry("r", due))
        assert len(queue) == 7
        assert [due for _, due in taken(queue, 4.0)] == [0.5, 1.0, 2.0, 3.0, 4.0]
        assert (len(queue), sorted(queue.due()), queue.first_due(set())) == (2, [5.0, 9.0], 5.0)


def test_what_is_of_a_busy_run_is_passed_over_and_keeps_its_place() -> None:
    queue = RetryQueue([retry("a", 1.0), retry("a", 2.0), retry("b", 3.0), retry("c", 9.0)])
    assert queue.first_due({"a"}) == 3.0
    assert queue.first_due({"a", "b", "c"}) is None
    first = queue.pop({"a"}, 5.0)
    assert first is not None
    assert first.run_id == "b"
    assert (queue.pop({"a"}, 5.0), len(queue)) == (None, 3)
    assert taken(queue, 5.0) == [("a", 1.0), ("a", 2.0)]


def test_nothing_is_due_before_its_time_and_of_two_of_one_time_the_first_number_comes_first() -> None:
    assert (RetryQueue().pop(set(), 99.0), RetryQueue().first_due(set()), len(RetryQueue())) == (None, None, 0)
    queue = RetryQueue([retry("b", 2.0, 2), retry("a", 2.0, 1)])
    assert queue.pop(set(), 1.999) is None
    assert taken(queue, 2.0) == [("a", 2.0), ("b", 2.0)]
