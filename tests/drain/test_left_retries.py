"""The phases that waited to be tried again when a session was left: which of them are, and when."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.config.settings import Settings
from batchdrain.drain import left_retries as room
from batchdrain.drain.left_retries import retries_left
from batchdrain.drain.request import DrainRequest
from batchdrain.model.claim import ScheduledAttempt
from batchdrain.model.states import PhaseState
from batchdrain.planning.acceptances import Acceptance, Acceptances, Subject
from batchdrain.planning.filters import Filters
from batchdrain.sessions.session import Kind, Session
from tests.drain.judging import NOW
from tests.sessions.files import result

SOON, LATE, LONG_AGO = (NOW + timedelta(seconds=seconds) for seconds in (30, 900, -900))


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """At noon, where nothing is accepted."""
    monkeypatch.setattr(room, "monotonic", lambda: 1_000.0)
    monkeypatch.setattr("batchdrain.runtime.clock.now", lambda: NOW)
    found = SimpleNamespace(accepted=None, store=None)
    monkeypatch.setattr(room, "acceptances", lambda _: found.accepted)
    return found


def left(
    place: Any, *results: Any, executions: dict[str, int] | None = None
) -> tuple[list[ScheduledAttempt], dict[str, int]]:
    settings = Settings.model_validate({"retry": {"max_attempts": 3, "max_s": 60}, "command": {"argv": ["true"]}})
    request = DrainRequest(kind=Kind.FAILED, filters=Filters(), settings=settings)
    session = Session(session_id="s", started_at=NOW, results=list(results))
    tries = {("r", name): count for name, count in (executions or {}).items()}
    retries, skipped = retries_left(place, session, request, tries)
    return retries, {str(skip): count for skip, count in skipped.items()}


def waits(number: int, **facts: Any) -> Any:
    base: dict[str, Any] = {"success": False, "retry_at": SOON, "error_message": "connection reset by peer", "attempt": 5}
    return result(number, **{**base, **facts})


@pytest.mark.parametrize(
    ("facts", "tries", "is_tried"),
    [
        ({}, 1, True),
        ({}, 2, True),
        ({}, 3, False),
        ({}, 4, False),
        ({"retry_at": None}, 1, False),
        ({"success": True}, 1, False),
    ],
)
def test_a_failure_that_waited_is_tried_again_as_often_as_the_session_would_have(
    place: Any, facts: dict[str, Any], tries: int, is_tried: bool
) -> None:
    retries, skipped = left(place, waits(0, **facts), executions={"p0": tries})
    assert ([one.executions for one in retries], skipped) == ([tries] * is_tried, {})


@pytest.mark.parametrize(("at", "due"), [(SOON, 1_030.0), (LATE, 1_060.0), (LONG_AGO, 1_000.0)])
def test_it_waits_for_its_time_and_never_longer_than_any_retry(place: Any, at: Any, due: float) -> None:
    """The clock may have been set since."""
    [found], _ = left(place, waits(0, retry_at=at))
    assert found.due == due


def test_it_sets_out_from_what_the_session_knows_of_it_and_keeps_its_place(place: Any) -> None:
    done = result(0)
    one = waits(1, phase_index=7, category="transient", fingerprint="kept")
    two = waits(2, attempt=None, category=None, fingerprint=None)
    retries, _ = left(place, done, one, two, executions={"p2": 2})
    assert left(place, waits(3, error_message=None))[0][0].choice.phase.failure.fingerprint == ""
    facts = [(found.number, found.executions, found.is_retry, found.choice.phase.attempts) for found in retries]
    assert facts == [(2, 1, True, 5), (3, 2, True, 2)]
    first, second = (found.choice.phase for found in retries)
    assert (first.key, first.phase_index, first.state) == (one.key, 7, PhaseState.FAILED)
    assert (first.category, first.failure.fingerprint) == ("transient", "kept")
    assert (second.category, second.failure.fingerprint) == ("transient", "connection reset by peer")


def test_one_that_was_accepted_since_or_has_no_usable_ids_is_left_out_and_named(place: Any) -> None:
    place.accepted = Acceptances([Acceptance(subject=Subject(run_id="r", phase_id="p0"), reason="known", by="ann")])
    retries, skipped = left(place, waits(0), waits(1), waits(2, phase_id=""))
    assert [found.choice.phase.phase_id for found in retries] == ["p1"]
    assert skipped == {
        "accepted: r / p0: known (ann)": 1,
        "bad id: r / : run_id and phase_id must be text: not NULL, not empty, no NUL, valid UTF-8": 1,
    }
