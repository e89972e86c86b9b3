"""Whether a claim is to be settled, by who of its controller and its guardian lives, and by its lease; and what people are told."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.database.ledger.give_back import Recovered
from batchdrain.database.ledger.held_claims import Stray
from batchdrain.drain.liveness import (
    describe_held,
    describe_recovered,
    describe_stray,
    is_alive,
    is_due,
    is_gone,
    is_over,
    never_began,
)
from batchdrain.execution import guardian_client, lost_executions, process_identity, tickets
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import Outcome

KEY = PhaseKey("r", "p")
SETTLE = ": `inv recover` releases it"
BY_LEASE = ": it is held until its lease expires"
UNSEEN = f"can't be seen from here: it is another user's, or there is no /proc{BY_LEASE}"
AWAY = "is of another machine"
THERE_FIRST = ": if it died, `inv recover` releases it there at once, and here after that"


@pytest.mark.parametrize(
    ("controller", "guardian", "left_ms", "gone", "due"),
    [
        (True, True, 5_000, False, False),
        (True, True, 0, False, False),
        (True, True, -1, False, False),
        (True, False, -1, False, True),
        (True, None, -1, False, False),
        (True, "none", -1, False, True),
        (True, "none", 0, False, False),
        (False, False, 5_000, True, True),
        (False, True, 5_000, True, True),
        (False, "none", 5_000, False, False),
        (False, "none", -1, False, True),
        (None, False, 5_000, False, False),
        (None, False, -1, False, True),
    ],
)
def test_a_claim_is_settled_once_nobody_can_work_for_it_any_more(
    monkeypatch: pytest.MonkeyPatch, controller: bool | None, guardian: Any, left_ms: int, gone: bool, due: bool
) -> None:
    """`none`: its engine brought its own guardian, so its command may run elsewhere; None: nobody can tell."""
    held: Any = SimpleNamespace(controller="it", guardian=None if guardian == "none" else "its", lease_left_ms=left_ms)
    monkeypatch.setattr(process_identity, "is_alive", lambda _: controller)
    monkeypatch.setattr(guardian_client, "is_guardian_alive", lambda _: guardian)
    assert (is_gone(held), is_due(held)) == (gone, due)


@pytest.mark.parametrize(
    ("controller", "guardian", "can_be_withdrawn", "has_ended", "over"),
    [
        (False, None, False, True, True),
        (False, None, True, False, True),
        (False, None, False, False, False),
        (True, None, True, True, False),
        (None, None, True, True, False),
        (False, "its", True, True, False),
    ],
)
def test_the_lease_of_a_foreign_engines_order_is_not_awaited_where_it_has_ended_or_nobody_can_begin_it(
    monkeypatch: pytest.MonkeyPatch,
    controller: bool | None,
    guardian: str | None,
    can_be_withdrawn: bool,
    has_ended: bool,
    over: bool,
) -> None:
    held: Any = SimpleNamespace(controller="it", guardian=guardian, spool_dir="spool", token="t")
    asked = []

    def ended(*facts: object) -> bool:
        asked.append(facts)
        return has_ended

    monkeypatch.setattr(process_identity, "is_alive", lambda _: controller)
    monkeypatch.setattr(tickets, "folder_of", lambda spool_dir, token: (spool_dir, token))
    monkeypatch.setattr(tickets, "read", lambda folder, token: (*folder, token))
    monkeypatch.setattr(tickets, "can_be_withdrawn", lambda folder, token: can_be_withdrawn and folder == ("spool", "t"))
    monkeypatch.setattr(lost_executions, "is_over", ended)
    assert (is_over(held), is_alive(held)) == (over, controller)
    assert never_began(held) is (can_be_withdrawn and guardian is None)
    assert set(asked) <= {(("spool", "t", "t"), "t", "spool")}


@pytest.mark.parametrize(
    ("controller", "guardian", "left_ms", "is_here", "sees", "told"),
    [
        (True, "its", 2_500, True, True, "runs; its lease lasts 2 s"),
        (True, "its", 0, True, True, "runs; its lease lasts 0 s"),
        (True, None, -2_000, True, True, f"runs; its lease ended 2 s ago{SETTLE}"),
        (False, "its", 3_000, True, True, f"is dead{SETTLE}; its lease lasts 3 s"),
        (False, "its", -3_000, True, True, f"is dead{SETTLE}; its lease ended 3 s ago"),
        (False, None, 3_000, True, True, f"is dead, but its command may still run elsewhere{BY_LEASE}; its lease lasts 3 s"),
        (None, "its", 3_000, True, True, f"{UNSEEN}; its lease lasts 3 s"),
        (None, "its", 3_000, False, False, f"{UNSEEN}; its lease lasts 3 s"),
        (None, "its", 3_000, False, True, f"{AWAY}; its lease lasts 3 s{THERE_FIRST}"),
        (None, "its", -3_000, False, True, f"{AWAY}; its lease ended 3 s ago{SETTLE}"),
    ],
)
def test_a_claim_that_is_held_is_told_with_who_holds_it_and_what_releases_it(
    monkeypatch: pytest.MonkeyPatch,
    controller: bool | None,
    guardian: str | None,
    left_ms: int,
    is_here: bool,
    sees: bool,
    told: str,
) -> None:
    held: Any = SimpleNamespace(
        key=KEY, attempt=3, guardian=guardian, lease_left_ms=left_ms, controller=SimpleNamespace(pid=77, host_id="h"), has_attempt=True
    )  # fmt: skip
    monkeypatch.setattr(process_identity, "is_alive", lambda _: controller)
    monkeypatch.setattr(process_identity, "is_here", lambda host: is_here and host == "h")
    monkeypatch.setattr(process_identity, "sees_processes", lambda: sees)
    monkeypatch.setattr(guardian_client, "is_guardian_alive", lambda _: None)
    assert describe_held(held) == f"r / p: attempt 3, process 77 {told}"
    without_cure = told.replace(SETTLE, "").replace(THERE_FIRST, "")
    assert describe_held(held, cure=False) == f"r / p: attempt 3, process 77 {without_cure}"
    held.has_attempt = False
    assert "; its attempt is not in the ledger any more; its lease" in describe_held(held)


def test_a_phase_that_no_claim_holds_is_told_with_the_state_to_set() -> None:
    known, unknown = (Stray(key=KEY, state="RUNNING", initial_state=state) for state in ("FAILED", None))
    told = "No claim holds r / p, which is RUNNING"
    assert describe_stray(unknown) == (
        f"{told}: batchdrain will not change it. If no worker of your own executes it, set its state yourself"
    )
    assert describe_stray(known) == (
        f"{told}, and its attempt never ended: its row of batchdrain_claim was deleted. Once nobody executes it, set its state "
        "back to 'FAILED' yourself"
    )


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"problem": "locked", "ended_processes": 1}, "Can't be settled now: r / p: locked; the next command tries again"),
        ({"recorded": Outcome.FAILED}, "Recorded: r / p: its command had ended (failed); it is X"),
        (
            {"recorded": Outcome.COMPLETE, "note": "why", "ended_processes": 1},
            "Recorded: r / p: its command had ended (complete); it is X; it was left so: why; 1 process of it was ended",
        ),
        ({"began": False}, "Released: r / p: it is X, because its command never started"),
        (
            {"began": False, "note": "why", "ended_processes": 2},
            "Released: r / p: it is X, because its command never started; why; 2 processes of it were ended",
        ),
        ({"orphanings": 1}, "Released: r / p: it is X, orphaned once"),
        (
            {"orphanings": 2, "note": "why", "ended_processes": 2},
            "Released: r / p: it is X, orphaned 2 times in a row; why; 2 processes of it were ended",
        ),
    ],
)
def test_what_became_of_a_dead_controllers_phase_is_told(facts: dict[str, Any], told: str) -> None:
    assert describe_recovered(Recovered(key=KEY, epoch=1, state="X", **facts)) == told
