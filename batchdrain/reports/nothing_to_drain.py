"""Why nothing was selected: which of the possible reasons it is, with counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from batchdrain.database.run_counts import RunCounts, describe_counts
from batchdrain.model.phase import Skip
from batchdrain.model.states import PhaseState
from batchdrain.planning.filters import Filters
from batchdrain.planning.skip_rules import by_rule
from batchdrain.planning.without_effect import find_idle_runs
from batchdrain.runtime.text import safe_text


@dataclass(frozen=True, slots=True, kw_only=True)
class EmptySelection:
    """What was looked at, and selected nothing."""

    state: str  #: the source state
    total: int  #: phases in it
    skipped: Counter[Skip]  #: of them, by rule and value
    held: int = 0  #: claims of other controllers
    by_plan: bool = False  #: only the phases of a plan were asked for
    without_effect: Sequence[str] = ()  #: what was asked for and changed nothing, a line each


def explain_nothing(where: str, counts: Sequence[RunCounts], empty: EmptySelection) -> str:
    """One or more lines. `where`: the database."""
    state, total, held = empty.state, empty.total, empty.held
    header = f"Nothing to drain in {where}."
    if not counts:
        return f"{header}\nThe database holds no phases at all: is it the right one?"
    lines = [header, f"It holds {describe_counts(list(counts))}."]
    if total == 0:
        lines.append(f"No phase is {state}.")
    elif empty.by_plan:
        lines.append("Every phase of the plan is skipped:")
    else:
        lines.append(f"All {total} {state} phases are skipped:")
    lines += [f"  {count} by {rule}: {values}" for rule, count, values in by_rule(empty.skipped)]
    left = total - empty.skipped.total()
    if empty.by_plan and total:
        lines.append(f"The rest of the {total} {state} phases is not in the plan.")
    elif left > 0:
        lines.append(f"  {left} find the batch full")
    lines += [safe_text(line) for line in empty.without_effect]
    if held:
        is_one = held == 1
        lines.append(
            f"{held} {'is' if is_one else 'are'} claimed by another controller: `inv sessions` shows {'it' if is_one else 'them'}."
        )
    return "\n".join(lines)


def explain_no_failures(where: str, counts: Sequence[RunCounts], filters: Filters) -> Iterator[str]:
    """Lines, where no phase failed of those that the filters ask for. `where`: the database."""
    of = "" if filters.run_id is None else f" of run {safe_text(filters.run_id)}"
    yield f"No failed phases{of} in {where}."
    yield f"It holds {describe_counts(counts)}." if counts else "The database holds no phases at all: is it the right one?"
    yield from map(safe_text, find_idle_runs(filters, counts, PhaseState.FAILED.value))
