"""A plan for people: the phases in order, each with its reason, and the rules that skip the other phases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from batchdrain.database.phases.pages import Page
from batchdrain.failures.fingerprints import cluster_id_of
from batchdrain.model.phase import Skip
from batchdrain.planning.given_back import GivenBack
from batchdrain.planning.plan import FULL, ExplainedPage, Plan
from batchdrain.planning.skip_rules import by_rule
from batchdrain.reports.forecast_words import describe_forecast
from batchdrain.runtime.text import agree, are_safe, safe_text


def render_recovery(recovery: Sequence[GivenBack]) -> Iterator[str]:
    """What a drain would recover before it takes its first phase."""
    if recovery:
        yield f"Recovery first: {len(recovery)} held by a dead controller"
    for back in recovery:
        what = "is released" if back.recorded is None else f"is recorded as {back.recorded.value}, as its command had ended"
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


def render_counts(made: Plan, of: str) -> Iterator[str]:
    """The totals of one plan. `of`: how many phases there are, and of what kind."""
    skipped = made.skipped
    yield f"Would drain {made.most} of {of}: {skipped.total()} {agree(skipped.total(), 'is', 'are')} skipped, {made.left} {find_full(made.left)}"
    for rule, count, values in by_rule(skipped):
        yield f"  {count} skipped by {rule}: {values}"
    for rule, count, values in by_rule(made.remainder.absent):
        yield f"  {count} of the plan not there, by {rule}: {values}"
    if made.workers > 1 and len(made.all) > 1 and made.left:
        yield f"  with {made.workers} workers others may be among them: two phases of one run are never executed at the same time"
    if made.may_end_by:
        yield f"  fewer if results make it end sooner: {', '.join(made.may_end_by)}"
    if made.may_refuse:
        yield f"  fewer if the table refuses a write: {safe_text(', '.join(made.may_refuse))}; `inv doctor` tries them on a row"
    if made.may_follow:
        follow = agree(
            made.may_follow,
            "is among the skipped, and follows once the runs are complete that it waits for",
            "are among the skipped, and follow once the runs are complete that they wait for",
        )
        yield f"  {made.may_follow} of them {follow} (depends_on)"
    if made.forecast is not None:
        yield f"Forecast: {describe_forecast(made.forecast)}"


def render_explanation(pages: Iterable[ExplainedPage], state: str, *, quiet: bool = False) -> Iterator[str]:
    """Every phase of the source state, unless `quiet`; then the totals by rule, which add up. Many lines at a time."""
    counts: Counter[str] = Counter()
    yield ""
    yield f"Every {state} phase, once:" if not quiet else f"Every {state} phase, by the rule that selects it or skips it:"
    for page in pages:
        if (only := page.only_skip) is not None:
            counts[only.rule] += len(page.skips)
            if not quiet:
                yield _explain_alike(page.page, safe_text(_describe_skip(only)))
            continue
        which = list(map(id, page.skips))  # most rows share a few objects
        skips = dict(zip(which, page.skips, strict=True))
        left = Counter(which)
        left.subtract(which[at] for at in page.reasons)
        counts.update({"chosen": len(page.reasons)} if page.reasons else {})
        for one, count in (+left).items():
            counts[skips[one].rule] += count
        if not quiet:
            whys = {one: safe_text(_describe_skip(skip)) for one, skip in skips.items()}
            yield _explain(page, list(map(whys.__getitem__, which)))
    if not quiet:
        yield ""
    for rule, count in sorted(counts.items(), key=lambda item: (item[0] != "chosen", -item[1], item[0])):
        yield f"  {count:>7} {find_full(count) if rule == FULL else rule}"
    yield f"  {counts.total():>7} {state} in all"


def _explain(explained: ExplainedPage, whys: Sequence[str]) -> str:
    """A line for each row. `whys`: why each row is skipped."""
    runs, phases = _to_safe_ids(explained.page)
    lines = [f"  - {run} / {phase}: {why}" for run, phase, why in zip(runs, phases, whys, strict=True)]
    for at, reason in explained.reasons.items():
        lines[at] = f"  + {runs[at]} / {phases[at]}: {safe_text(f'chosen: {reason}')}"
    return "\n".join(lines)


def _explain_alike(page: Page, why: str) -> str:
    """The same if all rows are skipped for one reason, at half the cost. Nearly all pages of a large backlog are."""
    between = f": {why}\n  - "
    return f"  - {between.join(map(' / '.join, zip(*_to_safe_ids(page), strict=True)))}: {why}"


def _to_safe_ids(page: Page) -> Iterator[Sequence[str]]:
    """The run_ids and the phase_ids for people."""
    return (ids if are_safe(ids) else list(map(safe_text, ids)) for ids in (page.runs, page.phases))


def find_full(count: int) -> str:
    """What happens to phases behind a full batch, as a verb phrase."""
    return f"{agree(count, 'does', 'do')} not fit into the batch"


def _describe_skip(skip: Skip) -> str:
    """Why a row is skipped. A phase behind a full batch is not skipped by a rule."""
    return f"{find_full(1)}: {skip.value}" if skip.rule == FULL else f"skipped by {skip}"
