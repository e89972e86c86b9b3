"""Explains why nothing was selected: which of the possible reasons apply, with counts."""

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
from batchdrain.reports.plan_text import find_full
from batchdrain.runtime.text import agree, count_of, safe_text


@dataclass(frozen=True, slots=True, kw_only=True)
class EmptySelection:
    """The facts about a selection that is empty."""

    state: str  #: the source state
    total: int  #: phases in that state
    because: str | None = None  #: what ended the session before all were drained; None: nothing did
    skipped: Counter[Skip]  #: how many of these are skipped, by rule and value
    held: int = 0  #: phases that other controllers hold
    by_plan: bool = False  #: only the phases of a plan were wanted
    without_effect: Sequence[str] = ()  #: options that changed nothing, a line each
    condition: str = ""  #: source.where
    batch_done: int | None = None  #: the size of a resumed session's batch if all of it was done before


def explain_nothing(where: str, counts: Sequence[RunCounts], empty: EmptySelection) -> str:
    """One or more lines. `where`: names the database."""
    state, total, held = empty.state, empty.total, empty.held
    if empty.batch_done is not None:
        return (
            f"Nothing is left of this session in {where}: its batch of {count_of(empty.batch_done, 'phase')} is done. "
            f"`inv drain` begins a new one; {describe_counts(list(counts))}."
        )
    left = total - empty.skipped.total()
    header = f"Nothing was drained in {where}." if empty.because and left > 0 else f"Nothing to drain in {where}."
    if not counts:
        return f"{header}\n{_describe_none(empty.condition)}"
    lines = [header, f"It holds {describe_counts(list(counts))}."]
    if total == 0:
        lines.append(f"No phase is {state}.")
    elif empty.by_plan:
        lines.append("Every phase of the plan is skipped:")
    else:
        lines.append(_describe_all(empty, left))
    lines += [f"  {count} by {rule}: {values}" for rule, count, values in by_rule(empty.skipped)]
    if empty.by_plan and total:
        lines.append(
            agree(total, f"There is 1 {state} phase.", f"The rest of the {total} {state} phases is not in the plan.")
        )
    elif left > 0:
        lines.append(f"  {left} {_describe_left(left, empty.because)}")
    lines += [safe_text(line) for line in empty.without_effect]
    if held:
        lines.append(
            f"{held} {agree(held, 'is', 'are')} claimed by another controller: `inv sessions` shows {agree(held, 'it', 'them')}."
        )
    return "\n".join(lines)


def explain_no_failures(where: str, counts: Sequence[RunCounts], filters: Filters, condition: str) -> Iterator[str]:
    """The lines for when no phase that the filters take has failed. `where`: names the database; `condition`:
    source.where."""
    of = "" if filters.run_id is None else f" of run {safe_text(filters.run_id)}"
    yield f"No failed phases{of} in {where}."
    yield f"It holds {describe_counts(counts)}." if counts else _describe_none(condition)
    yield from map(safe_text, find_idle_runs(filters, counts, PhaseState.FAILED.value))


def _describe_all(empty: EmptySelection, left: int) -> str:
    """The line above the list of rules. `left`: phases that no rule skips."""
    state = empty.state
    if left > 0 and empty.because:
        return agree(empty.total, f"Of the one {state} phase:", f"Of the {empty.total} {state} phases:")
    return agree(empty.total, f"The only {state} phase is skipped:", f"All {empty.total} {state} phases are skipped:")


def _describe_left(left: int, because: str | None) -> str:
    return f"{agree(left, 'is', 'are')} left: {safe_text(because)}" if because else find_full(left)


def _describe_none(condition: str) -> str:
    if condition:
        return "No row of the table matches batchdrain.source.where."
    return "The database holds no phases at all: is it the right one?"
