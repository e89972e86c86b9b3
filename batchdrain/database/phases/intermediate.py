"""The states between the beginning of an attempt and its end."""

from __future__ import annotations

from batchdrain.config.settings import Command
from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.state_words import to_word
from batchdrain.model.states import PhaseState


def intermediate_states_of(table: PhaseTable, command: Command) -> frozenset[str]:
    """The states in which a failed attempt may leave its phase, and from which the phase is given back."""
    executing = table.states[PhaseState.EXECUTING]
    if command.result_from == "exit_code":
        return frozenset(executing)
    if command.stuck_states is not None:
        return frozenset(map(to_word, command.stuck_states))
    return frozenset((*executing, *table.states[PhaseState.QUEUED]))
