"""What is kept of an attempt's end. From this one list its event, its result in the session and its row in the ledger are
made. The names are API."""

from __future__ import annotations

import json
from collections.abc import Callable, Container
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, NamedTuple

from batchdrain.model.attempt import Attempt, Finished
from batchdrain.runtime import clock
from batchdrain.runtime.text import STORED_CHARS, cut_text, to_storable

_STATE_CHARS: Final = 500  #: whoever may write to the table may have written anything


class Field(NamedTuple):
    """One fact about an attempt's end, and its name in each place that keeps it; '' if a place does not."""

    value: Callable[[Finished], Any]
    event: str = ""
    result: str = ""
    column: str = ""


def _of(name: str) -> Callable[[Finished], Any]:
    return attrgetter(f"attempt.{name}")


def _rounded(name: str) -> Callable[[Finished], float | None]:
    """Seconds, rounded to a millisecond."""

    def value(end: Finished) -> float | None:
        found: float | None = getattr(end.attempt, name)
        return None if found is None else round(found, 3)

    return value


FIELDS: Final = (
    Field(lambda end: end.attempt.phase.run_id, event="run_id", result="run_id"),
    Field(lambda end: end.attempt.phase.phase_id, event="phase_id", result="phase_id"),
    Field(lambda end: end.attempt.phase.phase_index, result="phase_index"),
    Field(lambda end: end.initial_state, result="initial_state"),
    Field(_of("epoch"), event="epoch"),
    Field(_of("attempt"), event="attempt", result="attempt"),
    Field(lambda end: end.attempt.outcome.value, event="outcome", result="outcome", column="outcome"),
    Field(
        lambda end: cut_text(end.attempt.final_state, _STATE_CHARS),
        event="final_state",
        result="final_state",
        column="final_state",
    ),
    Field(_of("success"), event="success", result="success"),
    Field(_of("timed_out"), result="timed_out"),
    Field(_of("category"), event="category", result="category", column="category"),
    Field(_of("fingerprint"), event="fingerprint", result="fingerprint", column="fingerprint"),
    Field(_of("exit_code"), event="exit_code", result="exit_code", column="exit_code"),
    Field(_of("signal"), event="signal", result="signal", column="signal"),
    Field(_rounded("duration_s"), event="duration_s", result="duration_s"),
    Field(lambda end: round(end.attempt.duration_s * 1000), column="duration_ms"),
    Field(_rounded("cpu_s"), result="cpu_s"),
    Field(lambda end: None if end.attempt.cpu_s is None else round(end.attempt.cpu_s * 1000), column="cpu_ms"),
    Field(_of("max_rss_kb"), result="max_rss_kb", column="max_rss_kb"),
    Field(lambda end: end.attempt.host or None, event="host", result="host"),
    Field(_of("ended_at"), result="timestamp"),
    Field(lambda end: clock.to_ms(end.attempt.ended_at), column="ended_ms"),
    Field(lambda end: end.left_over, event="left_over"),
    Field(
        lambda end: None if end.reason is None else cut_text(end.reason, STORED_CHARS), event="reason", result="error_message"
    ),
    Field(lambda end: None if end.attempt.reason is None else to_storable(end.attempt.reason), column="reason"),
    Field(lambda end: dict(end.attempt.metrics), result="metrics"),
    Field(lambda end: json.dumps(dict(end.attempt.metrics)) if end.attempt.metrics else None, column="metrics"),
    Field(lambda end: end.attempt.answer_problem or None, event="result_problem"),
    Field(_of("stdout_path"), event="stdout_path", result="stdout_path", column="stdout_path"),
    Field(_of("stderr_path"), event="stderr_path", result="stderr_path", column="log_path"),
    Field(lambda end: end.attempt.log_path or None, event="log_path", result="log_path"),
    Field(_of("log_sha256"), column="log_sha256"),
    Field(lambda end: end.retry_at, event="retry_at", result="retry_at"),
)
_HOST: Final = "host"  #: a column of the row; the controller's host, unless the end names another
_EVENT: Final = [(field.event, field.value) for field in FIELDS if field.event]
_RESULT: Final = [(field.result, field.value) for field in FIELDS if field.result]
_COLUMNS: Final = [(field.column, field.value) for field in FIELDS if field.column]


def to_event(end: Finished) -> dict[str, Any]:
    """The fields of the event phase.finished."""
    found = ((name, value(end)) for name, value in _EVENT)
    return {name: clock.to_iso(value) if isinstance(value, datetime) else value for name, value in found}


def to_result(end: Finished) -> dict[str, Any]:
    """The fields of a session's result."""
    return {name: value(end) for name, value in _RESULT}


def to_row(attempt: Attempt, columns: Container[str]) -> dict[str, Any]:
    """The values that an attempt's end writes into its row, with the parameters that find the row (`the_key`, `the_epoch`).
    `columns`: the columns that the table has; tables of an earlier version lack some."""
    end, found = Finished(attempt=attempt), {"the_key": attempt.phase.key.digest, "the_epoch": attempt.epoch}
    found |= {name: value(end) for name, value in _COLUMNS if name in columns}
    # If another host than the controller's executes the attempt, only its end tells which.
    return {**found, _HOST: to_storable(attempt.host)} if attempt.host and _HOST in columns else found
