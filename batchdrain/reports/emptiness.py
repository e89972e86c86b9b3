"""Why nothing was selected: which of the possible reasons it is, with counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from batchdrain.facts import Skip
from batchdrain.planning.skips import by_rule
from batchdrain.site import RunCounts, described


def why_nothing(where: str, counts: Sequence[RunCounts], state: str, total: int, skipped: Counter[Skip]) -> str:
    """One or more lines. `total`: phases in the state; `skipped`: of them, by rule and value."""
    header = f"Nothing to drain in {where}."
    if not counts:
        return f"{header}\nThe database holds no phases at all: is it the right one?"
    standing = f"It holds {described(list(counts))}."
    if total == 0:
        return f"{header}\n{standing}\nNo phase is {state}."
    lines = [header, standing, f"All {total} {state} phases are skipped:"]
    lines += [f"  {count} by {rule}: {values}" for rule, count, values in by_rule(skipped)]
    left = total - skipped.total()
    if left:
        lines.append(f"  {left} find the batch full")
    return "\n".join(lines)
