"""The summary for programs: the session, and everything else that text and Markdown say."""

from __future__ import annotations

from typing import Any

from batchdrain.reports.beside import Beside
from batchdrain.reports.forecast_words import outcome_fields
from batchdrain.reports.left_over import left_over
from batchdrain.reports.worst import FailedCluster, WorstFailure, clusters_of, find_worst, fingerprints_of
from batchdrain.sessions.session import Session, metrics_per_minute
from batchdrain.sessions.whole import balances_of, kind_of, parts_of


def to_fields(session: Session, saved_to: str, beside: Beside) -> dict[str, Any]:
    """The fields of `inv summary --format=json`."""
    ended = beside.ended
    found = session.model_dump(mode="json")
    found |= {
        "kind": kind_of(session),
        "status": session.current_status.value,
        "success_rate": session.success_rate,
        "retries_waiting": session.retries_waiting,
        "wanted_success_rate": session.wanted_rate,
        "exit_code": None if ended is None else {"code": ended.code, "why": ended.why},
        "forecast_outcome": outcome_fields(session),
        "left": [{"phases": count, "how": how} for count, how, _ in left_over(session)],
        "attempts": session.attempts,
        "executed_s": round(session.executed_s, 3),
        "metrics_per_minute": dict(metrics_per_minute(session)),
        "results_by_run": [
            {"run_id": run_id, "succeeded": succeeded, "processed": count}
            for run_id, (succeeded, count) in session.by_run().items()
        ],
        "clusters": [_cluster_fields(one) for one in fingerprints_of(session, beside)],
        "worst_failures": [_worst_fields(one) for one in find_worst(session, saved_to, clusters_of(session, beside))],
        "saved_to": saved_to,
        "goes_on_with": beside.goes_on,
    }
    if len(parts_of(session)) > 1:
        found["sessions"] = [part.session_id for part in parts_of(session)]
        found["balances"] = [
            {"session_id": part.session_id, "kind": part.kind.value, **balance.model_dump(mode="json")}
            for part, balance in balances_of(session)
        ]
    return found


def _cluster_fields(one: FailedCluster) -> dict[str, Any]:
    return {
        "id": one.id,
        "count": one.count,
        "fingerprint": one.fingerprint,
        "category": one.category or None,
        "accepted": one.accepted,
        "drain": one.drain or None,
        "accept": one.accept or None,
    }


def _worst_fields(one: WorstFailure) -> dict[str, Any]:
    return {
        "run_id": one.result.run_id,
        "phase_id": one.result.phase_id,
        "error_message": one.result.error_message,
        "category": one.result.category,
        "cluster": one.cluster or None,
        "duration_s": one.result.duration_s,
        "attempt": one.result.attempt,
        "log_path": one.log,
    }
