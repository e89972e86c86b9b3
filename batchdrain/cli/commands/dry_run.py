"""Showing a plan: the dry run's output."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import orjson

from batchdrain.cli.screens.writer import Output
from batchdrain.config.categories import categoriser_of
from batchdrain.database.run_counts import describe_counts
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.resume import Resumption
from batchdrain.drain.services import limits_for
from batchdrain.drain.start import backlog_for, identity, selection_for
from batchdrain.failures.fingerprints import cluster_id_of
from batchdrain.model.phase import Skip
from batchdrain.planning import plan_file
from batchdrain.planning.plan import Plan, explained, plan
from batchdrain.planning.planner import SessionProgress
from batchdrain.planning.skip_rules import by_rule
from batchdrain.reports.nothing_to_drain import EmptySelection, explain_nothing
from batchdrain.runtime import clock
from batchdrain.runtime.text import safe_text
from batchdrain.sessions.progress import ResultCounts, counts_of


def show_plan(
    project: Project,
    request: DrainRequest,
    shape: str,
    *,
    output: Path | None = None,
    explain: bool = False,
    left: Resumption | None = None,
) -> int:
    """Print the plan of an intent; write it to `output` where asked. `left`: of a session that would go on. Writes nothing
    else. Returns 0."""
    ahead = _progress_of(left)
    limit = request.most if left is None else left.most
    made = plan(
        backlog_for(project, request, ahead),
        limits_for(project, request.settings),
        most=limit,
        now=clock.now(),
        attempted=ahead.attempted,
        retries=[] if left is None else sorted(left.retries),
    )
    file = plan_file.as_file(
        made, now=clock.now(), database=identity(project), filters={"kind": request.kind.value, **asdict(request.filters)}
    )
    if output is not None:
        plan_file.save(output, file)
    out = Output()
    if shape == "json":
        out.text(orjson.dumps(file.model_dump(mode="json"), option=orjson.OPT_INDENT_2).decode() + "\n")
        return 0
    for line in _header(project, request, made, limit):
        out.line(line)
    for line in _phases(made, categoriser_of(request.settings).slow, by_plan=request.plan is not None):
        out.line(line)
    if explain:
        for line in _explanation(project, request, _progress_of(left), made):
            out.line(line)
    if output is not None:
        place = safe_text(str(output))
        out.line(f"Plan written to {place}: `inv drain --plan {place}` drains it")
    return 0


def _progress_of(left: Resumption | None) -> ResultCounts:
    return ResultCounts() if left is None else counts_of(left.session)


def _header(project: Project, request: DrainRequest, made: Plan, limit: int | None) -> Iterator[str]:
    counts = project.store.read_run_counts()
    yield "Dry run: nothing is written"
    yield f"Database: {project.store.where}: {describe_counts(counts)}"
    yield f"Target: Process {'all' if limit is None else len(made.all)} {request.state.value} phases"
    yield ""
    if not made.all:
        empty = EmptySelection(
            state=request.state.value,
            total=made.total,
            skipped=made.skipped,
            held=len(project.store.history.read_held()),
            by_plan=request.plan is not None,
        )
        yield explain_nothing(project.store.where, counts, empty)


def _phases(made: Plan, slow: Sequence[str], *, by_plan: bool) -> Iterator[str]:
    for number, planned in enumerate(made.all, start=1):
        choice = planned.choice
        phase = choice.phase
        yield f"[{number}/{len(made.all)}] {safe_text(phase.run_id)} / {safe_text(phase.phase_id)}"
        yield f"  Why: {safe_text(choice.reason)}"
        if choice.failure.fingerprint:
            yield f"  Failed with: {safe_text(choice.failure.fingerprint, limit=120)} (cluster {cluster_id_of(choice.failure.fingerprint)})"
        yield f"  Timeout: {planned.limit.seconds:g} s ({planned.limit.rule})"
    if not made.all:
        return
    yield ""
    for pattern in slow:
        yield f"A rule of batchdrain.categories took too long on a failure text and was left out; mend it: {safe_text(pattern)}"
    left = "the rest is not in the plan, or finds the batch full" if by_plan else f"{made.left} find the batch full"
    yield f"Would drain {len(made.all)} of {made.total}: {made.skipped.total()} are skipped, {left}"
    for rule, count, values in by_rule(made.skipped):
        yield f"  {count} skipped by {rule}: {values}"


def _explanation(project: Project, request: DrainRequest, done: SessionProgress, made: Plan) -> Iterator[str]:
    """Every phase once, then the sums by rule, which add up."""
    selection = selection_for(project, request, done)
    tally: Counter[str] = Counter()
    yield ""
    yield f"Every {request.state.value} phase, once:"
    for row, why, skip in explained(selection, made, by_plan=request.plan is not None):
        tally["chosen" if skip is None else skip.rule] += 1
        said = f"chosen: {why}" if skip is None else _skipped(skip)
        yield f"  {'+' if skip is None else '-'} {safe_text(row.run_id)} / {safe_text(row.phase_id)}: {safe_text(said)}"
    yield ""
    for rule, count in sorted(tally.items(), key=lambda item: (item[0] != "chosen", -item[1], item[0])):
        yield f"  {count:>7} {rule}"
    yield f"  {tally.total():>7} {request.state.value} in all"


def _skipped(skip: Skip) -> str:
    return f"skipped by {skip}"
