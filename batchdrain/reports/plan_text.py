"""A plan for people: the phases in order, each with its reason, and for every other one the rule that skips it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from batchdrain.database.phases.pages import Row
from batchdrain.failures.fingerprints import cluster_id_of
from batchdrain.model.phase import Skip
from batchdrain.planning.given_back import GivenBack
from batchdrain.planning.plan import Plan
from batchdrain.planning.skip_rules import by_rule
from batchdrain.runtime.text import safe_text


def render_recovery(recovery: Sequence[GivenBack]) -> Iterator[str]:
    """What a drain would do before it takes its first phase."""
    if recovery:
        yield f"Recovery first: {len(recovery)} held by a dead controller"
    for back in recovery:
        what = "is given back" if back.recorded is None else f"is recorded as {back.recorded.value}, as its command had ended"
        yield f"  {safe_text(back.key.run_id)} / {safe_text(back.key.phase_id)} {what}: it is {safe_text(back.stands)} then"


def render_phases(made: Plan) -> Iterator[str]:
    """The phases in order, each with its reason and its time limit."""
    for number, planned in enumerate(made.all, start=1):
        choice = planned.choice
        phase, fingerprint = choice.phase, choice.failure.fingerprint
        yield f"[{number}/{len(made.all)}] {safe_text(phase.run_id)} / {safe_text(phase.phase_id)}"
        yield f"  Why: {safe_text(choice.reason)}"
        if fingerprint:
            yield f"  Failed with: {safe_text(fingerprint, limit=120)} (cluster {cluster_id_of(fingerprint)})"
        yield f"  Timeout: {planned.limit.seconds:g} s ({planned.limit.rule})"
    yield ""


def render_sums(made: Plan, slow_rules: Sequence[str]) -> Iterator[str]:
    """How many would be drained, and for all others the rules that skip them. `slow_rules`: the patterns of category rules that
    were left out."""
    for pattern in slow_rules:
        yield f"A rule of batchdrain.categories took too long on a failure text and was left out; mend it: {safe_text(pattern)}"
    yield from render_counts(made, f"{made.total}")


def render_counts(made: Plan, of: str) -> Iterator[str]:
    """The sums of one plan. `of`: how many there are, and of what."""
    skipped = made.skipped
    yield f"Would drain {made.most} of {of}: {skipped.total()} are skipped, {made.left} find the batch full"
    for rule, count, values in by_rule(skipped):
        yield f"  {count} skipped by {rule}: {values}"
    for rule, count, values in by_rule(made.remainder.absent):
        yield f"  {count} of the plan not there, by {rule}: {values}"
    if made.may_end_by:
        yield f"  fewer if results make it end sooner: {', '.join(made.may_end_by)}"
    if made.may_follow:
        yield f"  more once the runs are complete that {made.may_follow} wait for (depends_on), as far as the batch has room"


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
