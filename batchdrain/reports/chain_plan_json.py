"""The plan for the rest of a chain, as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from batchdrain.planning.given_back import GivenBack
from batchdrain.planning.plan import Plan
from batchdrain.reports.plan_json import fields_of_recovery
from batchdrain.runtime.json_text import to_json
from batchdrain.sessions.session import Kind


def render_chain_json(
    database: str,
    plans: Mapping[Kind, Plan],
    idle: Sequence[str],
    recovery: Sequence[GivenBack],
    problems: Sequence[str],
) -> str:
    """One part for each kind of phase that is left, in the order in which they are drained. `problems`: why a drain would not
    begin."""
    parts = [
        {
            "kind": kind.value,
            "total": made.total,
            "would_drain": len(made.all),
            "phases": [{"run_id": one.choice.phase.run_id, "phase_id": one.choice.phase.phase_id} for one in made.all],
        }
        for kind, made in plans.items()
    ]
    found = {"database": database, "parts": parts, "recovery": [fields_of_recovery(one) for one in recovery]}
    return to_json({**found, "problems": list(problems), "without_effect": list(idle)}, indent=True).decode()
