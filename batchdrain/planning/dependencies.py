"""Which run waits for which other run. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from batchdrain.config.settings import Dependency
from batchdrain.model.errors import ConfigError
from batchdrain.model.id_order import OrderOf, as_text
from batchdrain.planning.filters import is_meant


def waits_for(unfinished: Mapping[str, int], rules: Sequence[Dependency], order: OrderOf = as_text) -> dict[str, str]:
    """For each run that waits, the first run (by id) that it waits for.

    `unfinished`: for each run_id, how many phases are not complete; a run that is absent has none. `order`: the order of run
    ids. Raises ConfigError that names the cycle if runs wait for each other.
    """
    after: dict[str, list[str]] = {}
    open_runs = sorted((run for run, count in unfinished.items() if count > 0), key=order)
    for run in open_runs:
        globs = [glob for rule in rules if is_meant(run, rule.run) for glob in rule.after]
        if globs:
            after[run] = [other for other in open_runs if any(is_meant(other, glob) for glob in globs)]
    _require_no_cycle(after)
    return {run: upstream[0] for run, upstream in after.items() if upstream}


def _require_no_cycle(after: Mapping[str, Sequence[str]]) -> None:
    try:
        TopologicalSorter(after).prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1]  # graphlib lists the cycle upstream first; reversed, each run waits for the next one
        raise ConfigError(
            f"batchdrain.depends_on: runs wait for each other: {' -> '.join(reversed(cycle))}",
            remedy="correct the globs so that no run waits for itself",
        ) from None
