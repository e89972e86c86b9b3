"""Which results of a session's file stand, held against what ledger and table say now."""

from __future__ import annotations

import contextlib
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.drain.borne_out import hold_against_ledger, is_of_other_database, require_same_database
from batchdrain.model.errors import BadData
from batchdrain.model.phase import GONE, PhaseKey, RowState
from batchdrain.model.states import Outcome
from batchdrain.sessions.session import Session
from tests.drain.judging import row
from tests.sessions.files import START, result
from tests.sessions.test_rebuild import row as attempt

KEY = PhaseKey("r", "p0")


def stands(kept: Any, rows: list[dict[str, Any]], now: RowState | None, counted: int = 0) -> bool:
    """Whether the only result of a session stays in it."""
    table = SimpleNamespace(read_row_state=lambda _, key: now)
    past = SimpleNamespace(attempts={KEY.digest: counted} if counted else {})
    database = SimpleNamespace(read=contextlib.nullcontext)
    store: Any = SimpleNamespace(history=SimpleNamespace(read_past=lambda: past), table=table, database=database)
    session = Session(session_id="s", started_at=START, results=[kept])
    session.recount()
    unknown = hold_against_ledger(store, session, rows)
    assert unknown == ([] if session.results else [KEY])
    assert session.total_processed == len(session.results)
    return bool(session.results)


DONE = result(0, success=True, attempt=2, final_state="COMPLETE")
FAILED = result(0, success=False, attempt=2, final_state="FAILED", error_message="boom at 7")


def test_a_result_that_the_ledger_has_stands_whatever_somebody_made_of_the_row_since() -> None:
    assert stands(DONE, [attempt(attempt=2, outcome=Outcome.COMPLETE)], row("QUEUED"))
    assert stands(FAILED, [attempt(attempt=2)], None)


def test_a_later_attempt_in_the_ledger_bears_out_an_earlier_one() -> None:
    assert stands(FAILED, [attempt(attempt=3, outcome=Outcome.COMPLETE)], row("QUEUED"))


@pytest.mark.parametrize("rows", [[], [attempt(attempt=1, outcome=Outcome.COMPLETE)], [attempt(attempt=2)]])
def test_a_success_that_the_ledger_does_not_have_stands_only_where_its_row_is_complete(rows: list[dict[str, Any]]) -> None:
    """As after a backup was put back."""
    assert stands(DONE, rows, row("COMPLETE", None))
    assert not stands(DONE, rows, row("FAILED"), counted=9)
    assert not stands(DONE, rows, None)
    assert stands(DONE.model_copy(update={"final_state": GONE}), rows, None), "its command deleted the row"


def test_a_failure_that_the_ledger_does_not_have_stands_where_its_row_or_its_claim_knows_it() -> None:
    assert stands(FAILED, [], row("FAILED", "boom at 7"))
    assert not stands(FAILED, [], row("FAILED", "before"))
    assert not stands(FAILED, [], row("QUEUED", "boom at 7"))
    assert not stands(FAILED, [], None)
    assert not stands(FAILED, [], row("FAILED", None))
    assert not stands(FAILED, [], row("FAILED", "before"), counted=1)
    assert stands(FAILED, [], row("FAILED", "before"), counted=2)


def test_a_result_of_the_earlier_program_was_never_in_a_ledger() -> None:
    assert stands(result(0, success=True, attempt=None), [], row("FAILED"))


@pytest.mark.parametrize(
    ("begun", "uid", "told"),
    [
        (None, "a", None),
        ({}, "a", None),
        ({"url": "there"}, None, None),
        ({"url": "there", "uid": "a"}, "a", None),
        ({"url": "there", "uid": "b"}, "a", "session s belongs to another database (there), this one is here"),
        (
            {"url": "there", "uid": "b"},
            None,
            (
                "session s belongs to another database (there), or to this one as it was: here has no batchdrain_meta, "
                "as after a backup was restored, or lost it"
            ),
        ),
    ],
)
def test_a_session_goes_on_with_the_database_that_it_was_begun_with_alone(
    begun: dict[str, str] | None, uid: str | None, told: str | None
) -> None:
    database = SimpleNamespace(name="here")
    ledger = SimpleNamespace(read_meta=lambda one, name: uid if (one, name) == (database, "database_uid") else "wrong")
    store: Any = SimpleNamespace(database=database, ledger=ledger)
    session = Session(session_id="s", started_at=START, database=begun)
    assert is_of_other_database(session, store) is (told is not None)
    if told is None:
        require_same_database(session, store)
        return
    with pytest.raises(BadData) as refused:
        require_same_database(session, store)
    assert refused.value.message == told
    set_it = "set batchdrain.database_url to the session's, or "
    assert refused.value.remedy == (set_it if uid else "") + "start a new session with `inv drain`"
