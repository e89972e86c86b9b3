"""An opened project: settings, database, the user's table, the ledger, the sessions' folder. Opening writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from batchdrain.config.environment import full
from batchdrain.config.load import DEFAULT_URL
from batchdrain.config.redaction import Redact, redactor
from batchdrain.config.settings import Settings
from batchdrain.database.connection import Database, open_database
from batchdrain.database.ledger.history import History
from batchdrain.database.ledger.schema import Ledger
from batchdrain.database.phases.checks import require_fit_words
from batchdrain.database.phases.table import PhaseTable
from batchdrain.database.run_counts import RunCounts
from batchdrain.database.url import anchored, parse_url
from batchdrain.model.phase import GONE, Phase, Standing
from batchdrain.model.states import PhaseState
from batchdrain.sessions.folder import SessionFolder


def database_url(settings: Settings, environ: Mapping[str, str], root: Path) -> str:
    """The URL in force: the setting, else DATABASE_URL, else the default file; a relative SQLite file is below `root`."""
    text = settings.database_url or environ.get("DATABASE_URL", "") or DEFAULT_URL
    return anchored(parse_url(text), root).render_as_string(hide_password=False)


class Site:
    """One project with its database open. Raises DatabaseUnavailable wherever it asks it."""

    def __init__(self, settings: Settings, database: Database, table: PhaseTable, ledger: Ledger, root: Path) -> None:
        self.settings = settings
        self.database = database
        self.table = table
        self.ledger = ledger
        self.root = root
        self.history = History(database, ledger)
        self.folder = SessionFolder(root / settings.session_dir, root)

    @classmethod
    def open(
        cls,
        settings: Settings,
        environ: Mapping[str, str],
        root: Path,
        on_retry: Callable[[str, int], None] | None = None,
    ) -> Site:
        """Raises ConfigError, DatabaseUnavailable. Reads only."""
        database = open_database(database_url(settings, environ, root), on_retry, settings.patience)
        try:
            table = PhaseTable.reflect(database, settings.source)
            require_fit_words(table)
            ledger = Ledger.beside(table)
            ledger.require_version(database)
        except BaseException:
            database.close()
            raise
        return cls(settings, database, table, ledger, root)

    @cached_property
    def redact(self) -> Redact:
        """Takes the secrets that we know of out of a text."""
        return redactor(full(), self.database.url)

    def close(self) -> None:
        self.database.close()

    def run_type(self, run_id: str) -> str:
        """By the first rule of `run_types` that matches; 'default' where none does."""
        for rule in self.settings.run_types:
            if fnmatchcase(run_id, rule.match):
                return rule.type
        return "default"

    def standing(self, phase: Phase) -> Standing:
        with self.database.read() as connection:
            return self.table.standing(connection, phase.key) or Standing(word=GONE, reason=None)

    def counts(self) -> list[RunCounts]:
        """Every run with its phases by state, most queued first, then most failed, then by id. One pass."""
        with self.database.read() as connection:
            found = self.table.counts(connection)
        fields = {self.table.words[state]: state.value for state in PhaseState if state is not PhaseState.EXECUTING}
        rows: dict[str, dict[str, int]] = {}
        for (run, word), count in found.items():
            row = rows.setdefault(run, {})
            name = fields.get(word, "other")
            row[name] = row.get(name, 0) + count
        counts = [RunCounts(run_id=run, **row) for run, row in rows.items()]
        return sorted(counts, key=lambda row: (-row.queued, -row.failed, row.run_id))

    def queued(self) -> dict[str, int]:
        """Queued phases by run_id; a run without any is absent."""
        with self.database.read() as connection:
            return self.table.count_by_run(connection, PhaseState.QUEUED)

    @cached_property
    def where(self) -> str:
        """For headers: the database's masked URL and its place."""
        named = self.database.url.host is not None or self.database.name.endswith(self.database.place)
        return self.database.name if named else f"{self.database.name} ({self.database.place})"
