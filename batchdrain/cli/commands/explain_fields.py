"""The explanation of one phase as plain JSON values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from batchdrain.config.redaction import Redact
from batchdrain.database.ledger.notes import Note
from batchdrain.database.ledger.phase_history import PastAttempt
from batchdrain.drain.attempt_files import AttemptFile
from batchdrain.drain.preview.explanation import Explanation
from batchdrain.drain.preview.next_drain import NextDrain
from batchdrain.failures.fingerprints import cluster_id_of
from batchdrain.model.phase import Skip
from batchdrain.planning.disposition import Disposition
from batchdrain.runtime import clock

FindFile = Callable[[PastAttempt, str], AttemptFile]
"""Finds the log of an attempt by its path in the ledger."""


def to_fields(found: Explanation, redact: Redact, find_file: FindFile) -> dict[str, Any]:
    """The fields of an explanation. Their texts have no secrets, but are as untrusted as the user's table."""
    history, failure = found.history, found.failure
    return {
        "run_id": found.key.run_id,
        "phase_id": found.key.phase_id,
        "phase_index": found.phase_index,
        "state": found.state_word,
        "reason": failure.text,
        "category": failure.category if failure.text is not None else None,
        "cluster": cluster_id_of(failure.fingerprint) if failure.fingerprint else None,
        "disposition": None if found.disposition is None else fields_of_disposition(found.disposition),
        "next": None if found.next_drain is None else _fields_of_next(found.next_drain),
        "recovered_first": None if found.recovery is None else found.recovery.stands,
        "is_held": history.is_held,
        "attempts_counted": history.counted,
        "attempts_removed": history.removed,
        "given_back_in_a_row": history.orphanings,
        "attempts": [_fields_of_attempt(one, redact, find_file) for one in history.attempts],
        "reopened": [fields_of_reopening(note) for note in found.reopenings],
    }


def fields_of_disposition(found: Disposition) -> dict[str, Any]:
    """The fields of a disposition: its kind, why, and until when."""
    until = None if found.until is None else clock.to_iso(found.until)
    return {"kind": found.kind.value, "reason": found.reason, "until": until}


def fields_of_reopening(note: Note) -> dict[str, Any]:
    """The fields of a reopening: by whom, when and why, and what was lifted."""
    lifted = note.content.get("lifted")
    return {
        "at": note.at,
        "by": note.by,
        "reason": str(note.content.get("reason") or ""),
        "lifted": [str(one) for one in lifted] if isinstance(lifted, Sequence) and not isinstance(lifted, str) else [],
    }


def _fields_of_next(next_drain: NextDrain) -> dict[str, Any]:
    planned, made = next_drain.planned, next_drain.plan.made
    return {
        "drain": next_drain.kind.value,
        "is_taken": planned is not None,
        "place": next_drain.place or None,
        "would_drain": len(made.all),
        "why": None if planned is None else planned.choice.reason,
        "timeout_s": None if planned is None else planned.limit.seconds,
        "timeout_rule": None if planned is None else planned.limit.rule,
        "left_out_by": None if next_drain.skip is None else _fields_of_skip(next_drain.skip),
        "is_batch_full": planned is None and next_drain.skip is None,
        "may_follow": next_drain.may_follow,
        "may_end_by": list(next_drain.only_results_tell),
        "problems": list(next_drain.plan.problems),
    }


def _fields_of_skip(skip: Skip) -> dict[str, Any]:
    return {"rule": skip.rule, "value": skip.value, "until": None if skip.until is None else clock.to_iso(skip.until)}


def _fields_of_attempt(one: PastAttempt, redact: Redact, find_file: FindFile) -> dict[str, Any]:
    stdout, stderr = (None if path is None else find_file(one, path) for path in (one.stdout_path, one.stderr_path))
    return {
        "epoch": one.epoch,
        "attempt": one.attempt,
        "session_id": one.session_id,
        "session_uid": one.session_uid,
        "session_because": None if one.session_because is None else redact(one.session_because),
        "host": one.host,
        "started_at": clock.to_iso(clock.from_ms(one.started_ms)),
        "ended_at": None if one.ended_ms is None else clock.to_iso(clock.from_ms(one.ended_ms)),
        "duration_s": None if one.duration_ms is None else one.duration_ms / 1000,
        "outcome": one.outcome,
        "is_counted": one.is_counted,
        "final_state": one.final_state,
        "exit_code": one.exit_code,
        "signal": one.signal,
        "reason": None if one.reason is None else redact(one.reason),
        "category": one.category,
        "cpu_s": None if one.cpu_ms is None else one.cpu_ms / 1000,
        "max_rss_kb": one.max_rss_kb,
        "stdout_path": None if stdout is None else stdout.path,
        "stdout_is_there": stdout is not None and stdout.is_there,
        "stderr_path": None if stderr is None else stderr.path,
        "stderr_is_there": stderr is not None and stderr.is_there,
    }
