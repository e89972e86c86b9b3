"""A plan as JSON: the file that `drain --plan` reads, and the other findings of a dry run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from batchdrain.database.phases.pages import Row
from batchdrain.model.phase import Skip
from batchdrain.planning.filters import is_asked_for
from batchdrain.planning.given_back import GivenBack
from batchdrain.planning.plan import Plan
from batchdrain.planning.plan_file import PlanFile
from batchdrain.runtime.json_text import to_json


def render_json(
    file: PlanFile,
    made: Plan,
    recovery: Sequence[GivenBack],
    *,
    nothing: str,
    problems: Sequence[str],
    rows: Iterable[tuple[Row, str, Skip | None]] | None,
) -> str:
    """`nothing`: why no phase was selected, '' if one was. `rows`: each phase with its one reason, if that was asked for."""
    found = file.model_dump(mode="json") | {
        "total": made.total,
        "would_drain": len(made.all),
        "is_upper_bound": bool(made.may_end_by or made.may_refuse),
        "may_end_by": list(made.may_end_by),
        "may_refuse": list(made.may_refuse),
        "workers": made.workers,
        "may_follow": made.may_follow,
        "batch_full": made.left,
        "skipped": list(_list_skips(made.skipped)),
        "not_there": list(_list_skips(made.remainder.absent)),
        "recovery": [fields_of_recovery(back) for back in recovery],
        "problems": list(problems),
        "forecast": None if made.forecast is None else asdict(made.forecast),
    }
    if nothing:
        found["nothing_selected"] = nothing.splitlines()
    if rows is not None:
        found["explanation"] = [_explain(*row) for row in rows]
    return to_json(found, indent=True).decode()


def _list_skips(skipped: Counter[Skip]) -> Iterator[dict[str, Any]]:
    for skip, count in sorted(skipped.items(), key=lambda item: (-item[1], item[0])):
        yield {"rule": skip.rule, "value": skip.value, "count": count, "by_filter": is_asked_for(skip)}


def fields_of_recovery(back: GivenBack) -> dict[str, Any]:
    """What recovery would do with one claim."""
    recorded = None if back.recorded is None else back.recorded.value
    return {"run_id": back.key.run_id, "phase_id": back.key.phase_id, "state": back.stands, "recorded": recorded}


def _explain(row: Row, reason: str, skip: Skip | None) -> dict[str, Any]:
    return {
        "run_id": row.run_id,
        "phase_id": row.phase_id,
        "phase_index": row.phase_index,
        "chosen": skip is None,
        "rule": None if skip is None else skip.rule,
        "reason": reason if skip is None else skip.value,
    }
