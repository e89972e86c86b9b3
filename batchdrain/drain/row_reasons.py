"""For the dry run: why each row is not chosen, as the reading of its backlog found out, or as another reading finds out."""

from __future__ import annotations

from collections.abc import Callable

from batchdrain.database.store import Store
from batchdrain.drain.preview.refused_values import RefusedValues
from batchdrain.planning.backlog import Backlog
from batchdrain.planning.kept_reasons import KeptReasons
from batchdrain.planning.reading import Reasons


class RowReasons:
    """What is found out while a plan is made."""

    def __init__(self, store: Store, *, keeps: bool) -> None:
        """`keeps`: each row is to be explained."""
        self.refuse = RefusedValues(store)
        self.kept = KeptReasons() if keeps else None

    def of(self, afresh: Callable[[], Backlog], run_id: str | None = None) -> Reasons:
        """For each row the rule that skips it, or None if it may be drained, as if nothing were chosen. `afresh`: makes a
        backlog that reads the rows again if nothing was kept; `run_id`: look at this run only."""
        kept = None if self.kept is None or run_id is not None else self.kept.reasons(self.refuse.found)
        return afresh().why_not(run_id) if kept is None else kept
