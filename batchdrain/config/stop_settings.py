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
    success_floor: Number = leaf(
        0.0,
        "end the session if the share of successes falls below this, once there are `stop.success_floor_after` results; 0 is off",
        ge=0,
        le=1,
    )
    success_floor_after: Whole = leaf(20, "the number of results from which on `stop.success_floor` applies", ge=1)
    metric: Text = leaf("", "the name of a metric that your command reports; see `stop.max_without_metric`")
    max_without_metric: Whole = leaf(
        0, "end the session after this many results in a row that did not report `stop.metric`, or 0 of it; 0 is off", ge=0
    )
    max_metric: Budgets = leaf(
        {}, "`{tokens: 100000}`: end the session once the results brought so much of a metric in sum; the last may exceed it"
    )
    canary: Truth = leaf(
        False, "try one phase of a big cluster first, then two, then four, and continue only while they succeed"
    )
    canary_size: Whole = leaf(10, "the number of phases from which on a cluster is big, for `stop.canary`", ge=2)
    skip_runs_with_queued: Truth = leaf(False, "skip the failed phases of a run that has queued phases")
