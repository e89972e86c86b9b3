"""The tables that the transactions of a claim write to: the user's and the ledger's. What they write depends on how the
command tells its result."""

from __future__ import annotations

from dataclasses import dataclass

from batchdrain.config.settings import Command
from batchdrain.database.ledger.schema import Ledger
from batchdrain.database.ledger.statements import SUCCESS_CODES, Statements
from batchdrain.database.phases.intermediate import intermediate_states_of
from batchdrain.database.phases.table import PhaseTable
from batchdrain.database.store import Store
from batchdrain.model.states import PhaseState
from batchdrain.runtime.json_text import to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimTables:
    """The tables and statements of a controller. Made once, since building the statements costs more than running them."""

    phases: PhaseTable
    ledger: Ledger
    statements: Statements
    source: str  #: the name of the table of phases in the ledger's rows
    held_state: str | None  #: the word that a claim writes into the row; None if the command sets states itself
    intermediate: frozenset[str]  #: the states from which a phase is given back
    success_codes: str | None  #: JSON: the success codes that a claim notes; None if the ledger is too old
    gone_is_complete: bool  #: whether a row that is gone after a success code counts as deleted by the command

    @classmethod
    def of(cls, store: Store, command: Command) -> ClaimTables:
        """`command`: its `result_from` decides who writes the states of a phase while it is held."""
        return cls(
            phases=store.table,
            ledger=store.ledger,
            statements=Statements(store.ledger, store.table),
            source=store.ledger.source,
            held_state=store.table.states[PhaseState.EXECUTING].write if command.result_from == "exit_code" else None,
            intermediate=intermediate_states_of(store.table, command),
            success_codes=to_json(command.success_exit_codes).decode() if SUCCESS_CODES in store.ledger.claim.c else None,
            gone_is_complete=store.table.source.gone_is == "complete" and store.shows_every_row,
        )
