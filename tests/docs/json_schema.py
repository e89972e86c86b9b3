"""docs/schema.json: what each task prints with --format=json. Fields may be added, so none is forbidden."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

Schema = Mapping[str, Any]
_TEXT: Final[Schema] = {"type": "string"}
_TEXT_OR_NULL: Final[Schema] = {"type": ["string", "null"]}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_WHOLE_OR_NULL: Final[Schema] = {"type": ["integer", "null"]}
_NUMBER_OR_NULL: Final[Schema] = {"type": ["number", "null"]}
_RATE_OR_NULL: Final[Schema] = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
_TRUTH: Final[Schema] = {"type": "boolean"}
_MOMENT_OR_NULL: Final[Schema] = {"type": ["string", "null"], "format": "date-time"}
_ANY: Final[Schema] = {}


def _list_of(one: Schema) -> Schema:
    return {"type": "array", "items": one}


def _object(optional: Mapping[str, Schema] | None = None, /, **fields: Schema) -> Schema:
    return {"type": "object", "properties": {**fields, **(optional or {})}, "required": [*fields]}


_SAID: Final = {"said": _list_of(_TEXT)}
_IDS: Final = {"run_id": _TEXT, "phase_id": _TEXT}
_NOTHING: Final = _object(session_id={"type": "null"}, nothing_selected=_list_of(_TEXT))
_BALANCE: Final = _object(**dict.fromkeys(
    ("failed_before", "new", "fixed", "still_failing", "accepted", "not_reached", "filtered", "skipped", "waiting"), _COUNT))  # fmt: skip
_SUMMARY: Final = _object(
    {"drain_exit_code": _WHOLE_OR_NULL}, session_id=_TEXT, kind={"enum": ["failed", "queued", "chain"]}, status={"enum": ["running", "interrupted", "stopped", "complete"]},
    started_at=_TEXT, completed_at=_MOMENT_OR_NULL, total_processed=_COUNT, total_success=_COUNT, total_failed=_COUNT,
    total_timeouts=_COUNT, attempts=_COUNT, executed_s={"type": "number"}, success_rate=_RATE_OR_NULL, retries_waiting=_COUNT, wanted_success_rate=_RATE_OR_NULL,
    exit_code={"anyOf": [{"type": "null"}, _object(code=_COUNT, why=_TEXT)]}, stopped_because=_TEXT_OR_NULL,
    balance={"anyOf": [{"type": "null"}, _BALANCE]}, forecast_outcome={"type": ["object", "null"]},
    left=_list_of(_object(phases=_COUNT, how=_TEXT)), skipped=_list_of(_object(rule=_TEXT, value=_TEXT, count=_WHOLE_OR_NULL)),
    without_effect=_list_of(_TEXT), metrics={"type": "object", "additionalProperties": {"type": "number"}},
    results=_list_of(_object(**_IDS, success=_TRUTH, outcome=_TEXT_OR_NULL, final_state=_TEXT, error_message=_TEXT_OR_NULL, category=_TEXT_OR_NULL,
                             exit_code=_WHOLE_OR_NULL, duration_s=_NUMBER_OR_NULL, timed_out=_TRUTH, log_path=_TEXT_OR_NULL)),
    results_by_run=_list_of(_object(run_id=_TEXT, succeeded=_COUNT, processed=_COUNT)),
    clusters=_list_of(_object(id=_TEXT, count=_COUNT, fingerprint=_TEXT, category=_TEXT_OR_NULL, accepted=_COUNT, drain=_TEXT_OR_NULL, accept=_TEXT_OR_NULL)),
    worst_failures=_list_of(_object(**_IDS, error_message=_TEXT_OR_NULL, category=_TEXT_OR_NULL, cluster=_TEXT_OR_NULL,
                                    duration_s=_NUMBER_OR_NULL, attempt=_WHOLE_OR_NULL, log_path=_TEXT_OR_NULL)),
    saved_to=_TEXT, goes_on_with=_TEXT_OR_NULL,
)  # fmt: skip
_PLAN: Final = _object(
    schema_version=_COUNT, made_at=_TEXT, database={"type": "object"}, filters={"type": "object"},
    phases=_list_of(_object(**_IDS, phase_index=_WHOLE_OR_NULL, category=_TEXT, cluster=_TEXT, reason=_TEXT, timeout_s={"type": "number"})),
    total=_COUNT, would_drain=_COUNT, skipped=_list_of(_object(rule=_TEXT, value=_TEXT, count=_COUNT, by_filter=_TRUTH)),
    is_upper_bound=_TRUTH, may_end_by=_list_of(_TEXT), may_refuse=_list_of(_TEXT),
    problems=_list_of(_TEXT), recovery=_list_of(_object(**_IDS)), forecast={"type": ["object", "null"]},
)  # fmt: skip
_CHAIN_PLAN: Final = _object(
    database=_TEXT, without_effect=_list_of(_TEXT), recovery=_list_of(_object(**_IDS)),
    parts=_list_of(_object(kind=_TEXT, total=_COUNT, would_drain=_COUNT, phases=_list_of(_object(**_IDS)))),
)  # fmt: skip
_CLOSED: Final = _object({"closed": _TRUTH, "would_close": _TRUTH}, session=_TEXT_OR_NULL, **_SAID)
_NOTE: Final = {"reason": _TEXT, "by": _TEXT, "at": _TEXT, "of_every_table": _TRUTH}
_ACCEPTANCE: Final = _object(
    {"by": _TEXT, "at": _TEXT, "is_void": _TRUTH, "of_every_table": _TRUTH},
    run_id=_TEXT_OR_NULL,
    phase_id=_TEXT_OR_NULL,
    cluster=_TEXT_OR_NULL,
    reason=_TEXT,
    until=_MOMENT_OR_NULL,
)
_EVENT: Final = _object(
    {"run_id": _TEXT, "phase_id": _TEXT}, timestamp=_TEXT, event=_TEXT, session_id=_TEXT, session_uid=_TEXT_OR_NULL
)
_SESSION_ROW: Final = _object(session_id=_TEXT)
_ASKED: Final = _object(session_id=_TEXT_OR_NULL, asked={"enum": [None, "stop", "stop-now", "pause", "continue"]}, **_SAID)
_RUNNING: Final = _object(
    session_id=_TEXT, session_uid=_TEXT, chain_uid=_TEXT_OR_NULL, state={"enum": ["running", "paused", "between", "silent", "died"]}, is_starting=_TRUTH, is_overdue=_TRUTH,
    host=_TEXT, pid=_COUNT, folder=_TEXT_OR_NULL, group=_TEXT_OR_NULL, workers=_COUNT, begun_at=_TEXT,
    beat_age_s={"type": "number"}, processed=_COUNT, succeeded=_COUNT, failed=_COUNT, target=_COUNT,
    retries=_COUNT, per_minute=_NUMBER_OR_NULL, eta_s=_NUMBER_OR_NULL, eta_is_least=_TRUTH, waits_for=_TEXT_OR_NULL,
    slots=_list_of(_object(**_IDS, attempt=_COUNT, for_s={"type": "number"})), asked={"type": ["object", "null"]},
)  # fmt: skip
_DISPOSITION: Final[Schema] = {
    "enum": ["open", "retried", "fixed", "accepted", "quarantined", "parked", "hopeless", "waiting"]
}
_EXPLAINED: Final = _object(
    database=_TEXT, **_IDS, phase_index=_WHOLE_OR_NULL, state=_TEXT, reason=_TEXT_OR_NULL, category=_TEXT_OR_NULL, cluster=_TEXT_OR_NULL,
    disposition={"anyOf": [{"type": "null"}, _object(kind=_DISPOSITION, reason=_TEXT, until=_MOMENT_OR_NULL)]},
    next={"anyOf": [{"type": "null"}, _object(
        drain={"enum": ["failed", "queued"]}, is_taken=_TRUTH, place=_WHOLE_OR_NULL, would_drain=_COUNT, why=_TEXT_OR_NULL,
        timeout_s=_NUMBER_OR_NULL, is_batch_full=_TRUTH, may_follow=_TRUTH, may_end_by=_list_of(_TEXT), problems=_list_of(_TEXT),
        left_out_by={"anyOf": [{"type": "null"}, _object(rule=_TEXT, value=_TEXT, until=_MOMENT_OR_NULL)]},
    )]},
    recovered_first=_TEXT_OR_NULL, is_held=_TRUTH, attempts_counted=_COUNT, attempts_removed=_COUNT, given_back_in_a_row=_COUNT,
    attempts=_list_of(_object(
        epoch=_COUNT, attempt=_COUNT, session_id=_TEXT_OR_NULL, session_uid=_TEXT, session_because=_TEXT_OR_NULL, host=_TEXT_OR_NULL, started_at=_TEXT,
        ended_at=_MOMENT_OR_NULL, duration_s=_NUMBER_OR_NULL, outcome=_TEXT_OR_NULL, is_counted=_TRUTH, final_state=_TEXT_OR_NULL,
        exit_code=_WHOLE_OR_NULL, signal=_WHOLE_OR_NULL, reason=_TEXT_OR_NULL, category=_TEXT_OR_NULL, cpu_s=_NUMBER_OR_NULL,
        max_rss_kb=_WHOLE_OR_NULL, stdout_path=_TEXT_OR_NULL, stdout_is_there=_TRUTH, stderr_path=_TEXT_OR_NULL, stderr_is_there=_TRUTH,
    )),
    reopened=_list_of(_object(at=_TEXT, by=_TEXT, reason=_TEXT, lifted=_list_of(_TEXT))),
)  # fmt: skip
_DISPOSITIONS: Final = _object(
    database=_TEXT, failed=_COUNT, without_effect=_list_of(_TEXT),
    dispositions=_object(**dict.fromkeys(("open", "retried", "fixed", "accepted", "quarantined", "parked", "hopeless", "waiting"), _COUNT)),
    left_out=_list_of(_object(disposition=_DISPOSITION, rule=_TEXT, value=_TEXT, count=_COUNT, until=_MOMENT_OR_NULL)),
    named=_list_of(_object(**_IDS, disposition=_DISPOSITION)),
)  # fmt: skip
_REOPENED: Final = _list_of(
    _object(
        {"of_every_table": _TRUTH}, **_IDS, lifted=_list_of(_TEXT), problem=_TEXT_OR_NULL, still_left_out_by=_TEXT_OR_NULL
    )
)

TASKS: Final[Mapping[str, Schema]] = {
    "accept": {"anyOf": [_object(accepted=_list_of(_ACCEPTANCE), **_SAID), _object(taken_back=_list_of(_TEXT), of_every_table=_list_of(_TEXT), **_SAID)]},
    "chain-with-queued": {"anyOf": [_SUMMARY, _NOTHING, _CHAIN_PLAN]},
    "clusters": _object(
        database=_TEXT, failed=_COUNT, total=_COUNT, without_reason=_COUNT, without_effect=_list_of(_TEXT),
        clusters=_list_of(_object(cluster=_TEXT, ids=_list_of(_TEXT), count=_COUNT, runs=_COUNT, category=_TEXT, fingerprint=_TEXT,
                                  tried=_COUNT, fixed=_COUNT, accepted=_COUNT)),
    ),
    "continue": _ASKED,
    "demo": _object(database=_TEXT, made={"type": ["object", "null"]}, **_SAID),
    "doctor": _list_of(_object(check=_TEXT, ok=_TRUTH, verdict=_TEXT, said=_TEXT, cure=_TEXT)),
    "drain": {"anyOf": [_SUMMARY, _NOTHING, _PLAN, _CHAIN_PLAN]},
    "drain-all": {"anyOf": [_SUMMARY, _NOTHING, _CHAIN_PLAN]},
    "drain-queued": {"anyOf": [_SUMMARY, _NOTHING, _PLAN]},
    "dry-run": {"anyOf": [_PLAN, _CHAIN_PLAN]},
    "events": _EVENT,
    "explain": {"anyOf": [_EXPLAINED, _DISPOSITIONS]},
    "hint": {"anyOf": [_object(hints=_list_of(_object(run_id=_TEXT, priority={"type": "integer"}, **_NOTE)), **_SAID),
                       _object({"of_every_table": _TRUTH}, run_id=_TEXT, **_SAID)]},
    "init": _object(file=_TEXT, table=_TEXT, written=_TRUTH, **_SAID),
    "list-run-counts": _list_of(_object(run_id=_TEXT, queued=_COUNT, failed=_COUNT, complete=_COUNT, other=_COUNT)),
    "pause": _ASKED,
    "pick-next-run": {"anyOf": [{"type": "null"}, _object(run_id=_TEXT_OR_NULL, run_type=_TEXT_OR_NULL)]},
    "prune": _object(dry_run=_TRUTH, kinds=_list_of(_object(kind=_TEXT, count=_COUNT)), problems=_list_of(_TEXT)),
    "recover": _object(
        recovered=_list_of(_object(**_IDS, problem=_TEXT_OR_NULL)), held=_list_of(_object(**_IDS, is_due=_TRUTH)), **_SAID
    ),
    "reopen": {"anyOf": [_object(reopened=_REOPENED, is_dry=_TRUTH, **_SAID), _object(can_be_reopened=_REOPENED, **_SAID)]},
    "resume": {"anyOf": [_SUMMARY, _NOTHING, _PLAN, _CHAIN_PLAN, _CLOSED]},
    "sessions": _list_of(_SESSION_ROW),
    "status": _list_of(_RUNNING),
    "stop": _ASKED,
    "summary": {"anyOf": [_SUMMARY, _NOTHING]},
    "triage": {"anyOf": [_object(would_diagnose=_list_of(_ANY)), _object(diagnosed=_list_of(_ANY), counts={"type": "object"})]},
}  # fmt: skip


def schema() -> dict[str, Any]:
    """A definition for each task, by its name."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What batchdrain prints with --format=json",
        "description": "One definition for each task. Fields may be added; none is removed or changes its meaning. "
        "That of `events` is of each line.",
        "$defs": dict(TASKS),
    }


def page() -> str:
    """The file."""
    return json.dumps(schema(), indent=1) + "\n"
