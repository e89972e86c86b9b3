"""What an order is made of: the claim, the session's own places, and until when it may begin where nobody can be told."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.config.settings import Settings
from batchdrain.drain import preparer as room
from batchdrain.drain.in_flight import Claimed, Running
from batchdrain.drain.preparer import Preparer
from batchdrain.execution.command import SessionPlace, make_order
from batchdrain.execution.order import Order
from batchdrain.execution.process_identity import identify_self
from batchdrain.model.claim import Choice, ScheduledAttempt
from batchdrain.sessions.record import SessionRecord
from tests.drain.judging import LIMIT, claim_of

CLAIM = claim_of()
SCHEDULED = ScheduledAttempt(0.0, 1, Choice(phase=CLAIM.phase, reason=""))
SETTINGS = Settings.model_validate({"command": {"argv": ["{python}", "{run_id}"]}, "lease": {"ttl_s": 90}})


def preparer(record: SessionRecord, *, delivery: object = None, remote: object = None) -> Preparer:
    it: Any = SimpleNamespace(
        record=record, request=SimpleNamespace(settings=SETTINGS), project=SimpleNamespace(root=record.logs.parent)
    )
    services: Any = SimpleNamespace(executing=SimpleNamespace(delivery=delivery), remote=remote)
    return Preparer(it, services)


def claimed(**facts: Any) -> Claimed:
    known: dict[str, Any] = {"scheduled": SCHEDULED, "claim": CLAIM, "limit": LIMIT, "guardian": None, "deadline_ms": 7_000}
    return Claimed(**{**known, "claimed_ms": 5_000, **facts})


def test_an_order_is_of_its_claim_and_lies_in_the_places_of_its_session(
    record: SessionRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = identify_self()
    guardian: Any = SimpleNamespace(identity=identity)
    monkeypatch.setattr(record, "shorten", lambda path: f"short {path}")
    found = preparer(record).prepare(claimed(guardian=guardian, held_until_ms=99_000))
    order = found.order
    assert (order.token, order.timeout_s, order.deadline_ms, order.argv[1]) == (CLAIM.token, LIMIT.seconds, 7_000, "r")
    assert order.stdout_path.startswith(f"{record.logs.absolute()}/")
    assert found.paths == (f"short {order.stdout_path}", f"short {order.stderr_path}")
    assert (found.scheduled, found.claim, found.limit, found.guardian) == (SCHEDULED, CLAIM, LIMIT, identity)
    assert (found.claimed_ms, found.held_until_ms) == (5_000, 99_000)
    assert preparer(record).prepare(claimed()).guardian is None


@pytest.mark.parametrize(("delivery", "is_here"), [(None, True), ("by an engine", False)])
def test_what_is_delivered_elsewhere_finds_no_folder_of_this_machine(
    record: SessionRecord, monkeypatch: pytest.MonkeyPatch, delivery: object, is_here: bool
) -> None:
    places = list[SessionPlace]()

    def note(claim: Any, command: Any, place: SessionPlace, **facts: Any) -> Order:
        places.append(place)
        return make_order(claim, command, place, **facts)

    monkeypatch.setattr(room, "make_order", note)
    preparer(record, delivery=delivery).prepare(claimed())
    [place] = places
    assert (place.session_id, place.root, place.is_here) == (record.session.session_id, record.logs.parent, is_here)
    assert place.spool == record.spool.absolute()


def prepared(record: SessionRecord, patch: pytest.MonkeyPatch, *, remote: object, held_until_ms: int | None) -> Running:
    """At 1000 s of the clock, 2 s after it was claimed."""
    patch.setattr(room, "time", lambda: 1_000.0)
    patch.setattr(room, "boottime_ms", lambda: 7_000)
    return preparer(record, remote=remote).prepare(claimed(held_until_ms=held_until_ms))


def test_where_workers_hear_nothing_an_order_may_begin_within_a_lease_of_its_claim(
    record: SessionRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = prepared(record, monkeypatch, remote=None, held_until_ms=99_000)
    assert found.order.begin_by_ms == 1_000_000 - 2_000 + 90_000


@pytest.mark.parametrize(("remote", "held_until_ms"), [("beats reach it", 99_000), (None, None), ("beats reach it", None)])
def test_where_somebody_hears_of_its_lease_an_order_has_no_time_of_its_own(
    record: SessionRecord, monkeypatch: pytest.MonkeyPatch, remote: object, held_until_ms: int | None
) -> None:
    plain = preparer(record, remote=remote).prepare(claimed()).order.begin_by_ms
    assert prepared(record, monkeypatch, remote=remote, held_until_ms=held_until_ms).order.begin_by_ms == plain
