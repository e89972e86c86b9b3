"""inv recover: gives back what dead controllers held. Starts no work."""

from __future__ import annotations

from typing import Any, Final

from batchdrain.cli.commands.open import open_project
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.lines_or_json import LinesOrJson
from batchdrain.database.ledger.held_claims import Held, Stray
from batchdrain.database.storage import require_transactions
from batchdrain.drain.liveness import describe_held, describe_recovered, describe_stray, is_due
from batchdrain.drain.preview.recovery import foresee_recovery
from batchdrain.drain.remapped import find_left_elsewhere, read_strays
from batchdrain.drain.settling import settle
from batchdrain.model.errors import BadData, DatabaseUnavailable
from batchdrain.model.phase import PhaseKey
from batchdrain.planning.given_back import GivenBack
from batchdrain.runtime.text import safe_text

_STRAYS_SHOWN: Final = 10


def give_all_back(invocation: Invocation, *, shape: str = "text") -> int:
    """Settle what can be settled now, and tell what is still held. Returns 0 if only those who may still hold phases.
    Otherwise returns 78 for a row that the table does not take back, 65 for a row that nobody holds although its attempt
    never ended, or 75 for a row that is locked, or whose execution can't be ended. Raises DatabaseUnavailable."""
    out = LinesOrJson(shape)
    with open_project(invocation) as project:
        history = project.store.history
        if invocation.dry:
            found, foreseen = history.read_held(), {back.key: back for back in foresee_recovery(project)}
            for held in found:
                out.line(safe_text(_describe_foreseen(held, foreseen.get(held.key))))
            _show_strays(out, read_strays(project, _STRAYS_SHOWN))
            out.line(f"{len(foreseen)} would be recovered, {len(found) - len(foreseen)} still held. Nothing was written.")
            return out.end(0, recovered=[], held=[_fields_of(held) for held in found])
        require_transactions(project.store.database, (project.store.table.table, *project.store.ledger.tables))
        recovered = settle(project, None, lambda renamed: out.line(safe_text(renamed)))
        left, strays, elsewhere = history.read_held(), read_strays(project, _STRAYS_SHOWN), find_left_elsewhere(project)
    for back in recovered:
        out.line(safe_text(describe_recovered(back)))
    settled = sum(not back.problem for back in recovered)
    out.line(f"{settled} recovered, {len(left)} still held.")
    _show_held(out, left)
    _show_strays(out, strays)
    for line in elsewhere:
        out.line(safe_text(line))
    codes = [back.code for back in recovered]
    codes += [DatabaseUnavailable.exit_code for held in left if is_due(held)]
    codes += [BadData.exit_code for stray in strays if stray.initial_state is not None]
    return out.end(
        max(codes, default=0),
        recovered=[_ids_of(back.key) | {"problem": back.problem or None} for back in recovered],
        held=[_fields_of(held) for held in left],
    )


def _describe_foreseen(held: Held, back: GivenBack | None) -> str:
    """What a recovery would do with a claim. `back`: None if it stays held."""
    if back is None:
        return f"Would stay held: {describe_held(held)}"
    if back.recorded is not None:
        return f"Would be recorded: {held.key}: its command had ended ({back.recorded.value}); it would be {back.stands}"
    return f"Would be released: {describe_held(held, cure=False)}; it would be {back.stands}"


def _ids_of(key: PhaseKey) -> dict[str, Any]:
    return {"run_id": key.run_id, "phase_id": key.phase_id}


def _fields_of(held: Held) -> dict[str, Any]:
    return {**_ids_of(held.key), "is_due": is_due(held)}


def _show_held(out: LinesOrJson, left: list[Held]) -> None:
    for held in left:
        out.line(safe_text(f"  {describe_held(held)}"))


def _show_strays(out: LinesOrJson, strays: list[Stray]) -> None:
    for stray in strays:
        out.line(safe_text(describe_stray(stray)))
