"""Rebuilds a session from the ledger if its file is lost or damaged."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from batchdrain.database.ledger.history import History
from batchdrain.failures.kept_fingerprint import FIRST, KeptFingerprint
from batchdrain.model.errors import BadData
from batchdrain.model.states import COUNTED, Outcome
from batchdrain.runtime import clock
from batchdrain.sessions.balance import BalanceCount
from batchdrain.sessions.parse import parse
from batchdrain.sessions.result import Result
from batchdrain.sessions.session import Session


class UnknownSession(BadData):
    """Neither a file nor the ledger has anything of a session."""


def rebuilt(history: History, session_id: str, why: BadData, failed_words: frozenset[str]) -> Session:
    """The session as the ledger has it. `failed_words`: the user's words for failed. Raises UnknownSession that cites `why`
    if the ledger has nothing of it."""
    heads = history.read_session_heads(session_id)
    if not heads:
        raise UnknownSession(
            f"{why.message}; the ledger does not know session {session_id} either",
            remedy="start a new one with `inv drain`",
        ) from why
    session = max((parse(head.encode(), f"ledger: session {session_id}") for head in heads), key=_start)
    session.results = results_of(history.read_session_rows(session.session_uid or ""))
    session.recount()
    session.balance = BalanceCount(session.results, session.balance, failed_words).balance()
    return session


def results_of(rows: Iterable[Mapping[str, Any]]) -> list[Result]:
    """One result for each phase, of its last counted attempt, in the order of first attempts. It says what the earlier ones
    consumed."""
    results: dict[tuple[str, str], Result] = {}
    for row in rows:
        if Outcome(row["outcome"]) not in COUNTED:
            continue
        success = row["outcome"] == Outcome.COMPLETE.value
        former = results.get(name := (row["run_id"], row["phase_id"]))
        results[name] = Result(
            run_id=row["run_id"],
            phase_id=row["phase_id"],
            phase_index=row["phase_index"],
            initial_state=row["initial_state"],
            outcome=row["outcome"],
            final_state=row["final_state"] or "",
            success=success,
            error_message=row["reason"],
            timestamp=clock.from_ms(row["ended_ms"]),
            attempt=row["attempt"],
            category=row["category"],
            fingerprint=_to_fingerprint(row),
            exit_code=row["exit_code"],
            signal=row["signal"],
            duration_s=None if row["duration_ms"] is None else row["duration_ms"] / 1000,
            cpu_s=None if row.get("cpu_ms") is None else row["cpu_ms"] / 1000,
            max_rss_kb=row.get("max_rss_kb"),
            timed_out=row["outcome"] == Outcome.TIMEOUT.value,
            stderr_path=row["log_path"],
            stdout_path=_stdout_of(row),
            metrics=json.loads(row["metrics"]) if row["metrics"] else {},
            earlier=None if former is None else former.spent,
        )
    return list(results.values())


def _stdout_of(row: Mapping[str, Any]) -> str | None:
    """The path of stdout. Rows written before version 4 of the tables lack it; there both logs differ only in the ending of
    the name."""
    told, stderr = row.get("stdout_path"), row["log_path"]
    if told is not None or stderr is None:
        return None if told is None else str(told)
    return f"{stderr.removesuffix('.stderr.txt')}.stdout.txt" if stderr.endswith(".stderr.txt") else str(stderr)


def _to_fingerprint(row: Mapping[str, Any]) -> str | None:
    """The fingerprint by today's rules, whatever the rules were when it was stored."""
    kept, version = row["fingerprint"], row.get("fingerprint_version") or FIRST
    if not kept:
        return kept if kept is None else str(kept)
    return KeptFingerprint(fingerprint=kept, version=version, example=row["reason"] or "").nearest


def catch_up(session: Session, rows: Iterable[Mapping[str, Any]]) -> int:
    """Add to a session what the ledger has beyond it. Returns how many results were added or replaced."""
    place = {result.key: number for number, result in enumerate(session.results)}
    changed = 0
    for result in results_of(rows):
        number = place.get(result.key)
        if number is None:
            session.results.append(result)
        elif (session.results[number].attempt or 0) < (result.attempt or 0):
            result.take_over(session.results[number].spent)
            session.results[number] = result
        else:
            session.results[number].take_over(result.earlier)  # a file of an earlier version does not have it
            continue
        changed += 1
    session.recount()
    return changed


def executions_of(rows: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], int]:
    """How often the session executed each phase."""
    counts: dict[tuple[str, str], int] = {}
    for row in rows:
        if Outcome(row["outcome"]) in COUNTED:
            name = (row["run_id"], row["phase_id"])
            counts[name] = counts.get(name, 0) + 1
    return counts


def _start(session: Session) -> float:
    return session.started_at.timestamp()
