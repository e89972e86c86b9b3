"""Checks whether ledger and table confirm what a session's file says. A database that was restored from a backup knows less than
the file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from batchdrain.database.store import Store
from batchdrain.model.errors import BadData
from batchdrain.model.phase import GONE, PhaseKey, RowState
from batchdrain.sessions.rebuild import results_of
from batchdrain.sessions.result import Result
from batchdrain.sessions.session import Session


def is_of_other_database(session: Session, store: Store) -> bool:
    """Whether the session belongs to another database. False if the session does not say to which one it belongs."""
    uid = (session.database or {}).get("uid")
    return uid is not None and uid != store.ledger.read_meta(store.database, "database_uid")


def require_same_database(session: Session, store: Store) -> None:
    """Raises BadData if the session belongs to another database."""
    if not is_of_other_database(session, store):
        return
    begun = (session.database or {}).get("url")
    if store.ledger.read_meta(store.database, "database_uid") is None:
        raise BadData(
            f"session {session.session_id} belongs to another database ({begun}), or to this one as it was: "
            f"{store.database.name} has no batchdrain_meta, as after a backup was restored, or lost it",
            remedy="start a new session with `inv drain`",
        )
    raise BadData(
        f"session {session.session_id} belongs to another database ({begun}), this one is {store.database.name}",
        remedy="set batchdrain.database_url to the session's, or start a new session with `inv drain`",
    )


def hold_against_ledger(store: Store, session: Session, rows: Iterable[Mapping[str, Any]]) -> list[PhaseKey]:
    """Remove from the session those results that neither the ledger nor the table confirms. If the ledger has its own result of
    such a phase, `catch_up` adds it later.

    `rows`: the ledger's rows of this session. Returns the phases whose results were removed; they are open again.
    """
    known = {result.key: result for result in results_of(rows)}
    doubtful = [result for result in session.results if not _is_in(known.get(result.key), result)]
    if not doubtful:
        return []
    counts = store.history.read_past().attempts
    with store.database.read() as connection:
        unknown = [
            one.key for one in doubtful if not _is_borne_out(store.table.read_row_state(connection, one.key), one, counts)
        ]
    if unknown:
        gone = frozenset(unknown)
        session.results = [result for result in session.results if result.key not in gone]
        session.recount()
    return unknown


def _is_in(recorded: Result | None, result: Result) -> bool:
    """Whether the ledger confirms the result. Results of the earlier program have no attempt number and never were in a ledger;
    they count as confirmed."""
    if result.attempt is None:
        return True
    return (
        recorded is not None
        and (recorded.attempt or 0) >= result.attempt
        and (recorded.attempt != result.attempt or recorded.success == result.success)
    )


def _is_borne_out(now: RowState | None, result: Result, counts: Mapping[str, int]) -> bool:
    """Whether the table or the counts of executions confirm a result whose attempt is not in the ledger: old attempts may have been
    deleted there.

    `now`: the row, None if it is gone; `counts`: the number of executions, by the digest of the key.
    """
    stands = GONE if now is None else now.state
    if result.success:
        return stands == result.final_state
    told = None if now is None else now.reason
    is_as_left = stands == result.final_state and told is not None and (result.error_message or "").startswith(told)
    return is_as_left or counts.get(result.key.digest, 0) >= (result.attempt or 0)
