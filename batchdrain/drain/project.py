"""An opened project: its settings, its database, and its sessions folder. Opening writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from batchdrain.config.load import DEFAULT_URL
from batchdrain.config.settings import Command, Settings
from batchdrain.database.phases.checks import find_unfit_columns, find_unwritable_view
from batchdrain.database.store import Store
from batchdrain.database.url import anchor_url, parse_url
from batchdrain.model.errors import ConfigError
from batchdrain.runtime import folders

if TYPE_CHECKING:  # heavy: a command that only looks at the table does without
    from batchdrain.database.ledger.session_rows import SessionRows
    from batchdrain.planning.limits import TimeLimits
    from batchdrain.sessions.folder import SessionFolder


def database_url(settings: Settings, environ: Mapping[str, str], root: Path) -> str:
    """The URL in force: that of the setting, else DATABASE_URL, else the default file. A relative SQLite file is below `root`."""
    text = settings.database_url or environ.get("DATABASE_URL", "") or DEFAULT_URL
    return anchor_url(parse_url(text), root).render_as_string(hide_password=False)


class Project:
    """One project with its database open."""

    def __init__(self, settings: Settings, store: Store, root: Path) -> None:
        """`root`: the folder of the tasks file; relative paths of the settings start there."""
        self.settings = settings
        self.store = store
        self.root = root
        folders.trust_owner(root)

    @cached_property
    def folder(self) -> SessionFolder:
        """The sessions folder."""
        from batchdrain.sessions.folder import SessionFolder

        return SessionFolder(self.root / self.settings.session_dir, self.root)

    @cached_property
    def session_rows(self) -> SessionRows:
        """The rows of the sessions that drain on this database."""
        from batchdrain.database.ledger.session_rows import SessionRows

        return SessionRows(self.store.database, self.store.ledger)

    @classmethod
    def open(
        cls,
        settings: Settings,
        environ: Mapping[str, str],
        root: Path,
        on_silence: Callable[[str], None] | None = None,
    ) -> Project:
        """Open a project. `on_silence`: see SilenceNotice. Raises ConfigError, DatabaseUnavailable. Reads only."""
        return cls(settings, Store.open(database_url(settings, environ, root), settings, on_silence), root)

    def read_by_former_name(self) -> None:
        """See `renamed.read_by_former_name`; for tasks that do not settle. Raises DatabaseUnavailable."""
        from batchdrain.database.ledger.renamed import read_by_former_name

        read_by_former_name(self.store)

    def find_table_problems(self, command: Command) -> list[str]:
        """What can be found wrong with the table without writing, a line each. Raises ConfigError if the table has no transactions,
        DatabaseUnavailable."""
        from batchdrain.database.storage import require_transactions

        database, table = self.store.database, self.store.table
        require_transactions(database, (table.table,))
        problems = find_unfit_columns(database, table)
        return problems + (find_unwritable_view(table) if command.result_from == "exit_code" else [])

    def require_fit_table(self, command: Command) -> None:
        """Raises a ConfigError that names all problems of the table, DatabaseUnavailable."""
        problems = self.find_table_problems(command)
        if problems:
            raise ConfigError.of(problems)

    def limits_for(self, settings: Settings) -> TimeLimits:
        """The time limits of phases. `settings`: those of the session."""
        from batchdrain.planning.limits import TimeLimits

        return TimeLimits(self.store.history.read_durations_s, settings.timeout, self.settings.run_type_of)

    def close(self) -> None:
        """Close the database's connections."""
        self.store.close()
