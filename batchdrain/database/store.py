"""The database of a project: the user's table, the ledger beside it, and what both say now. Opening writes nothing."""

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
from batchdrain.database.run_counts import RunCounts, read_run_counts
from batchdrain.model.errors import BadData, ConfigError
from batchdrain.model.phase import GONE, Phase, RowState
from batchdrain.model.states import PhaseState

if TYPE_CHECKING:  # heavy: a command that only looks at the table does without
    from batchdrain.config.redaction import Redact
    from batchdrain.database.ledger.history import History

_AMBIGUOUS: Final = 10_000
"""Of so many ids it is known beforehand that they name several rows; of more, once they are to be claimed."""


class Store:
    """Everything here raises DatabaseUnavailable where it asks the database."""

    def __init__(self, database: Database, table: PhaseTable, ledger: Ledger) -> None:
        self.database = database
        self.table = table
        self.ledger = ledger
        self.engine_options: Mapping[str, Any] = {}  #: which may hold secrets

    @cached_property
    def history(self) -> History:
        """What the ledger says of former attempts."""
        from batchdrain.database.ledger.history import History

        return History(self.database, self.ledger, self.table)

    @classmethod
    def open(cls, url: str, settings: Settings, on_silence: Callable[[str], None] | None = None) -> Store:
        """`url`: with its password; `on_silence`: as of SilenceNotice. Raises ConfigError, DatabaseUnavailable. Reads only."""
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
        """Give tables of an earlier batchdrain what this one adds to them, unless somebody holds a claim. Why it was denied,
        where it was: a drain does without. Raises DatabaseUnavailable."""
        if self.ledger.is_newest:
            return None
        from batchdrain.database.ledger.migration import migrate

        try:
            if migrate(self.database, self.ledger):
                self.ledger = Ledger.find(self.database, self.table)
                self.__dict__.pop("history", None)  # it was of the former tables
        except ConfigError as error:
            return str(error)
        return None

    def close(self) -> None:
        """Close the database's connections."""
        self.database.close()

    @cached_property
    def redact(self) -> Redact:
        """Takes the secrets that we know of out of a text."""
        from batchdrain.config.redaction import redactor_of

        return redactor_of(read_environ(), self.database.url, self.engine_options)

    @cached_property
    def where(self) -> str:
        """For headers: the database's masked URL and its place."""
        named = self.database.url.host is not None or self.database.name.endswith(self.database.place)
        return self.database.name if named else f"{self.database.name} ({self.database.place})"

    @property
    def relation(self) -> Relation:
        """Whether the source is a table itself."""
        return self.table.writability.relation

    @property
    def failed_words(self) -> frozenset[str]:
        """The user's words for it."""
        return frozenset(self.table.states[PhaseState.FAILED])

    def read_row_state(self, phase: Phase) -> RowState:
        """What stands in the user's table for the phase now."""
        with self.database.read() as connection:
            found = self.table.read_row_state(connection, phase.key)
        return found or RowState(state=GONE, reason=None, is_there=False, is_deleted=self.relation is Relation.TABLE)

    def read_given(self, phase: Phase) -> Mapping[str, str | None]:
        """The columns of its row that the command gets, as texts; None for NULL. Raises BadData."""
        with self.database.read() as connection:
            try:
                return self.table.read_given(connection, phase.key)
            except RowGone:
                raise BadData(f"{phase.key}: its row is gone") from None

    def read_run_counts(self) -> list[RunCounts]:
        """Every run with its phases by state, most queued first, then most failed, then by id. One pass."""
        with self.database.read() as connection:
            return read_run_counts(connection, self.table)

    def count_queued(self) -> dict[str, int]:
        """Queued phases by run_id; a run without any is absent."""
        with self.database.read() as connection:
            return count_by_run(connection, self.table, PhaseState.QUEUED)

    def read_ambiguous_ids(self) -> frozenset[tuple[str, str]]:
        """run_id and phase_id where they name more than one row of the table, in whatever states: nobody can claim these."""
        with self.database.read() as connection:
            return read_ambiguous_ids(connection, self.table, most=_AMBIGUOUS)

    def identify(self) -> dict[str, Any]:
        """What names the database in a session: `uid` is the ledger's own and survives another URL for the same one."""
        uid = self.ledger.read_meta(self.database, "database_uid")
        return {"url": self.database.name, "place": self.database.place, "uid": uid}
