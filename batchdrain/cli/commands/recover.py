"""inv recover: what dead controllers held is given back. Starts no work."""

from __future__ import annotations

from typing import Final

from batchdrain.cli.commands.open import open_project
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import Output
from batchdrain.database.ledger.held_claims import Held, Stray
from batchdrain.database.storage import require_transactions
from batchdrain.drain.liveness import describe_held, describe_recovered, describe_stray, is_due
from batchdrain.drain.recovery import recover
from batchdrain.model.errors import BadData, DatabaseUnavailable
from batchdrain.runtime.text import safe_text

_STRAYS_SHOWN: Final = 10


def give_all_back(invocation: Invocation) -> int:
    """Settle what can be settled now, and say what is still held. Returns 0 where nothing is held but by those who may: else 78
    for a row that the table does not take back, 65 for one that nobody holds though its attempt never ended, 75 for what is
    locked or can't be ended. Raises DatabaseUnavailable."""
    out = Output()
    with open_project(invocation) as project:
        history = project.store.history
        if invocation.dry:
            for held in history.read_held():
                verdict = "would be given back" if is_due(held) else "is held"
                out.line(safe_text(f"{held.key} {verdict}: {describe_held(held)}"))
            _show_strays(out, history.read_strays(_STRAYS_SHOWN))
            return 0
        require_transactions(project.store.database, (project.store.table.table, *project.store.ledger.tables))
        recovered = recover(project)
        left, strays = history.read_held(), history.read_strays(_STRAYS_SHOWN)
    for back in recovered:
        out.line(safe_text(describe_recovered(back)))
    settled = sum(not back.problem for back in recovered)
    out.line(f"{settled} recovered, {len(left)} still held.")
    _show_held(out, left)
    _show_strays(out, strays)
    codes = [back.code for back in recovered]
    codes += [DatabaseUnavailable.exit_code for held in left if is_due(held)]
    codes += [BadData.exit_code for stray in strays if stray.initial_state is not None]
    return max(codes, default=0)


def _show_held(out: Output, left: list[Held]) -> None:
    for held in left:
        out.line(safe_text(f"  {describe_held(held)}"))


def _show_strays(out: Output, strays: list[Stray]) -> None:
    for stray in strays:
        out.line(safe_text(describe_stray(stray)))
