"""An opened project: its settings, its database, the folder of its sessions. Opening writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from batchdrain.config.load import DEFAULT_URL
from batchdrain.config.settings import Command, Settings
from batchdrain.database.phases.checks import find_unfit_columns, find_unwritable_view
from batchdrain.database.storage import require_transactions
from batchdrain.database.store import Store
from batchdrain.database.url import anchor_url, parse_url
from batchdrain.model.errors import ConfigError
from batchdrain.runtime import folders
from batchdrain.sessions.folder import SessionFolder


def database_url(settings: Settings, environ: Mapping[str, str], root: Path) -> str:
    """The URL in force: the setting, else DATABASE_URL, else the default file; a relative SQLite file is below `root`."""
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
        self.folder = SessionFolder(root / settings.session_dir, root)

    @classmethod
    def open(
        cls,
        settings: Settings,
        environ: Mapping[str, str],
        root: Path,
        on_retry: Callable[[str, int], None] | None = None,
    ) -> Project:
        """Raises ConfigError, DatabaseUnavailable. Reads only."""
        return cls(settings, Store.open(database_url(settings, environ, root), settings, on_retry), root)

    def find_table_problems(self, command: Command) -> list[str]:
        """What a look alone finds wrong with the table, a line each. Raises ConfigError for one without transactions,
        DatabaseUnavailable."""
        database, table = self.store.database, self.store.table
        require_transactions(database, (table.table,))
        problems = find_unfit_columns(database, table)
        return problems + (find_unwritable_view(database, table) if command.result_from == "exit_code" else [])

    def require_fit_table(self, command: Command) -> None:
        """Raises ConfigError for all of them."""
        problems = self.find_table_problems(command)
        if problems:
            raise ConfigError.of(problems)

    def close(self) -> None:
        """Close the database's connections."""
        self.store.close()
