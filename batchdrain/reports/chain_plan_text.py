"""The plan of a chain for people: a line for each run, and the rules that skip the other phases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from batchdrain.planning.plan import Plan
from batchdrain.reports.plan_text import render_counts
from batchdrain.runtime.text import safe_text
from batchdrain.sessions.session import Kind


def render_chain_plan(plans: Mapping[Kind, Plan]) -> Iterator[str]:
    """The lines. `plans`: the plans of its parts, in order."""
    counts = {kind: Counter(planned.choice.phase.run_id for planned in made.all) for kind, made in plans.items()}
    runs = dict.fromkeys(run_id for by_run in counts.values() for run_id in by_run)
    for run_id in runs:
        parts = [f"{by_run[run_id]} {kind.value}" for kind, by_run in counts.items() if by_run[run_id]]
        yield f"  {safe_text(run_id)}: {', then '.join(parts)}"
    if runs:
        yield ""
    for kind, made in plans.items():
        yield from render_counts(made, f"{made.total} {kind.value}")
