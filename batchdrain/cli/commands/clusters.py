"""inv clusters: how the phases of the backlog fail, and what retries achieved. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from batchdrain.cli.commands.named import settle_named
from batchdrain.cli.commands.open import open_to_look
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import Output
from batchdrain.config.categories import categoriser_of
from batchdrain.config.redaction import Redact
from batchdrain.database.ledger.retry_stats_query import read_retries_by_fingerprint
from batchdrain.drain.project import Project
from batchdrain.model.states import PhaseState
from batchdrain.planning.acceptances import acceptances
from batchdrain.planning.cluster_counts import Cluster, cluster_counts
from batchdrain.planning.planner import Selection
from batchdrain.reports.nothing_to_drain import explain_no_failures
from batchdrain.runtime.json_text import to_json
from batchdrain.runtime.text import agree, count_of, safe_text

WIDTH: Final = 100
_LEAST_WIDTH: Final = 72
"""The least width for a row with an id."""
_SHOWN: Final = 20
_MARGIN: Final = 16
_LEAST_TEXT: Final = 40  #: the least width that a text keeps beside the ids of its phase, with the margin


def show_clusters(invocation: Invocation, *, run_id: str | None, top: int | None, format_name: str) -> None:
    """`inv clusters`. Raises UsageError."""
    with open_to_look(invocation) as project:
        filters, idle = settle_named(project, run_id)
        selection = Selection(store=project.store, settings=project.settings, filters=filters, state=PhaseState.FAILED)
        is_asked = None if filters.run_id is None else filters.asks_for
        retries = read_retries_by_fingerprint(project.store.database, project.store.ledger, is_asked)
        out, redact = Output(), project.store.redact
        found = cluster_counts(
            selection.pages(), categoriser_of(project.settings), redact, retries,
            is_asked=is_asked, accepted=acceptances(project.store),
        )  # fmt: skip
        if format_name == "json":
            shown = {
                "database": project.store.database.name,
                "failed": sum(one.count for one in found),
                "total": len(found),
                "without_reason": sum(one.count for one in found if not one.fingerprint),
                "clusters": [_fields_of(one, redact) for one in found[:top]],
                "without_effect": idle,
            }
            out.json(to_json(shown, indent=True).decode())
            return
        if not found:
            lines = explain_no_failures(
                project.store.where, project.store.read_run_counts(), filters, project.settings.source.where
            )
        else:
            lines = _render_table(project, found, top or _SHOWN, redact, run_id, out.columns)
        for line in lines:
            out.line(line)


def _render_table(
    project: Project, found: list[Cluster], most: int, redact: Redact, run_id: str | None, columns: int | None
) -> Iterator[str]:
    """`columns`: of the terminal; None if there is none."""
    width = min(WIDTH, columns or WIDTH)
    is_narrow = width < _LEAST_WIDTH  # then ids have no room in a row
    failed, of = sum(one.count for one in found), "" if run_id is None else f" of run {safe_text(run_id)}"
    clusters, bare = sum(bool(one.fingerprint) for one in found), sum(one.count for one in found if not one.fingerprint)
    beside = f", {bare} without a reason" if bare else ""
    yield f"{count_of(failed, 'failed phase')}{of} in {count_of(clusters, 'cluster')}{beside}: {project.store.where}"
    yield f"{'COUNT':>7} {'RUNS':>6}  {'CATEGORY':<12} {'TRIED':>6} {'FIXED':>6}  SCOPE{'' if is_narrow else '         --cluster='}"
    for one in found[:most]:
        runs = f"{one.runs}{'+' if one.has_more_runs else ''}"
        row = f"{one.count:>7} {runs:>6}  {one.category:<12} {one.tried:>6} {one.fixed:>6}  {_scope_of(one):<13} "
        ids = ",".join(one.ids)
        fits = len(row) + len(ids) <= width
        below = "" if is_narrow else f"(below, {len(one.ids)} alike)"
        yield (row + (ids if fits else below)).rstrip()
        yield f"        {_cut(redact(one.fingerprint) or '(no reason)', width)}"
        if one.accepted:
            yield f"        accepted: {'all' if one.accepted == one.count else one.accepted} of them"
        if one.all_count != one.count:
            in_runs = f"{one.all_runs}+ runs" if one.has_more_of_all_runs else count_of(one.all_runs, "run")
            yield f"        in all runs: {count_of(one.all_count, 'failed phase')} in {in_runs}"
        yield f"        e.g. {_example_of(one, redact, width)}"
        if not fits and ids:
            yield f"        --cluster={ids}" if is_narrow else f"        {ids}"
    if len(found) > most:
        yield f"and {_describe_rest(found[most:])} (--top={len(found)} shows all)"


def _describe_rest(rest: Sequence[Cluster]) -> str:
    """The rest, counted like the header: phases without a reason are no cluster."""
    clusters, bare = sum(bool(one.fingerprint) for one in rest), sum(one.count for one in rest if not one.fingerprint)
    told = [f"{clusters} more {agree(clusters, 'cluster', 'clusters')}"] if clusters else []
    return " and ".join([*told, *([f"{count_of(bare, 'phase')} without a reason"] if bare else [])])


def _example_of(one: Cluster, redact: Redact, width: int) -> str:
    """The failure text of a phase as one line, and the ids of this phase, which are cut only if they take the whole line."""
    run_id, phase_id, text = one.example
    ids = safe_text(f"{run_id} / {phase_id}")
    if not text:
        return _cut(ids, width)
    left = width - len(f" ({ids})")
    if left < _LEAST_TEXT:
        return _cut(f"{redact(text)} ({run_id} / {phase_id})", width)
    return f"{_cut(' '.join(redact(text).split()), left)} ({ids})"


def _cut(text: str, width: int) -> str:
    """One line that fits, even if escapes make it longer."""
    room = width - _MARGIN
    line = safe_text(text, limit=room)
    return line if len(line) <= room else f"{line[: room - 1]}…"


def _scope_of(one: Cluster) -> str:
    if not one.fingerprint:
        return "no cluster"  # phases without a reason need not have anything in common
    return "systemic" if one.is_systemic else "run-specific"


def _fields_of(one: Cluster, redact: Redact) -> dict[str, Any]:
    run_id, phase_id, text = one.example
    return {
        "cluster": ",".join(one.ids),
        "ids": list(one.ids),
        "count": one.count,
        "runs": one.runs,
        "all_runs": {"count": one.all_count, "runs": one.all_runs},
        "scope": _scope_of(one),
        "category": one.category,
        "fingerprint": redact(one.fingerprint),
        "example": {"run_id": run_id, "phase_id": phase_id, "text": redact(text)},
        "tried": one.tried,
        "fixed": one.fixed,
        "accepted": one.accepted,
    }
