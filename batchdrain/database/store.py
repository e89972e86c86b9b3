"""The database of a project: the user's table, the ledger beside it, and what both say now. Opening it writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from batchdrain.config.environment import read_environ
from batchdrain.config.settings import Settings
from batchdrain.database.connection import Database, open_database
from batchdrain.database.ledger.schema import Ledger
from batchdrain.database.phases.checks import require_condition, require_usable, require_words_of_numbers
from batchdrain.database.phases.relation import Relation
from batchdrain.database.phases.row_counts import count_by_run, read_ambiguous_ids
from batchdrain.database.phases.table import PhaseTable, RowGone
from batchdrain.database.run_counts import PhaseTotals, RunCounts, read_run_counts, read_totals
from batchdrain.model.errors import BadData, ConfigError
from batchdrain.model.phase import GONE, Phase, RowState
from batchdrain.model.states import PhaseState

if TYPE_CHECKING:  # heavy: a command that only looks at the table does not need these
    from batchdrain.config.redaction import Redact
    from batchdrain.database.ledger.history import History

_AMBIGUOUS: Final = 10_000
"""At most this many ambiguous ids are known beforehand; further ones are noticed when they are to be claimed."""


class Store:
    """The open database of a project. Every method that reads the database raises DatabaseUnavailable."""

    def __init__(self, database: Database, table: PhaseTable, ledger: Ledger) -> None:
        self.database = database
        self.table = table
        self.ledger = ledger
        self.engine_options: Mapping[str, Any] = {}  #: may hold secrets

    @cached_property
    def history(self) -> History:
        """What the ledger knows of former attempts."""
        from batchdrain.database.ledger.history import History

        return History(self.database, self.ledger, self.table)

    @classmethod
    def open(cls, url: str, settings: Settings, on_silence: Callable[[str], None] | None = None) -> Store:
        """Open the database; reads only. `url`: with its password; `on_silence`: see SilenceNotice. Raises ConfigError and
        DatabaseUnavailable."""
        database = open_database(url, on_silence, settings.patience)
        try:
            table = PhaseTable.reflect(database, settings.source, settings.given_columns)
            require_usable(table, writes=settings.command.result_from == "exit_code")
            require_condition(database, table)
            if database.dialect == "sqlite":
                with database.read() as connection:
                    require_words_of_numbers(connection, table)
            ledger = Ledger.find(database, table)
        except BaseException:
            database.close()
            raise
        store = cls(database, table, ledger)
        store.engine_options = settings.engine_options
        return store

    def migrate_ledger(self) -> str | None:
        """Add to the tables of an earlier batchdrain what this version needs, unless somebody holds a claim. Returns why this
        was denied, None if it was not: a drain works without it. Raises DatabaseUnavailable."""
        if self.ledger.is_newest:
            return None
        from batchdrain.database.ledger.migration import migrate

        try:
            if migrate(self.database, self.ledger):
                self.reopen_ledger()
        except ConfigError as error:
            return str(error)
        return None

    def reopen_ledger(self) -> None:
        """Find the ledger again after its tables, or the name of the phases' table in them, changed. Raises DatabaseUnavailable."""
        self.ledger = Ledger.find(self.database, self.table)
        self.__dict__.pop("history", None)  # the former history used the former tables

    def close(self) -> None:
        """Close the database's connections."""
        self.database.close()

    @cached_property
    def redact(self) -> Redact:
        """Removes the known secrets from a text."""
        from batchdrain.config.redaction import redactor_of

        return redactor_of(read_environ(), self.database.url, self.engine_options)

    @cached_property
    def where(self) -> str:
        """The database's masked URL, with its place if the URL does not show it; for headers."""
        named = self.database.url.host is not None or self.database.name.endswith(self.database.place)
        return self.database.name if named else f"{self.database.name} ({self.database.place})"

    @property
    def relation(self) -> Relation:
        """The kind of the source: a table, or something through which rows of other tables are seen."""
        return self.table.writability.relation

    @property
    def shows_every_row(self) -> bool:
        """Whether a row that the source does not show any more is gone. In most views it may just be hidden."""
        return self.table.writability.shows_every_row

    @property
    def failed_words(self) -> frozenset[str]:
        """The user's words for the failed state."""
        return frozenset(self.table.states[PhaseState.FAILED])

    def read_row_state(self, phase: Phase) -> RowState:
        """The state of the phase's row in the user's table now."""
        with self.database.read() as connection:
            found = self.table.read_row_state(connection, phase.key)
        return found or RowState(state=GONE, reason=None, is_there=False, is_deleted=self.shows_every_row)

    def read_given(self, phase: Phase) -> Mapping[str, str | None]:
        """The columns of the phase's row that the command gets, as texts; None for NULL. Raises BadData."""
        with self.database.read() as connection:
            try:
                return self.table.read_given(connection, phase.key)
            except RowGone:
                raise BadData(f"{phase.key}: its row is gone") from None

    def read_run_counts(self) -> list[RunCounts]:
        """Count the phases of every run by state, in one pass. The runs with most queued phases come first, then those with
        most failed ones, then by id."""
        with self.database.read() as connection:
            return read_run_counts(connection, self.table)

    def read_totals(self) -> PhaseTotals:
        """Count the phases of all runs by state."""
        with self.database.read() as connection:
            return read_totals(connection, self.table)

    def count_queued(self) -> dict[str, int]:
        """How many phases are queued, by run_id; a run without any is absent."""
        with self.database.read() as connection:
            return count_by_run(connection, self.table, PhaseState.QUEUED)

    def read_ambiguous_ids(self) -> frozenset[tuple[str, str]]:
        """The pairs of run_id and phase_id that name more than one row of the table, in whatever states.
        Nobody can claim these."""
        with self.database.read() as connection:
            return read_ambiguous_ids(connection, self.table, most=_AMBIGUOUS)

    def identify(self) -> dict[str, Any]:
        """What identifies the database in a session.
        The `uid` is the ledger's own: it stays the same if the database gets another URL."""
        uid = self.ledger.read_meta(self.database, "database_uid")
        return {"url": self.database.name, "place": self.database.place, "uid": uid}
