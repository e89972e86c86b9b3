"""Reads the state that a command left in the table, if commands set the states of their phases themselves (`result_from:
database`)."""

from __future__ import annotations

from collections.abc import Callable, Collection

from batchdrain.config.settings import Command
from batchdrain.drain.database_outage import DatabaseOutage
from batchdrain.drain.in_flight import Running
from batchdrain.execution.order import EndedBy, Ending
from batchdrain.model.phase import Phase, RowState


class RowStates:
    """Reads row states. Reads nothing if exit codes tell how commands ended."""

    def __init__(
        self, command: Command, read: Callable[[Phase], RowState], intermediate: Collection[str], outage: DatabaseOutage
    ) -> None:
        """`intermediate`: the states through which a command passes."""
        self._asks = command.result_from == "database"
        self.settle_s = command.settle_s
        self._read = read
        self._intermediate = intermediate
        self._outage = outage

    def read(self, running: Running) -> RowState | None:
        """The present state of the phase's row; None if exit codes count. Raises DatabaseUnavailable once patience has run out."""
        if not self._asks:
            return None
        return self._outage.retry(lambda: self._read(running.claim.phase), meanwhile="the result is not yet known")

    def may_change(self, running: Running, ending: Ending, row_state: RowState | None) -> bool:
        """Whether the table says nothing new yet. It may still change, as a command's own commit may come after its exit."""
        if ending.by is not EndedBy.EXIT or row_state is None:
            return False
        prior = running.claim.prior_state
        if row_state.state == prior and row_state.reason != running.claim.prior_reason:
            return False
        return row_state.state == prior or row_state.state in self._intermediate
