"""A lane as a policy sees it: the facts of its head, of its run, and what was learnt of retries so far."""

from __future__ import annotations

from typing import NamedTuple

from batchdrain.database.ledger.history import RunHistory
from batchdrain.model.lane import Lane
from batchdrain.model.phase import Phase
from batchdrain.model.retry_stats import NOTHING, RetryStats
from batchdrain.planning.lane_buffer import LaneBuffer
from batchdrain.planning.limits import time_limit
from batchdrain.planning.skip_rules import SkipRules

_UNKNOWN_RUN = RunHistory()


class RunFacts(NamedTuple):
    """Of a lane's run, as it stands now."""

    type: str
    failed: int  #: failed phases when the session began to look, its own successes included
    taken: int  #: phases that were chosen since the session began, or went on


def lane_of(head: Phase, buffer: LaneBuffer, run: RunFacts, rules: SkipRules, retry_stats: RetryStats) -> Lane:
    """`head`: the next phase of the lane."""
    run_id, past = head.run_id, rules.past.runs.get(head.run_id, _UNKNOWN_RUN)
    limit = time_limit((), rules.settings.timeout, kind=run.type, after_timeout=head.category == "timeout")
    return Lane(
        run_id=run_id,
        run_type=run.type,
        category=head.category,
        attempts=head.attempts,
        phase_index=head.phase_index,
        phase_id=head.phase_id,
        waiting=buffer.waiting,
        failed=run.failed,
        queued=rules.queued.get(run_id, 0),
        successes=past.successes,
        timeouts=past.timeouts,
        mean_duration_s=past.mean_duration_s,
        hint=rules.hints(run_id),
        promising=buffer.promising,
        reason=head.reason,
        fingerprint=head.failure.fingerprint,
        repeats=rules.progress().repeats,
        taken=run.taken,
        failed_alike=retry_stats.failed_alike(run_id),
        limit_s=limit.seconds,
        of_all=retry_stats.overall,
        of_category=retry_stats.categories.get(head.category, NOTHING),
        of_fingerprint=retry_stats.of_fingerprint(head.failure.fingerprint),
        of_run=retry_stats.runs.get(run_id, NOTHING),
        of_run_type=retry_stats.run_types.get(run.type[:191], NOTHING),
    )
