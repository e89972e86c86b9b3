"""A plan for people: the phases in order, each with its reason, and for every other one the rule that skips it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from batchdrain.database.phases.pages import Row
from batchdrain.failures.fingerprints import cluster_id_of
from batchdrain.model.phase import Skip
from batchdrain.planning.plan import Plan
from batchdrain.planning.skip_rules import by_rule
from batchdrain.runtime.text import safe_text


def render_phases(made: Plan, slow_rules: Sequence[str], *, by_plan: bool) -> Iterator[str]:
    """Lines. `slow_rules`: the patterns of category rules that were left out; `by_plan`: a plan file was asked for."""
    for number, planned in enumerate(made.all, start=1):
        choice = planned.choice
        phase, fingerprint = choice.phase, choice.failure.fingerprint
        yield f"[{number}/{len(made.all)}] {safe_text(phase.run_id)} / {safe_text(phase.phase_id)}"
        yield f"  Why: {safe_text(choice.reason)}"
        if fingerprint:
            yield f"  Failed with: {safe_text(fingerprint, limit=120)} (cluster {cluster_id_of(fingerprint)})"
        yield f"  Timeout: {planned.limit.seconds:g} s ({planned.limit.rule})"
    if not made.all:
        return
    yield ""
    for pattern in slow_rules:
        yield f"A rule of batchdrain.categories took too long on a failure text and was left out; mend it: {safe_text(pattern)}"
    left = "the rest is not in the plan, or finds the batch full" if by_plan else f"{made.left} find the batch full"
    yield f"Would drain {len(made.all)} of {made.total}: {made.skipped.total()} are skipped, {left}"
    for rule, count, values in by_rule(made.skipped):
        yield f"  {count} skipped by {rule}: {values}"


def render_explanation(rows: Iterable[tuple[Row, str, Skip | None]], state: str) -> Iterator[str]:
    """Every phase of the source state once, then the sums by rule, which add up. `rows`: as planning.plan explains them."""
    counts: Counter[str] = Counter()
    yield ""
    yield f"Every {state} phase, once:"
    for row, reason, skip in rows:
        counts["chosen" if skip is None else skip.rule] += 1
        why = f"chosen: {reason}" if skip is None else f"skipped by {skip}"
        yield f"  {'+' if skip is None else '-'} {safe_text(row.run_id)} / {safe_text(row.phase_id)}: {safe_text(why)}"
    yield ""
    for rule, count in sorted(counts.items(), key=lambda item: (item[0] != "chosen", -item[1], item[0])):
        yield f"  {count:>7} {rule}"
    yield f"  {counts.total():>7} {state} in all"
