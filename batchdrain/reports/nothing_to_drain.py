"""Why nothing was selected: which of the possible reasons it is, with counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from batchdrain.database.run_counts import RunCounts, describe_counts
from batchdrain.model.phase import Skip
from batchdrain.planning.skip_rules import by_rule


def why_nothing(
    where: str,
    counts: Sequence[RunCounts],
    state: str,
    total: int,
    skipped: Counter[Skip],
    *,
    held: int = 0,
    by_plan: bool = False,
) -> str:
    """One or more lines. `total`: phases in the state; `skipped`: of them, by rule and value; `held`: claims of other
    controllers; `by_plan`: only the phases of a plan were asked for."""
    header = f"Nothing to drain in {where}."
    if not counts:
        return f"{header}\nThe database holds no phases at all: is it the right one?"
    lines = [header, f"It holds {describe_counts(list(counts))}."]
    if total == 0:
        lines.append(f"No phase is {state}.")
    elif by_plan:
        lines.append("Every phase of the plan is skipped:")
    else:
        lines.append(f"All {total} {state} phases are skipped:")
    lines += [f"  {count} by {rule}: {values}" for rule, count, values in by_rule(skipped)]
    left = total - skipped.total()
    if by_plan and total:
        lines.append(f"The rest of the {total} {state} phases is not in the plan.")
    elif left > 0:
        lines.append(f"  {left} find the batch full")
    if held:
        is_one = held == 1
        lines.append(
            f"{held} {'is' if is_one else 'are'} claimed by another controller: `inv sessions` shows {'it' if is_one else 'them'}."
        )
    return "\n".join(lines)
