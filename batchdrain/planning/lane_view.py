"""A lane as a policy sees it: the facts of its head, of its run, and what was learnt of retries so far."""

from __future__ import annotations

from batchdrain.database.ledger.history import RunHistory
from batchdrain.model.lane import Lane
from batchdrain.model.phase import Phase
from batchdrain.model.retry_stats import NOTHING, RetryStats
from batchdrain.planning.limits import time_limit
from batchdrain.planning.skip_rules import SkipRules

_UNKNOWN_RUN = RunHistory()


def lane_of(
    head: Phase,
    rules: SkipRules,
    retry_stats: RetryStats,
    *,
    run_type: str,
    promising: bool,
    waiting: int,
    failed: int,
    taken: int,
) -> Lane:
    """`head`: its next phase. `failed`, `taken`: of its run."""
    run_id, past = head.run_id, rules.past.runs.get(head.run_id, _UNKNOWN_RUN)
    limit = time_limit((), rules.settings.timeout, kind=run_type, after_timeout=head.category == "timeout")
    return Lane(
        run_id=run_id,
        run_type=run_type,
        category=head.category,
        attempts=head.attempts,
        phase_index=head.phase_index,
        phase_id=head.phase_id,
        waiting=waiting,
        failed=failed,
        queued=rules.queued.get(run_id, 0),
        successes=past.successes,
        timeouts=past.timeouts,
        mean_duration_s=past.mean_duration_s,
        hint=rules.hints(run_id),
        promising=promising,
        reason=head.reason,
        fingerprint=head.failure.fingerprint,
        repeats=rules.progress().repeats,
        taken=taken,
        failed_alike=retry_stats.failed_alike(run_id),
        limit_s=limit.seconds,
        of_all=retry_stats.overall,
        of_category=retry_stats.categories.get(head.category, NOTHING),
        of_fingerprint=retry_stats.of_fingerprint(head.failure.fingerprint),
        of_run=retry_stats.runs.get(run_id, NOTHING),
        of_run_type=retry_stats.run_types.get(run_type[:191], NOTHING),
    )
