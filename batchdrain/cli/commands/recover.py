"""inv recover: what dead controllers held is given back. Starts no work."""

from __future__ import annotations

from batchdrain.cli.commands.open import open_project
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import Output
from batchdrain.database.storage import require_transactions
from batchdrain.drain.liveness import describe_held, describe_recovered, is_due
from batchdrain.drain.recovery import recover
from batchdrain.runtime.text import safe_text


def give_all_back(invocation: Invocation) -> None:
    """Settle what can be settled now, and say what is still held. Raises DatabaseUnavailable."""
    out = Output()
    with open_project(invocation) as project:
        if invocation.dry:
            for held in project.store.history.read_held():
                verdict = "would be given back" if is_due(held) else "is held"
                out.line(safe_text(f"{held.key} {verdict}: {describe_held(held)}"))
            return
        require_transactions(project.store.database, (project.store.table.table, *project.store.ledger.tables))
        recovered = recover(project)
        left = project.store.history.read_held()
    for back in recovered:
        out.line(safe_text(describe_recovered(back)))
    settled = sum(not back.problem for back in recovered)
    out.line(f"{settled} recovered, {len(left)} still held.")
    for held in left:
        out.line(safe_text(f"  {describe_held(held)}"))
