"""Tickets of a scheduler: in the controller they are drawn for it, on a worker for the worker, and only a plain yes is one."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from batchdrain.execution.engines.dask.scheduler_tickets import SchedulerTickets


@pytest.mark.parametrize(("answer", "is_drawn"), [(True, True), (False, False), (None, False), ("yes", False), (1, False)])
def test_a_ticket_is_drawn_where_the_scheduler_says_so_in_as_many_words(answer: object, *, is_drawn: bool) -> None:
    asked = list[tuple[tuple[Any, ...], dict[str, Any]]]()

    def ask(*arguments: Any, **named: Any) -> object:
        asked.append((arguments, named))
        return answer

    assert SchedulerTickets(ask, "s")("t.1") is is_drawn
    assert asked == [(("draw",), {"token": "t.1", "by_controller": True})]


def test_on_its_way_to_a_worker_it_becomes_the_worker_s_own_question_for_its_session() -> None:
    made, (function, *arguments) = SchedulerTickets(lambda *_: True, "session-7").__reduce__()
    assert arguments == ["session-7"]
    there = made(function, *arguments)
    assert b"batchdrain.execution" not in pickle.dumps(function), "a worker has nothing of batchdrain"
    assert there.args == ("session-7",)
