"""Counts what has become of all failed phases, for people and as JSON. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from batchdrain.cli.commands.named import settle_named
from batchdrain.cli.screens.writer import Output
from batchdrain.config.categories import categoriser_of
from batchdrain.database.ledger.retry_stats_query import read_fixed
from batchdrain.drain.preview.recovery import foresee_recovery
from batchdrain.drain.project import Project
from batchdrain.model.states import PhaseState
from batchdrain.planning.disposition import DispositionKind
from batchdrain.planning.disposition_counts import DispositionCounts, count_dispositions
from batchdrain.planning.planner import Selection
from batchdrain.planning.skip_rules import by_rule, by_value
from batchdrain.reports.beside import Beside
from batchdrain.runtime import clock
from batchdrain.runtime.json_text import to_json
from batchdrain.runtime.text import agree, count_of, safe_text

_MEANS: Final[Mapping[DispositionKind, str]] = {
    DispositionKind.OPEN: "no drain has tried them",
    DispositionKind.RETRIED: "tried, and failed again: the next drain may take them",
    DispositionKind.ACCEPTED: "known failures: drains skip them",
    DispositionKind.QUARANTINED: "skipped, because the processes that ran them died: `inv reopen` lifts it",
    DispositionKind.PARKED: "skipped by another rule",
    DispositionKind.HOPELESS: "skipped, because of a diagnosis: `inv reopen` lifts its verdict",
    DispositionKind.WAITING: "skipped until the time that a diagnosis named: `inv reopen` lifts its verdict",
}
_NAMED: Final = (DispositionKind.QUARANTINED, DispositionKind.HOPELESS)
"""The first phases of these dispositions are named, since somebody has to look at each."""
_LISTED: Final = (DispositionKind.ACCEPTED, DispositionKind.WAITING)
"""Their reasons are listed without the rule, which is that of the disposition."""


def show_counts(project: Project, run_id: str | None, beside: Beside, *, as_json: bool) -> None:
    """Show the counts of every run, or of the runs that `run_id` names. Raises UsageError, ConfigError and
    DatabaseUnavailable."""
    store, (filters, idle) = project.store, settle_named(project, run_id)
    selection = Selection(
        store=store, settings=project.settings, filters=filters, state=PhaseState.FAILED, given_back=foresee_recovery(project)
    )
    held, reading = len(selection.given_back), selection.reading()
    found = count_dispositions(reading.why_not(categoriser_of(project.settings)), reading.rules.past)
    is_asked = None if filters.run_id is None else filters.asks_for
    fixed = read_fixed(store.database, store.ledger, is_asked)
    out = Output()
    if as_json:
        out.json(to_json({**_to_fields(project, found, fixed), "without_effect": idle}, indent=True).decode())
        return
    for line in _render(project, found, fixed, beside):
        out.line(line)
    for line in idle:
        out.line(safe_text(f"  ! {line}"))
    if held:
        out.line(f"{held} held by a dead controller: counted as `inv recover` would leave {agree(held, 'it', 'them')}")


def _to_fields(project: Project, found: DispositionCounts, fixed: int) -> dict[str, Any]:
    return {
        "database": project.store.database.name,
        "failed": found.counts.total(),
        "dispositions": {kind.value: fixed if kind is DispositionKind.FIXED else found.counts[kind] for kind in DispositionKind},
        "left_out": [
            {
                "disposition": kind.value, "rule": skip.rule, "value": skip.value, "count": count,
                "until": None if skip.until is None else clock.to_iso(skip.until),
            }
            for kind, skips in found.skips.items() for skip, count in sorted(skips.items(), key=lambda item: (-item[1], item[0]))
        ],
        "named": [
            {"run_id": key.run_id, "phase_id": key.phase_id, "disposition": kind.value} for kind in _NAMED for key in found.named[kind]
        ],
    }  # fmt: skip


def _render(project: Project, found: DispositionCounts, fixed: int, beside: Beside) -> Iterator[str]:
    yield f"{count_of(found.counts.total(), 'failed phase')}: {project.store.where}"
    for kind, means in _MEANS.items():
        count = found.counts[kind]
        if count:
            early = f" to an end: {found.unfinished} {agree(found.unfinished, 'was', 'were')} released or orphaned"
            yield f"{count:>7} {kind.value:<12} {means}{early if kind is DispositionKind.OPEN and found.unfinished else ''}"
            for number, value in by_value(found.skips[kind]) if kind in _LISTED else ():
                yield f"            {number}: {value.removeprefix('wait ')}"
            for rule, number, values in by_rule(found.skips[kind]) if kind is DispositionKind.PARKED else ():
                yield f"            {number} by {rule}: {values}"
        for key in found.named[kind] if kind in _NAMED else ():
            yield f"            {safe_text(beside.command('explain', f'--run-id={key.run_id}', f'--phase-id={key.phase_id}'), limit=None)}"
    yield f"Fixed so far, by drains over all sessions: {fixed}"
