"""The section `stop`: what ends a session, or keeps a phase, a run or a cluster out of it."""

from __future__ import annotations

from batchdrain.config.section import Section, leaf
from batchdrain.config.values import Budgets, Number, Text, Truth, Whole


class Stop(Section):
    """Stop conditions; 0 is off."""

    max_attempts_per_phase: Whole = leaf(0, "skip a phase that was executed this many times, over all sessions", ge=0)
    max_timeouts_per_run: Whole = leaf(
        2, "after this many timeouts in a run, skip the rest of the run for this session", ge=0
    )
    max_repeats: Whole = leaf(3, "after this many equal failures, park their whole cluster for this session", ge=0)
    same_new_failure: Whole = leaf(
        5, "end the session after this many equal failures in a row, of phases that had failed in different ways before", ge=0
    )
    max_consecutive_failures: Whole = leaf(0, "end the session after this many failures in a row", ge=0)
    max_total_minutes: Number = leaf(
        0.0, "end the session after this time; commands that run then may finish", ge=0, le=1_000_000
    )
    success_floor: Number = leaf(0.0, "end the session when a smaller share than this succeeded …", ge=0, le=1)
    success_floor_after: Whole = leaf(20, "… of so many results or more", ge=1)
    metric: Text = leaf("", "the name of a metric that your command reports …")
    max_without_metric: Whole = leaf(0, "… end the session after this many results in a row without it", ge=0)
    max_metric: Budgets = leaf(
        {}, "`{tokens: 100000}`: end the session once the results brought so much of a metric in sum; the last may exceed it"
    )
    canary: Truth = leaf(False, "of a big cluster try one phase, then two, then four, and continue only while they succeed")
    canary_size: Whole = leaf(10, "phases that make a cluster big", ge=2)
    skip_runs_with_queued: Truth = leaf(False, "leave out the failed phases of a run that has queued ones")
